package org.lapidary.passes.fuse;

import org.lapidary.ir.Graph;
import org.lapidary.ir.op.NnOp;
import org.lapidary.ir.pass.Pass;
import org.lapidary.ir.pass.PassContext;
import org.lapidary.passes.canon.CanonicalRules;

/// Folds numbers that multiply linear layers, or the scores of attention, into weights and biases.
public record FoldScales() implements Pass<NnOp, NnOp> {
  @Override
  public Graph<NnOp> run(Graph<NnOp> graph, PassContext context) {
    return CanonicalRules.applyWith(Scales.folding(), graph, context);
  }
}
