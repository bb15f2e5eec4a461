package org.lapidary.tools.compile;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.LongConsumer;
import org.lapidary.ir.Graph;
import org.lapidary.ir.Tensor;
import org.lapidary.ir.eval.ConstantCache;
import org.lapidary.ir.op.NnOp;
import org.lapidary.passes.quant.Calibration;
import org.lapidary.passes.quant.Calibrator;
import org.lapidary.tools.parallel.Workers;

/// Calibration on several threads; merging is exact, so their number does not show in the result.
final class Calibrating {
  /// Samples computed side by side: few enough that their intermediate results are small beside the
  /// weights.
  private static final int GROUP = 4;

  /// Samples after which a file is brought up to date.
  private static final int SLICE = 64;

  private Calibrating() {}

  static Calibration run(
      Graph<NnOp> graph, CalibrationSet set, int moments, int threads, LongConsumer progress) {
    ConstantCache weights = new ConstantCache(Runtime.getRuntime().maxMemory() / 4);
    Optional<CalibrationFile> state =
        set.keptIn().map(path -> new CalibrationFile(path, graph, set, moments));
    Calibration whole = state.flatMap(CalibrationFile::read).orElseGet(Calibration::new);
    int samples = set.samples().size();
    while (whole.samples() < samples) {
      int from = whole.samples();
      int to = state.isPresent() ? Math.min(samples, from + SLICE) : samples;
      Workers.fold(
              (to - from + GROUP - 1) / GROUP,
              threads,
              () -> new Calibrator(graph, weights, moments),
              (calibrator, i) -> calibrator.add(group(set, from + i * GROUP, to)),
              groups -> progress.accept(Math.min(to, from + groups * GROUP)))
          .forEach(part -> whole.merge(part.calibration()));
      state.ifPresent(s -> s.write(whole));
    }
    return whole;
  }

  private static List<Map<String, Tensor>> group(CalibrationSet set, int from, int end) {
    return set.samples().subList(from, Math.min(end, from + GROUP));
  }
}
