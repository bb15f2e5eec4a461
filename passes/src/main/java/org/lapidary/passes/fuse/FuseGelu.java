package org.lapidary.passes.fuse;

import org.lapidary.ir.Graph;
import org.lapidary.ir.op.NnOp;
import org.lapidary.ir.pass.Pass;
import org.lapidary.ir.pass.PassContext;
import org.lapidary.passes.canon.CanonicalRules;

/// Makes one operation of every GELU, and says why not of what looks like one.
public record FuseGelu() implements Pass<NnOp, NnOp> {
  @Override
  public Graph<NnOp> run(Graph<NnOp> graph, PassContext context) {
    Graph<NnOp> fused = CanonicalRules.applyWith(Gelus.rules(), graph, context);
    NearMisses.gelus(fused, context);
    return fused;
  }
}
