package org.lapidary.passes.quant;

import java.util.List;
import org.lapidary.ir.Graph;
import org.lapidary.ir.op.Op;
import org.lapidary.ir.pass.PassContext.WhyNot;

/// A quantized graph and the account of how it came about.
///
/// @param graph `QOp`s run on the accelerator, every `NnOp` that is left on the host
/// @param placements where each operation of the original graph runs, in its order
/// @param whyNots operations amid the accelerated part that run on the host
/// @param ranges what is known about the widths
/// @param recipe what was done beyond rounding to the nearest step
/// @param pieces for what one int8 piece is too coarse, and what two of them take
/// @param forms what the values of the graph stand for in the original
public record QuantizedModel(
    Graph<Op> graph,
    List<Placement> placements,
    List<WhyNot> whyNots,
    RangeSummary ranges,
    Recipe recipe,
    Pieces pieces,
    List<Form> forms) {
  public QuantizedModel {
    placements = List.copyOf(placements);
    whyNots = List.copyOf(whyNots);
    forms = List.copyOf(forms);
  }
}
