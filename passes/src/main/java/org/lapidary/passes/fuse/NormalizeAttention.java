package org.lapidary.passes.fuse;

import java.util.ArrayList;
import java.util.List;
import org.lapidary.ir.Graph;
import org.lapidary.ir.op.NnOp;
import org.lapidary.ir.pass.Pass;
import org.lapidary.ir.pass.PassContext;
import org.lapidary.ir.pass.Rule;
import org.lapidary.passes.canon.CanonicalRules;

/// Brings attention into the form of [AttentionBlock], with its scale right behind the product of q
/// and k and one mask that is added, and says why not of what looks like attention.
public record NormalizeAttention() implements Pass<NnOp, NnOp> {
  @Override
  public Graph<NnOp> run(Graph<NnOp> graph, PassContext context) {
    List<Rule<NnOp>> rules = new ArrayList<>(Scales.gathering());
    rules.addAll(Masks.rules());
    Graph<NnOp> normal = CanonicalRules.applyWith(rules, graph, context);
    NearMisses.attention(normal, context);
    return normal;
  }
}
