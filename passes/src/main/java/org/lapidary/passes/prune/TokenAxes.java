package org.lapidary.passes.prune;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.IntUnaryOperator;
import org.lapidary.ir.Graph;
import org.lapidary.ir.Value;
import org.lapidary.ir.op.Elementwise;
import org.lapidary.ir.op.Indexing;
import org.lapidary.ir.op.Layout;
import org.lapidary.ir.op.Neural;
import org.lapidary.ir.op.NnOp;
import org.lapidary.ir.op.OpInfo;
import org.lapidary.ir.op.Shapes;

/// Which axes of the values of a graph run over tokens of which some have been left behind, and
/// behind which cut.
final class TokenAxes {
  private final String graph;
  private final Map<Value, Levels> known = new HashMap<>();

  TokenAxes(String graph) {
    this.graph = graph;
  }

  /// Number of cuts that the tokens of an axis have passed; axes with all tokens are not in it.
  record Levels(Map<Integer, Integer> byAxis) {
    static final Levels NONE = new Levels(Map.of());

    Levels {
      byAxis = Map.copyOf(byAxis);
    }

    static Levels of(int axis, int level) {
      return new Levels(Map.of(axis, level));
    }

    int at(int axis) {
      return byAxis.getOrDefault(axis, 0);
    }

    boolean isEmpty() {
      return byAxis.isEmpty();
    }

    /// On axes that another value has; negative ones fall away.
    Levels moved(IntUnaryOperator axis) {
      Map<Integer, Integer> moved = new HashMap<>();
      byAxis.forEach((a, level) -> {
        if (axis.applyAsInt(a) >= 0) {
          moved.put(axis.applyAsInt(a), level);
        }
      });
      return new Levels(moved);
    }

    Levels and(Levels other) {
      Map<Integer, Integer> both = new HashMap<>(byAxis);
      other.byAxis.forEach((a, level) -> both.merge(a, level, Math::max));
      return new Levels(both);
    }
  }

  Levels of(Value v) {
    return known.getOrDefault(v, Levels.NONE);
  }

  void put(Value v, Levels levels) {
    known.put(v, levels);
  }

  /// The levels of a result, which are noted.
  ///
  /// @throws org.lapidary.ir.DiagnosticException if the operation mixes tokens
  Levels infer(Graph.Node<NnOp> node) {
    boolean all = OpInfo.operands(node.op()).stream().allMatch(v -> of(v).isEmpty());
    Levels levels = all ? Levels.NONE : computed(node);
    put(node.result(), levels);
    return levels;
  }

  private Levels computed(Graph.Node<NnOp> node) {
    int rank = node.result().type().rank();
    return switch (node.op()) {
      case Elementwise op -> aligned(OpInfo.operands(op), rank);
      case Neural.MatMul(var a, var b) when a.type().rank() > 1 && b.type().rank() > 1 ->
          of(a)
              .moved(i -> i < a.type().rank() - 1 ? i + rank - a.type().rank() : -1)
              .and(of(b).moved(i -> i != b.type().rank() - 2 ? i + rank - b.type().rank() : -1));
      case Neural.LayerNorm norm when of(norm.x()).at(rank - 1) == 0 -> of(norm.x());
      case Neural.Softmax softmax -> of(softmax.x());
      case Neural.Reduce reduce -> reduced(reduce, node);
      case Layout.Transpose(var x, var permutation) ->
          of(x).moved(i -> from(permutation, rank).indexOf(i));
      case Layout.Reshape(var x, var _) -> reshaped(x, node);
      case Layout.Broadcast(var x, var _) -> aligned(List.of(x), rank);
      case Layout.Slice slice -> sliced(slice, node);
      case Layout.Concat(var parts, var axis) when of(parts, Shapes.axis(axis, rank)) == 0 ->
          aligned(parts, rank);
      case Indexing.Gather(var x, var indices, var axis)
          when of(indices).isEmpty() && of(x).at(Shapes.axis(axis, x.type().rank())) == 0 ->
          of(x).moved(i -> i < Shapes.axis(axis, x.type().rank()) ? i : i + rank - x.type().rank());
      case Neural _, Layout _, Indexing _ -> throw mixed(node);
    };
  }

  private int of(List<Value> parts, int axis) {
    return parts.stream().mapToInt(v -> of(v).at(axis)).max().orElse(0);
  }

  private Levels aligned(List<Value> operands, int rank) {
    Levels levels = Levels.NONE;
    for (Value v : operands) {
      levels = levels.and(of(v).moved(i -> i + rank - v.type().rank()));
    }
    return levels;
  }

  private static List<Integer> from(List<Integer> permutation, int rank) {
    return permutation.stream().map(axis -> Shapes.axis(axis, rank)).toList();
  }

  private Levels reduced(Neural.Reduce reduce, Graph.Node<NnOp> node) {
    int rank = reduce.x().type().rank();
    List<Integer> gone = from(reduce.axes(), rank);
    if (gone.isEmpty() || gone.stream().anyMatch(axis -> of(reduce.x()).at(axis) > 0)) {
      throw mixed(node);
    }
    return of(reduce.x())
        .moved(i -> reduce.keepDims() ? i : i - (int) gone.stream().filter(g -> g < i).count());
  }

  /// A reshape that leaves the axes of tokens as they are.
  private Levels reshaped(Value x, Graph.Node<NnOp> node) {
    List<Integer> from = x.type().dims();
    List<Integer> to = node.result().type().dims();
    return of(x)
        .moved(axis -> {
          for (int i = 0; i < to.size(); i++) {
            boolean same =
                Shapes.elements(to.subList(0, i)) == Shapes.elements(from.subList(0, axis));
            if (same && to.get(i).equals(from.get(axis))) {
              return i;
            }
          }
          throw mixed(node);
        });
  }

  /// The first row stays the first row; where others are is known only when the model runs.
  private Levels sliced(Layout.Slice slice, Graph.Node<NnOp> node) {
    int axis = Shapes.axis(slice.axis(), slice.x().type().rank());
    if (of(slice.x()).at(axis) == 0) {
      return of(slice.x());
    }
    if (slice.start() != 0 || slice.length() != 1) {
      throw LeaveTokens.refusal(
          graph,
          node.loc().node(),
          "it reads position %d%s, and only the first is sure to be kept"
              .formatted(slice.start(), slice.length() == 1 ? "" : " and others"));
    }
    return of(slice.x()).moved(i -> i == axis ? -1 : i);
  }

  private RuntimeException mixed(Graph.Node<NnOp> node) {
    return LeaveTokens.refusal(
        graph,
        node.loc().node(),
        OpInfo.of(node.op()).name() + " reads the rows of all tokens together");
  }

  /// The levels an operand must have for the result to have its own.
  Levels wanted(Graph.Node<NnOp> node, Levels result, Value operand) {
    int shift = operand.type().rank() - node.result().type().rank();
    return switch (node.op()) {
      case Elementwise _, Layout.Concat _ -> result.moved(i -> own(operand, i + shift));
      case Neural.MatMul(var a, var b) -> factor(a, b, result, operand, shift);
      default -> of(operand); // its levels are where those of the result come from
    };
  }

  private static int own(Value operand, int axis) {
    return axis >= 0 && operand.type().dim(axis) > 1 ? axis : -1;
  }

  /// Rows of `a`, columns of `b`, and the terms of the sums, which both must have.
  private Levels factor(Value a, Value b, Levels result, Value operand, int shift) {
    int rank = operand.type().rank();
    boolean left = operand.equals(a);
    int outer = left ? rank - 2 : rank - 1;
    int inner = left ? rank - 1 : rank - 2;
    int terms = Math.max(of(a).at(a.type().rank() - 1), of(b).at(b.type().rank() - 2));
    List<Integer> batch = new ArrayList<>();
    for (int i = 0; i < rank - 2; i++) {
      batch.add(i);
    }
    Levels outside =
        result.moved(
            i -> i + shift == outer || batch.contains(i + shift) ? own(operand, i + shift) : -1);
    return terms == 0 ? outside : outside.and(Levels.of(inner, terms));
  }
}
