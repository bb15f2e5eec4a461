package org.lapidary.passes.canon;

import java.util.ArrayList;
import java.util.List;
import org.lapidary.ir.Graph;
import org.lapidary.ir.op.NnOp;
import org.lapidary.ir.pass.PassContext;
import org.lapidary.ir.pass.Rewrite;
import org.lapidary.ir.pass.Rule;
import org.lapidary.ir.pass.ShareCommonSubexpressions;

/// The rules that are always in force: every pass of this module leaves a graph in which none of
/// them matches, so that the rules of the next pass need to know one spelling only.
public final class CanonicalRules {
  private CanonicalRules() {}

  /// All of them, cheap ones first.
  public static List<Rule<NnOp>> all() {
    List<Rule<NnOp>> rules = new ArrayList<>();
    rules.add(new FoldConstant());
    rules.addAll(Identities.rules());
    rules.addAll(Arithmetic.rules());
    rules.addAll(Layouts.rules());
    return rules;
  }

  /// The graph after some rules and these, with common subexpressions shared.
  public static Graph<NnOp> applyWith(
      List<Rule<NnOp>> rules, Graph<NnOp> graph, PassContext context) {
    List<Rule<NnOp>> together = new ArrayList<>(rules);
    together.addAll(all());
    Graph<NnOp> current = ShareCommonSubexpressions.in(graph);
    while (true) {
      Graph<NnOp> rewritten = Rewrite.untilStable(current, together, context);
      Graph<NnOp> shared = ShareCommonSubexpressions.in(rewritten);
      if (shared.nodes().size() == rewritten.nodes().size()) {
        return shared;
      }
      current = shared; // what is shared now may match where it did not before
    }
  }
}
