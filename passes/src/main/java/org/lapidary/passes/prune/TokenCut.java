package org.lapidary.passes.prune;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.function.IntFunction;
import org.lapidary.ir.Graph;
import org.lapidary.ir.Value;
import org.lapidary.ir.op.Elementwise;
import org.lapidary.ir.op.Layout;
import org.lapidary.ir.op.Neural;
import org.lapidary.ir.op.NnOp;
import org.lapidary.ir.op.OpInfo;
import org.lapidary.passes.canon.Constants;
import org.lapidary.passes.canon.Definitions;
import org.lapidary.passes.fuse.AttentionBlock;

/// A place where tokens are left behind: between an attention and its output's projection.
///
/// @param node ONNX node of the attention
/// @param probabilities result of its softmax `[1,h,S,S]`
/// @param rows what it computes, `[1,S,h * d]` if heads are merged right behind it
/// @param axis of the tokens in `rows`
/// @param tokens that come in
/// @param keep of them that go on
record TokenCut(String node, Value probabilities, Value rows, int axis, int tokens, int keep) {

  /// The cuts of a recipe. None is behind the last attention: of what follows it a classifier reads
  /// one row, and that no other is computed is for `unread` to see to.
  ///
  /// @throws org.lapidary.ir.DiagnosticException if the graph has no place for any
  static List<TokenCut> of(Graph<NnOp> graph, PruneRecipe.Tokens recipe, ProductCost cost) {
    List<Map.Entry<Value, AttentionBlock>> blocks = AttentionBlock.in(graph);
    if (blocks.size() < 2) {
      throw LeaveTokens.refusal(
          graph.name(), "", "there are not two layers of attention, one behind the other");
    }
    Places places = new Places(graph);
    List<TokenCut> cuts = new ArrayList<>();
    int left = -1;
    for (int layer = 1; layer < blocks.size(); layer++) {
      TokenCut whole = places.of(blocks.get(layer - 1));
      left = left < 0 ? whole.tokens : left;
      int asked = (int) Math.max(1, Math.ceil(recipe.keep() * left - 1e-9));
      if (layer >= recipe.from() && asked < left) {
        TokenCut cut = whole.keeping(left, asked);
        cuts.add(rounded(graph, cuts, cut, cost));
        left = cuts.getLast().keep;
      }
    }
    return cuts;
  }

  /// What is left, for the account of a pruned graph.
  Pruned.Kept account() {
    return new Pruned.Kept(node, "tokens", tokens, keep, 0, 0, Double.NaN);
  }

  private TokenCut keeping(int in, int out) {
    return new TokenCut(node, probabilities, rows, axis, in, out);
  }

  /// The cut that keeps the most for no more cost.
  private static TokenCut rounded(
      Graph<NnOp> graph, List<TokenCut> before, TokenCut cut, ProductCost cost) {
    IntFunction<TokenCut> keeping = n -> cut.keeping(cut.tokens, n);
    return keeping.apply(
        Costs.rounded(cut.keep, cut.tokens, n -> cost(graph, before, keeping.apply(n), cost)));
  }

  private static long cost(
      Graph<NnOp> graph, List<TokenCut> before, TokenCut last, ProductCost cost) {
    List<TokenCut> all = new ArrayList<>(before);
    all.add(last);
    return Costs.of(LeaveTokens.in(graph, all), cost);
  }

  /// Finds out where tokens can be left behind.
  private static final class Places {
    private final Graph<NnOp> graph;
    private final Definitions definitions;
    private final Map<Value, List<Graph.Node<NnOp>>> users = new HashMap<>();

    Places(Graph<NnOp> graph) {
      this.graph = graph;
      this.definitions = Definitions.of(graph);
      for (Graph.Node<NnOp> node : graph.nodes()) {
        for (Value operand : OpInfo.operands(node.op())) {
          users.computeIfAbsent(operand, _ -> new ArrayList<>()).add(node);
        }
      }
    }

    TokenCut of(Map.Entry<Value, AttentionBlock> attention) {
      AttentionBlock block = attention.getValue();
      Value context = attention.getKey();
      String node = Objects.requireNonNull(graph.definitions().get(context)).loc().node();
      List<Integer> dims = block.probabilities().type().dims();
      if (dims.getFirst() != 1) {
        throw LeaveTokens.refusal(
            graph.name(), node, "there are " + dims.getFirst() + " in a batch");
      }
      Value source = source(block.q());
      boolean own = source.equals(source(block.keys())) && source.equals(source(block.values()));
      if (!own || !dims.get(2).equals(dims.get(3))) {
        throw LeaveTokens.refusal(
            graph.name(), node, "its queries, keys and values are not of the same tokens");
      }
      TokenCut early = new TokenCut(node, block.probabilities(), context, 2, dims.get(3), 0);
      return merged(context)
          .map(rows -> new TokenCut(node, early.probabilities, rows, 1, early.tokens, 0))
          .orElse(early);
    }

    /// The result of an attention with its heads side by side, rows in one piece.
    private Optional<Value> merged(Value context) {
      return only(context)
          .filter(n ->
              n.op() instanceof Layout.Transpose t && t.permutation().equals(List.of(0, 2, 1, 3)))
          .flatMap(n -> only(n.result()))
          .filter(n -> n.op() instanceof Layout.Reshape r && r.dims().size() == 3)
          .map(Graph.Node::result);
    }

    private Optional<Graph.Node<NnOp>> only(Value v) {
      List<Graph.Node<NnOp>> all = users.getOrDefault(v, List.of());
      return all.size() == 1 ? Optional.of(all.getFirst()) : Optional.empty();
    }

    /// What queries, keys or values are projections of.
    private Value source(Value v) {
      return switch (definitions.def(v)) {
        case Layout.Transpose(var x, var _) -> source(x);
        case Layout.Reshape(var x, var _) -> source(x);
        case Elementwise.Add(var a, var b) when Constants.is(b, definitions) -> source(a);
        case Elementwise.Mul(var a, var b) when Constants.is(b, definitions) -> source(a);
        case Neural.MatMul(var a, var b) when Constants.is(b, definitions) -> a;
        case Layout.Slice(var x, var axis, var _, var _, var _)
            when axis == -1 || axis == x.type().rank() - 1 ->
            source(x);
        case null, default -> v;
      };
    }
  }
}
