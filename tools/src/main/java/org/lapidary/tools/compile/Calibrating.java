package org.lapidary.tools.compile;

import java.util.List;
import java.util.function.LongConsumer;
import org.lapidary.ir.Graph;
import org.lapidary.ir.op.NnOp;
import org.lapidary.passes.quant.Calibration;
import org.lapidary.passes.quant.Calibrator;
import org.lapidary.tools.parallel.Workers;

/// Calibration on several threads; merging is exact, so their number does not show in the result.
final class Calibrating {
  private Calibrating() {}

  static Calibration run(
      Graph<NnOp> graph, CalibrationSet set, int threads, LongConsumer progress) {
    List<Calibrator> parts =
        Workers.fold(
            set.samples().size(),
            threads,
            () -> new Calibrator(graph),
            (calibrator, i) -> calibrator.add(set.samples().get(i)),
            progress);
    Calibration whole = parts.getFirst().calibration();
    parts.stream().skip(1).forEach(part -> whole.merge(part.calibration()));
    return whole;
  }
}
