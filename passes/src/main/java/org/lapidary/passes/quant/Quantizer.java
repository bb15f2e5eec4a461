package org.lapidary.passes.quant;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.lapidary.ir.Graph;
import org.lapidary.ir.op.NnOp;
import org.lapidary.ir.op.Op;
import org.lapidary.passes.quant.PieceCandidates.Candidate;

/// Static post-training quantization: from real numbers and what calibration saw of them to the
/// integers a Gemmini-like machine computes exactly. The arithmetic is in `QUANTIZATION.md`.
public final class Quantizer {
  private final ModelView model;
  private final Sides sides;
  private final Steps steps;
  private final Calibration calibration;
  private final QuantizeOptions options;
  private final Agreement agreement;

  private Quantizer(
      Graph<NnOp> graph, Calibration calibration, QuantizeOptions options, Agreement agreement) {
    this.model = new ModelView(graph);
    this.sides = new Sides(model, options);
    this.steps = new Steps(model, sides, calibration, options, agreement.longestRow());
    this.calibration = calibration;
    this.options = options;
    this.agreement = agreement;
  }

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
    return new Quantizer(graph, calibration, options, agreement).quantized(Optional.empty());
  }

  /// Quantizes a canonical graph for a machine.
  ///
  /// @param calibration of this very graph
  /// @param machine tells what a second int8 piece costs
  public static QuantizedModel quantize(
      Graph<NnOp> graph, Calibration calibration, QuantizeOptions options, CycleCount machine) {
    return new Quantizer(graph, calibration, options, Agreement.NONE)
        .quantized(Optional.of(machine));
  }

  private QuantizedModel quantized(Optional<CycleCount> machine) {
    Lowering inOne = lowering(Pieces.NONE);
    Graph<Op> plain = inOne.run();
    Pieces pieces =
        options
            .recipe()
            .get(Recipe.TwoPieces.class)
            .map(o -> pieces(o, plain, inOne, machine))
            .orElse(Pieces.NONE);
    if (pieces.chosen().isEmpty()) {
      return finished(inOne, plain, pieces);
    }
    Lowering lowering = lowering(pieces);
    return finished(lowering, lowering.run(), pieces);
  }

  private Lowering lowering(Pieces pieces) {
    return new Lowering(model, sides, steps, calibration, options, agreement, pieces);
  }

  private QuantizedModel finished(Lowering lowering, Graph<Op> quantized, Pieces pieces) {
    RangeSummary ranges = new RangeAnalysis(quantized, lowering.observed()).summary();
    return new QuantizedModel(
        quantized,
        sides.placements(),
        sides.whyNots(),
        ranges,
        options.recipe(),
        pieces,
        lowering.forms());
  }

  private Pieces pieces(
      Recipe.TwoPieces wanted, Graph<Op> plain, Lowering inOne, Optional<CycleCount> machine) {
    List<Candidate> candidates =
        new ArrayList<>(
            new PieceCandidates(model, steps, sides, calibration).below(wanted.below()));
    if (wanted.operands() > 0 && !agreement.isShared()) {
      candidates.addAll(
          new OperandCandidates(model, steps, sides, calibration)
              .below(wanted.operands(), inOne.weightNoises()));
    }
    PieceChoice choice = new PieceChoice(wanted);
    return machine
        .map(count ->
            choice.byCycles(
                candidates, p -> count.of(p.chosen().isEmpty() ? plain : lowering(p).run())))
        .orElseGet(() -> choice.byElements(candidates));
  }
}
