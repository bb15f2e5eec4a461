package org.lapidary.passes.canon;

import org.lapidary.ir.Graph;
import org.lapidary.ir.op.NnOp;
import org.lapidary.ir.pass.Pass;
import org.lapidary.ir.pass.PassContext;

/// Brings linear layers into the form `matmul(x, W) + b` on a stream `[B,S,H]`, and takes packed
/// projections apart. It runs when activations and normalisations are operations of their own:
/// their decomposed forms do not treat rows alone.
public record NormalizeProjections() implements Pass<NnOp, NnOp> {
  @Override
  public Graph<NnOp> run(Graph<NnOp> graph, PassContext context) {
    return CanonicalRules.applyWith(Projections.rules(), graph, context);
  }
}
