package org.lapidary.passes.canon;

import java.util.List;
import org.lapidary.ir.Graph;
import org.lapidary.ir.op.NnOp;
import org.lapidary.ir.pass.Pass;
import org.lapidary.ir.pass.PassContext;

/// Gives everything one spelling: folds constants, removes what does nothing, orders sums and
/// products, and shortens what only moves elements.
public record Canonicalize() implements Pass<NnOp, NnOp> {
  @Override
  public Graph<NnOp> run(Graph<NnOp> graph, PassContext context) {
    return CanonicalRules.applyWith(List.of(), graph, context);
  }
}
