package org.lapidary.passes.quant;

import java.util.List;
import java.util.Optional;
import java.util.function.Function;
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
    return quantize(graph, calibration, options, agreement, Optional.empty());
  }

  /// Quantizes a canonical graph for a machine.
  ///
  /// @param calibration of this very graph
  /// @param machine tells what a second int8 piece costs
  public static QuantizedModel quantize(
      Graph<NnOp> graph, Calibration calibration, QuantizeOptions options, CycleCount machine) {
    return quantize(graph, calibration, options, Agreement.NONE, Optional.of(machine));
  }

  private static QuantizedModel quantize(
      Graph<NnOp> graph,
      Calibration calibration,
      QuantizeOptions options,
      Agreement agreement,
      Optional<CycleCount> machine) {
    ModelView model = new ModelView(graph);
    Sides sides = new Sides(model, options);
    Steps steps = new Steps(model, sides, calibration, options, agreement.longestRow());
    Function<Pieces, Lowering> lowerings =
        pieces -> new Lowering(model, sides, steps, calibration, options, agreement, pieces);
    PieceCandidates candidates = new PieceCandidates(model, steps, sides, calibration);
    Pieces pieces =
        options
            .recipe()
            .get(Recipe.TwoPieces.class)
            .map(o -> pieces(o, candidates.below(o), lowerings, machine))
            .orElse(Pieces.NONE);
    Lowering lowering = lowerings.apply(pieces);
    Graph<Op> quantized = lowering.run();
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

  private static Pieces pieces(
      Recipe.TwoPieces options,
      List<PieceCandidates.Candidate> candidates,
      Function<Pieces, Lowering> lowerings,
      Optional<CycleCount> machine) {
    PieceChoice choice = new PieceChoice(options);
    return machine
        .map(m -> choice.byCycles(candidates, p -> m.of(lowerings.apply(p).run())))
        .orElseGet(() -> choice.byElements(candidates));
  }
}
