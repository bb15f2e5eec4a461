package org.lapidary.ir.pass;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.lapidary.ir.DType;
import org.lapidary.ir.Data;
import org.lapidary.ir.Graph;
import org.lapidary.ir.Tensor;
import org.lapidary.ir.TensorType;
import org.lapidary.ir.Value;
import org.lapidary.ir.eval.Evaluator;
import org.lapidary.ir.op.Elementwise;
import org.lapidary.ir.op.Indexing;
import org.lapidary.ir.op.Layout;
import org.lapidary.ir.op.Op;
import org.lapidary.ir.op.OpInfo;

/// Computes operations whose operands are all constants, by the referee.
///
/// Small results are computed at once. Large ones stay lazy: the new constant is computed from the
/// old ones each time it is read, so that a transposed weight costs no memory.
///
/// @param maxElements no result larger than this is made, unless its operands are larger still
public record FoldConstants(int maxElements) implements Pass<Op, Op> {
  /// 64 MB of f32.
  public static final int DEFAULT_MAX_ELEMENTS = 16 << 20;

  /// Operands and result up to this size together: the result is kept in memory.
  private static final int EAGER_ELEMENTS = 1 << 15;

  @Override
  public Graph<Op> run(Graph<Op> graph, PassContext context) {
    return in(graph, maxElements);
  }

  /// The graph with the default limit.
  public static <O extends Op> Graph<O> in(Graph<O> graph) {
    return in(graph, DEFAULT_MAX_ELEMENTS);
  }

  /// The graph in which no operation within the limit has only constant operands.
  public static <O extends Op> Graph<O> in(Graph<O> graph, int maxElements) {
    Map<Value, Data> constants = new HashMap<>();
    List<Graph.Node<O>> out = new ArrayList<>();
    for (Graph.Node<O> node : graph.nodes()) {
      Graph.Node<O> kept = node;
      if (node.op() instanceof Layout.Const(var data)) {
        constants.put(node.result(), data);
      } else {
        Optional<Data> folded = fold(node, constants, maxElements);
        if (folded.isPresent()) {
          constants.put(node.result(), folded.get());
          kept = constant(node, folded.get());
        }
      }
      out.add(kept);
    }
    return EliminateDeadCode.in(new Graph<>(graph.name(), graph.inputs(), out, graph.results()));
  }

  @SuppressWarnings("unchecked") // constants belong to every level
  private static <O extends Op> Graph.Node<O> constant(Graph.Node<O> node, Data data) {
    String name = Names.kebab(FoldConstants.class);
    return new Graph.Node<>(node.result(), (O) new Layout.Const(data), node.loc().through(name));
  }

  private static Optional<Data> fold(
      Graph.Node<? extends Op> node, Map<Value, Data> constants, int maxElements) {
    List<Data> operands = new ArrayList<>();
    long operandElements = 0;
    for (Value operand : OpInfo.operands(node.op())) {
      Data data = constants.get(operand);
      if (data == null) {
        return Optional.empty();
      }
      operands.add(data);
      operandElements += operand.type().elements();
    }
    boolean large = node.result().type().elements() > Math.max(maxElements, operandElements);
    return operands.isEmpty() || large
        ? Optional.empty()
        : fold(node.op(), operands, EAGER_ELEMENTS);
  }

  /// The constant an operation makes of constants, or nothing if it has no result for them. It is
  /// named after the first of them.
  ///
  /// @param eagerElements how many elements, operands and result together, are computed at once and
  ///   kept; more are computed each time they are read
  public static Optional<Data> fold(Op op, List<Data> operands, int eagerElements) {
    TensorType type = op.resultType();
    String noun = OpInfo.of(op).name().replaceFirst(".*\\.", "");
    String name = operands.isEmpty() ? noun : operands.getFirst().name() + "." + noun;
    long size = type.elements() + operands.stream().mapToLong(d -> d.type().elements()).sum();
    if (size > eagerElements && cannotFail(op)) {
      return Optional.of(Data.lazy(name, type, () -> compute(op, operands)));
    }
    try {
      return Optional.of(Data.of(name, compute(op, operands)));
    } catch (ArithmeticException _) {
      return Optional.empty(); // whoever runs it learns that it has no result
    }
  }

  private static Tensor compute(Op op, List<Data> operands) {
    return Evaluator.apply(op, operands.stream().map(Data::load).toList());
  }

  /// Whether no constants whatever can make it fail: integer divisions and indices can.
  private static boolean cannotFail(Op op) {
    boolean divides = op instanceof Elementwise.Div || op instanceof Elementwise.Mod;
    return !(op instanceof Indexing) && !(divides && op.resultType().dtype() != DType.F32);
  }
}
