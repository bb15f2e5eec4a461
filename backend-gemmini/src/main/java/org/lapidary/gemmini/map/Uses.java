package org.lapidary.gemmini.map;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.lapidary.ir.DType;
import org.lapidary.ir.Graph;
import org.lapidary.ir.Value;
import org.lapidary.ir.op.Accumulate;
import org.lapidary.ir.op.Layout;
import org.lapidary.ir.op.Op;
import org.lapidary.ir.op.OpInfo;

/// Who defines and who reads each value of a graph. A rescaled sum counts as the sum itself, its
/// integers being the same.
final class Uses {
  private final Map<Value, Graph.Node<Op>> definitions = new HashMap<>();
  private final Map<Value, List<Graph.Node<Op>>> users = new HashMap<>();
  private final Map<Value, Value> aliases = new HashMap<>();
  private final Set<Value> constants = new HashSet<>();
  private final Set<Value> results = new HashSet<>();

  Uses(Graph<Op> graph) {
    for (Graph.Node<Op> node : graph.nodes()) {
      definitions.put(node.result(), node);
      if (node.op() instanceof Accumulate.Rescale r) {
        aliases.put(node.result(), origin(r.x()));
        continue;
      }
      List<Value> operands = OpInfo.operands(node.op());
      if (node.op() instanceof Layout && constants.containsAll(operands)) {
        constants.add(node.result());
      }
      for (Value operand : operands) {
        users.computeIfAbsent(origin(operand), _ -> new ArrayList<>()).add(node);
      }
    }
    graph.results().forEach(port -> results.add(origin(port.value())));
  }

  /// The value of which this one is only another reading.
  Value origin(Value value) {
    return aliases.getOrDefault(value, value);
  }

  /// The node that computes a value; null for inputs.
  Graph.@Nullable Node<Op> definition(Value value) {
    return definitions.get(origin(value));
  }

  /// The operation that computes a value; null for inputs.
  @Nullable Op op(Value value) {
    Graph.Node<Op> node = definition(value);
    return node == null ? null : node.op();
  }

  List<Graph.Node<Op>> of(Value value) {
    return users.getOrDefault(origin(value), List.of());
  }

  boolean isResult(Value value) {
    return results.contains(origin(value));
  }

  /// Whether a value is a constant, possibly rearranged.
  boolean isConstant(Value value) {
    return constants.contains(origin(value));
  }

  /// Whether main memory of the accelerator can hold a value.
  static boolean isMachineType(Value value) {
    DType dtype = value.type().dtype();
    return dtype == DType.I8 || dtype == DType.I32;
  }
}
