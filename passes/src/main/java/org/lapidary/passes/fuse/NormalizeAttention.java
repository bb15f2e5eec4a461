package org.lapidary.passes.fuse;

import java.util.ArrayList;
import java.util.List;
import org.lapidary.ir.Graph;
import org.lapidary.ir.op.NnOp;
import org.lapidary.ir.pass.Pass;
import org.lapidary.ir.pass.PassContext;
import org.lapidary.ir.pass.Rule;
import org.lapidary.passes.canon.CanonicalRules;

/// Brings attention into the form `matmul(softmax(matmul(q, keys) * scale + mask), values)`, with
/// one scale right behind the first product and one mask that is added, and says why not of what
/// looks like attention.
public record NormalizeAttention() implements Pass<NnOp, NnOp> {
  @Override
  public Graph<NnOp> run(Graph<NnOp> graph, PassContext context) {
    Graph<NnOp> normal = CanonicalRules.applyWith(rules(), graph, context);
    NearMisses.attention(normal, context);
    return normal;
  }

  /// The rules it applies.
  public static List<Rule<NnOp>> rules() {
    List<Rule<NnOp>> rules = new ArrayList<>(Scales.gathering());
    rules.addAll(Masks.rules());
    return rules;
  }
}
