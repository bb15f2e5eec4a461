package org.lapidary.passes.fuse;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Deque;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.BiFunction;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.lapidary.ir.Graph;
import org.lapidary.ir.Value;
import org.lapidary.ir.op.Elementwise.Erf;
import org.lapidary.ir.op.Elementwise.Exp;
import org.lapidary.ir.op.Elementwise.Mul;
import org.lapidary.ir.op.Elementwise.Pow;
import org.lapidary.ir.op.Elementwise.Sigmoid;
import org.lapidary.ir.op.Elementwise.Sqrt;
import org.lapidary.ir.op.Elementwise.Tanh;
import org.lapidary.ir.op.Neural.Reduce;
import org.lapidary.ir.op.Neural.Softmax;
import org.lapidary.ir.op.NnOp;
import org.lapidary.ir.op.OpInfo;
import org.lapidary.ir.pass.PassContext;
import org.lapidary.passes.canon.Constants;
import org.lapidary.passes.canon.Definitions;
import org.lapidary.passes.fuse.Recognition.Missed;

/// Says, of every mark of a pattern that is left in a graph, how near it came to the pattern and
/// which condition failed. Rules look upward only; from a mark one must look downward, so this is
/// done once, when the rules have settled.
final class NearMisses {
  private static final int DEPTH = 6;

  private final Graph<NnOp> graph;
  private final Definitions defs;
  private final Map<Value, Graph.Node<NnOp>> nodes;
  private final Map<Value, List<Graph.Node<NnOp>>> users = new HashMap<>();

  private NearMisses(Graph<NnOp> graph) {
    this.graph = graph;
    this.defs = Definitions.of(graph);
    this.nodes = graph.definitions();
    for (Graph.Node<NnOp> node : graph.nodes()) {
      for (Value operand : OpInfo.operands(node.op())) {
        users.computeIfAbsent(operand, _ -> new ArrayList<>()).add(node);
      }
    }
  }

  /// Square roots of means.
  static void layerNorms(Graph<NnOp> graph, PassContext context) {
    NearMisses misses = new NearMisses(graph);
    Predicate<NnOp> mark =
        op -> op instanceof Sqrt && misses.above(op).anyMatch(o -> o instanceof Reduce);
    misses.report("fuse-layer-norm", mark, LayerNormPattern::recognise, context);
  }

  /// Error functions, and hyperbolic tangents of a polynomial.
  static void gelus(Graph<NnOp> graph, PassContext context) {
    NearMisses misses = new NearMisses(graph);
    Predicate<NnOp> mark =
        op ->
            op instanceof Erf
                || (op instanceof Tanh && misses.above(op).anyMatch(misses::isSquare));
    misses.report("fuse-gelu", mark, GeluPattern::recognise, context);
    for (Graph.Node<NnOp> node : graph.nodes()) {
      if (node.op() instanceof Sigmoid(var x) && misses.multipliesItsOperand(node.result(), x)) {
        context.whyNot(
            node.loc().node(),
            "fuse-gelu",
            "x * sigmoid(c x) only resembles a GELU: no erf, no tanh");
      }
    }
  }

  /// `x * f(x)` or `x * f(c x)`.
  private boolean multipliesItsOperand(Value f, Value argument) {
    Value x =
        defs.def(argument) instanceof Mul(var a, var c) && Constants.is(c, defs) ? a : argument;
    return users.getOrDefault(f, List.of()).stream()
        .anyMatch(user -> user.op() instanceof Mul(var a, var b) && (a.equals(x) || b.equals(x)));
  }

  /// Exponentials.
  static void softmaxes(Graph<NnOp> graph, PassContext context) {
    NearMisses misses = new NearMisses(graph);
    misses.report("fuse-softmax", op -> op instanceof Exp, Softmaxes::recognise, context);
  }

  /// Softmaxes of products of computed matrices.
  static void attention(Graph<NnOp> graph, PassContext context) {
    NearMisses misses = new NearMisses(graph);
    Predicate<NnOp> mark = op -> op instanceof Softmax(var x, _) && Masks.isScores(x, misses.defs);
    misses.report("normalize-attention", mark, AttentionBlock::recognise, context);
  }

  private Stream<NnOp> above(NnOp op) {
    return Cone.above(op, DEPTH, o -> Polynomial.isArithmetic(o, defs), defs).stream()
        .map(defs::def)
        .filter(o -> o != null);
  }

  private boolean isSquare(NnOp op) {
    return op instanceof Pow
        || (op instanceof Mul(var a, var b) && !Constants.is(a, defs) && !Constants.is(b, defs));
  }

  private <T> void report(
      String rule,
      Predicate<NnOp> isMark,
      BiFunction<NnOp, Definitions, Recognition<T>> recognise,
      PassContext context) {
    for (Graph.Node<NnOp> mark : graph.nodes()) {
      if (isMark.test(mark.op())) {
        List<Recognition<T>> tried =
            below(mark).reversed().stream().map(root -> recognise.apply(root.op(), defs)).toList();
        if (tried.stream().noneMatch(r -> r instanceof Recognition.Found)) {
          Optional<Missed<T>> nearest =
              tried.stream()
                  .flatMap(r -> r instanceof Missed<T> m ? Stream.of(m) : Stream.empty())
                  .max(Comparator.comparingInt(Missed::progress));
          context.whyNot(mark.loc().node(), rule, nearest.map(this::text).orElse(unused(mark)));
        }
      }
    }
  }

  private String text(Missed<?> missed) {
    Graph.Node<NnOp> at = nodes.get(missed.at());
    String where = at == null ? "" : OpInfo.of(at.op()).name() + " " + at.loc().node() + ": ";
    return where + missed.condition();
  }

  private static String unused(Graph.Node<NnOp> mark) {
    return "nothing that reads " + OpInfo.of(mark.op()).name() + " continues the pattern";
  }

  /// What depends on a mark through few operations, nearest first.
  private List<Graph.Node<NnOp>> below(Graph.Node<NnOp> mark) {
    Map<Value, Graph.Node<NnOp>> seen = new LinkedHashMap<>();
    Deque<Graph.Node<NnOp>> level = new ArrayDeque<>(List.of(mark));
    for (int d = 0; d < DEPTH; d++) {
      Deque<Graph.Node<NnOp>> next = new ArrayDeque<>();
      for (Graph.Node<NnOp> node : level) {
        for (Graph.Node<NnOp> user : users.getOrDefault(node.result(), List.of())) {
          if (seen.putIfAbsent(user.result(), user) == null && continues(user.op())) {
            next.add(user);
          }
        }
      }
      level = next;
    }
    return List.copyOf(seen.values());
  }

  private boolean continues(NnOp op) {
    return Polynomial.isArithmetic(op, defs) || op instanceof Reduce;
  }
}
