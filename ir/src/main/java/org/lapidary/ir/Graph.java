package org.lapidary.ir;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.UnaryOperator;
import org.lapidary.ir.op.Op;
import org.lapidary.ir.op.OpInfo;

/// An immutable program in static single assignment form: inputs, operations in topological order,
/// results.
///
/// A graph of `nn` level is a `Graph<NnOp>`; after quantization it is a `Graph<Op>` in which the
/// `QOp`s run on the accelerator and every `NnOp` that is left is a step of the host.
///
/// @param <O> the level: which operations may occur
/// @param name name of the model
/// @param inputs named inputs, in the order of the model
/// @param nodes operations, each after the operations it reads
/// @param results named results, in the order of the model
public record Graph<O extends Op>(
    String name, List<Port> inputs, List<Node<O>> nodes, List<Port> results) {

  /// A named input or result.
  public record Port(String name, Value value) {
    public TensorType type() {
      return value.type();
    }
  }

  /// One operation, its single result and its origin.
  public record Node<O extends Op>(Value result, O op, Loc loc) {

    /// The same node reading other values; itself if none differs.
    @SuppressWarnings("ReferenceEquality") // an op that did not change is the same object
    public Node<O> mapOperands(UnaryOperator<Value> map) {
      O mapped = OpInfo.mapOperands(op, map);
      return mapped == op ? this : new Node<>(result, mapped, loc);
    }
  }

  public Graph {
    inputs = List.copyOf(inputs);
    nodes = List.copyOf(nodes);
    results = List.copyOf(results);
  }

  /// The node that defines each value; inputs have none.
  public Map<Value, Node<O>> definitions() {
    Map<Value, Node<O>> defs = new HashMap<>();
    for (Node<O> node : nodes) {
      defs.put(node.result(), node);
    }
    return defs;
  }

  /// This graph, known to hold operations of one level only.
  ///
  /// @throws IllegalArgumentException if it holds another
  @SuppressWarnings("unchecked") // every operation is looked at
  public <P extends Op> Graph<P> at(Class<P> level) {
    for (Node<O> node : nodes) {
      if (!level.isInstance(node.op())) {
        throw new IllegalArgumentException(
            OpInfo.of(node.op()).name() + " is not a " + level.getSimpleName());
      }
    }
    return (Graph<P>) (Graph<?>) this;
  }

  /// The input of that name.
  public Optional<Value> input(String inputName) {
    return inputs.stream().filter(p -> p.name().equals(inputName)).map(Port::value).findFirst();
  }
}
