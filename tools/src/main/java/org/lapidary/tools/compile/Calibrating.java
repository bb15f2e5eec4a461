package org.lapidary.tools.compile;

import java.util.List;
import java.util.function.LongConsumer;
import org.lapidary.ir.Graph;
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

  private Calibrating() {}

  static Calibration run(
      Graph<NnOp> graph, CalibrationSet set, int threads, LongConsumer progress) {
    int samples = set.samples().size();
    ConstantCache weights = new ConstantCache(Runtime.getRuntime().maxMemory() / 4);
    List<Calibrator> parts =
        Workers.fold(
            (samples + GROUP - 1) / GROUP,
            threads,
            () -> new Calibrator(graph, weights),
            (calibrator, i) ->
                calibrator.add(
                    set.samples().subList(i * GROUP, Math.min(samples, (i + 1) * GROUP))),
            groups -> progress.accept(Math.min(samples, groups * GROUP)));
    Calibration whole = parts.getFirst().calibration();
    parts.stream().skip(1).forEach(part -> whole.merge(part.calibration()));
    return whole;
  }
}
