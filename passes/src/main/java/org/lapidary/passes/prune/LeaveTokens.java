package org.lapidary.passes.prune;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.lapidary.ir.Diagnostic;
import org.lapidary.ir.Diagnostic.Code;
import org.lapidary.ir.DiagnosticException;
import org.lapidary.ir.Graph;
import org.lapidary.ir.GraphBuilder;
import org.lapidary.ir.Loc;
import org.lapidary.ir.Tensor;
import org.lapidary.ir.Value;
import org.lapidary.ir.op.Elementwise;
import org.lapidary.ir.op.Indexing;
import org.lapidary.ir.op.Layout;
import org.lapidary.ir.op.Neural;
import org.lapidary.ir.op.NnOp;
import org.lapidary.ir.op.OpInfo;
import org.lapidary.ir.pass.EliminateDeadCode;
import org.lapidary.passes.prune.TokenAxes.Levels;

/// Leaves tokens behind: what an attention looks at least does not go on to the next layer.
///
/// The importance of a token is what all queries of all heads give it, a sum over the softmax's
/// result. Behind a cut the rows of the most important ones go on, in the order of their positions;
/// the row that a classifier reads is always among them. Everything computed from those rows is
/// narrowed with them, masks included; what does not fit that is refused. The method is that of
/// PoWER-BERT (arXiv 2001.08950), without its training.
final class LeaveTokens {
  /// What a softmax gives in one row is at most 1; sums of roundings stay below this.
  private static final double MOST_PER_ROW = 2;

  private final Graph<NnOp> graph;
  private final Map<Value, TokenCut> cuts = new HashMap<>();
  private final GraphBuilder<NnOp> builder;
  private final TokenAxes axes;
  private final Map<Value, Value> now = new HashMap<>();
  private final List<Value> kept = new ArrayList<>();
  private final Map<Picked, Value> picks = new HashMap<>();

  private record Picked(Value value, int axis, int level) {}

  private LeaveTokens(Graph<NnOp> graph, List<TokenCut> wanted) {
    this.graph = graph;
    this.builder = new GraphBuilder<>(graph.name());
    this.axes = new TokenAxes(graph.name());
    wanted.forEach(cut -> cuts.put(cut.rows(), cut));
  }

  /// The graph in which the rows that no cut keeps are not computed.
  ///
  /// @param cuts in the order of the graph
  /// @throws DiagnosticException if something needs all positions
  static Graph<NnOp> in(Graph<NnOp> graph, List<TokenCut> cuts) {
    return new LeaveTokens(graph, cuts).run();
  }

  private Graph<NnOp> run() {
    graph.inputs().forEach(builder::input);
    for (Graph.Node<NnOp> node : graph.nodes()) {
      rebuild(node);
      TokenCut cut = cuts.get(node.result());
      if (cut != null) {
        kept.add(mostImportant(cut, node.loc()));
        Levels level = Levels.of(cut.axis(), kept.size());
        now.put(node.result(), raised(node.result(), level, node.loc()));
        axes.put(node.result(), level);
      }
    }
    for (Graph.Port port : graph.results()) {
      if (!axes.of(port.value()).isEmpty()) {
        throw refusal(graph.name(), "", "the result " + port.name() + " has a row for every token");
      }
      builder.result(port.name(), now.getOrDefault(port.value(), port.value()));
    }
    return EliminateDeadCode.in(builder.build());
  }

  private void rebuild(Graph.Node<NnOp> node) {
    Levels levels = axes.infer(node);
    if (OpInfo.operands(node.op()).stream().noneMatch(now::containsKey)) {
      builder.keep(node);
      return;
    }
    Map<Value, Value> operands = new HashMap<>();
    for (Value v : OpInfo.operands(node.op())) {
      operands.put(v, raised(v, axes.wanted(node, levels, v), node.loc()));
    }
    NnOp mapped = OpInfo.mapOperands(node.op(), operands::get);
    now.put(node.result(), builder.emit(resized(mapped, levels), node.loc()));
  }

  /// Shapes that an operation spells out follow what it reads.
  private NnOp resized(NnOp op, Levels levels) {
    return switch (op) {
      case Layout.Reshape(var x, var dims) -> new Layout.Reshape(x, resized(dims, levels));
      case Layout.Broadcast(var x, var dims) -> new Layout.Broadcast(x, resized(dims, levels));
      default -> op; // the others follow by themselves
    };
  }

  private List<Integer> resized(List<Integer> dims, Levels levels) {
    List<Integer> fewer = new ArrayList<>(dims);
    levels.byAxis().forEach((axis, level) -> fewer.set(axis, kept.get(level - 1).type().dim(0)));
    return fewer;
  }

  /// A value with only the rows that are left at the given levels.
  private Value raised(Value original, Levels wanted, Loc loc) {
    Value value = now.getOrDefault(original, original);
    for (Map.Entry<Integer, Integer> axis : new TreeMap<>(wanted.byAxis()).entrySet()) {
      int from = axes.of(original).at(axis.getKey());
      for (int level = from + 1; level <= axis.getValue(); level++) {
        Value x = value;
        Value rows = kept.get(level - 1);
        value =
            picks.computeIfAbsent(
                new Picked(x, axis.getKey(), level),
                at -> builder.emit(new Indexing.Gather(x, rows, at.axis()), loc));
      }
    }
    return value;
  }

  /// Positions of the rows that go on, ascending, `i64[k]`.
  private Value mostImportant(TokenCut cut, Loc loc) {
    Value p = now.getOrDefault(cut.probabilities(), cut.probabilities());
    int heads = p.type().dim(1);
    int tokens = p.type().dim(3);
    Value sums = builder.emit(new Neural.Reduce(p, Neural.Reduction.SUM, List.of(1, 2), true), loc);
    float[] first = new float[tokens];
    first[0] = (float) (MOST_PER_ROW * heads * tokens);
    Value always = builder.constant(loc.node() + ".first", Tensor.f32(List.of(tokens), first));
    Value importance = builder.emit(new Elementwise.Add(sums, always), loc);
    Value best = builder.emit(new Indexing.TopK(importance, cut.keep(), -1, true), loc);
    Value order = builder.emit(new Indexing.TopK(best, cut.keep(), -1, false), loc);
    Value sorted = builder.emit(new Indexing.GatherElements(best, order, -1), loc);
    return builder.emit(new Layout.Reshape(sorted, List.of(cut.keep())), loc);
  }

  static DiagnosticException refusal(String graph, String node, String why) {
    return new DiagnosticException(
        Diagnostic.error(
            Code.INVALID_INPUT,
            graph,
            node,
            "tokens cannot be left out: " + why,
            "only models that read nothing but the first position after their last layer, at batch"
                + " 1, can do without tokens; leave tokens out of --prune"));
  }
}
