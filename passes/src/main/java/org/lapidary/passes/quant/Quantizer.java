package org.lapidary.passes.quant;

import org.lapidary.ir.Graph;
import org.lapidary.ir.op.NnOp;
import org.lapidary.ir.op.Op;

/// Static post-training quantization: from real numbers and what calibration saw of them to the
/// integers a Gemmini-like machine computes exactly. The arithmetic is in `QUANTIZATION.md`.
public final class Quantizer {
  private Quantizer() {}

  /// Quantizes a canonical graph.
  ///
  /// @param calibration of this very graph
  public static QuantizedModel quantize(
      Graph<NnOp> graph, Calibration calibration, QuantizeOptions options) {
    return quantize(graph, calibration, options, Agreement.NONE);
  }

  /// Quantizes a canonical graph that is one of several of the same model.
  ///
  /// @param calibration of this very graph
  /// @param agreement what it shares with the others
  public static QuantizedModel quantize(
      Graph<NnOp> graph, Calibration calibration, QuantizeOptions options, Agreement agreement) {
    ModelView model = new ModelView(graph);
    Sides sides = new Sides(model, options);
    Steps steps = new Steps(model, sides, calibration, options, agreement.longestRow());
    Lowering lowering = new Lowering(model, sides, steps, calibration, options, agreement);
    Graph<Op> quantized = lowering.run();
    RangeSummary ranges = new RangeAnalysis(quantized, lowering.observed()).summary();
    return new QuantizedModel(
        quantized,
        sides.placements(),
        sides.whyNots(),
        ranges,
        options.recipe(),
        lowering.twoPieces(),
        lowering.forms());
  }
}
