package org.lapidary.ir;

import java.util.ArrayList;
import java.util.List;
import org.lapidary.ir.op.Layout;
import org.lapidary.ir.op.Op;

/// Collects inputs, operations and results, and then makes a [Graph] of them.
///
/// @param <O> the level: which operations may occur
public final class GraphBuilder<O extends Op> {
  private final String name;
  private final List<Graph.Port> inputs = new ArrayList<>();
  private final List<Graph.Node<O>> nodes = new ArrayList<>();
  private final List<Graph.Port> results = new ArrayList<>();

  public GraphBuilder(String name) {
    this.name = name;
  }

  public Value input(String inputName, TensorType type) {
    Value value = new Value(type);
    inputs.add(new Graph.Port(inputName, value));
    return value;
  }

  /// Keeps an input of another graph.
  public void input(Graph.Port port) {
    inputs.add(port);
  }

  /// Appends an operation; its operands must have been made before.
  public Value emit(O op, Loc loc) {
    Value value = new Value(op.resultType());
    nodes.add(new Graph.Node<>(value, op, loc));
    return value;
  }

  /// Appends an operation without a known origin.
  public Value emit(O op) {
    return emit(op, Loc.NONE);
  }

  /// Appends a node as it is, keeping its result value.
  public void keep(Graph.Node<O> node) {
    nodes.add(node);
  }

  /// Appends a constant; every level has constants.
  @SuppressWarnings("unchecked") // Const belongs to all levels: it is a Layout, hence NnOp and QOp
  public Value constant(String constantName, Tensor tensor) {
    return emit((O) new Layout.Const(Data.of(constantName, tensor)), Loc.NONE);
  }

  public void result(String resultName, Value value) {
    results.add(new Graph.Port(resultName, value));
  }

  public Graph<O> build() {
    return new Graph<>(name, inputs, nodes, results);
  }
}
