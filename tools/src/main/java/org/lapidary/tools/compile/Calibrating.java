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
      List<Map<String, Tensor>> slice = set.samples().subList(from, to);
      Workers.fold(
              slice.size(),
              threads,
              () -> new Calibrator(graph, weights, moments),
              (calibrator, i) -> calibrator.add(slice.get(i)),
              done -> progress.accept(from + done))
          .forEach(part -> whole.merge(part.calibration()));
      state.ifPresent(s -> s.write(whole));
    }
    return whole;
  }
}
