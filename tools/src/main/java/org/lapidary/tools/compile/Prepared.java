package org.lapidary.tools.compile;

import java.util.List;
import java.util.Optional;
import org.lapidary.frontend.onnx.Imported;
import org.lapidary.ir.Graph;
import org.lapidary.ir.op.NnOp;
import org.lapidary.ir.pass.PassRunner;
import org.lapidary.passes.prune.Pruned;
import org.lapidary.passes.quant.Calibration;
import org.lapidary.passes.quant.QuantizeOptions;
import org.lapidary.passes.quant.QuantizedModel;
import org.lapidary.passes.quant.Quantizer;

/// A model observed on its calibration samples: where the ways of different recipes and machines
/// part.
///
/// @param imported as it came from the file
/// @param canonical after the passes, and pruned if that was asked for
/// @param pruned the account of pruning, if there was any
/// @param outcome what the passes reported
/// @param samples what the ranges were observed on
/// @param calibration what was seen
/// @param steps seconds and operations of every step so far
public record Prepared(
    Imported imported,
    Graph<NnOp> canonical,
    Optional<Pruned> pruned,
    PassRunner.Outcome outcome,
    CalibrationSet samples,
    Calibration calibration,
    List<PassRunner.Step> steps) {
  public Prepared {
    steps = List.copyOf(steps);
  }

  /// The integer graph that is worth most for its cycles on a machine.
  public QuantizedModel quantized(CompileOptions options) {
    return Quantizer.quantize(
        canonical, calibration, options.quantization(), new ProgramCycles(options));
  }

  /// The integer graph by a recipe, whatever the machine.
  public QuantizedModel quantized(QuantizeOptions options) {
    return Quantizer.quantize(canonical, calibration, options);
  }
}
