package org.lapidary.ir.pass;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.lapidary.ir.Graph;
import org.lapidary.ir.TensorType;
import org.lapidary.ir.Value;
import org.lapidary.ir.op.Op;
import org.lapidary.ir.op.OpInfo;

/// Checks what must hold of every graph: values are defined once and before they are used, have the
/// type their operation computes, and belong to the level.
public final class Verifier {
  private Verifier() {}

  /// Everything that is wrong, in plain sentences; empty if the graph is sound.
  public static List<String> problems(Graph<? extends Op> graph, Class<? extends Op> level) {
    List<String> problems = new ArrayList<>();
    Set<Value> defined = new HashSet<>();
    names(graph.inputs(), "input", problems);
    names(graph.results(), "result", problems);
    for (Graph.Port port : graph.inputs()) {
      if (!defined.add(port.value())) {
        problems.add("input " + port.name() + " is another input too");
      }
    }
    int at = 0;
    for (Graph.Node<? extends Op> node : graph.nodes()) {
      String where = "operation " + at++ + ", " + describe(node) + ", ";
      check(node, level, defined, where, problems);
      if (!defined.add(node.result())) {
        problems.add(where + "defines a value that is defined already");
      }
    }
    for (Graph.Port port : graph.results()) {
      if (!defined.contains(port.value())) {
        problems.add("result " + port.name() + " is not defined");
      }
    }
    return problems;
  }

  /// Insists that a graph is sound.
  ///
  /// @throws IllegalStateException listing everything that is wrong
  public static void require(Graph<? extends Op> graph, Class<? extends Op> level) {
    List<String> problems = problems(graph, level);
    if (!problems.isEmpty()) {
      throw new IllegalStateException("invalid graph: " + String.join("; ", problems));
    }
  }

  private static void check(
      Graph.Node<? extends Op> node,
      Class<? extends Op> level,
      Set<Value> defined,
      String where,
      List<String> problems) {
    if (!level.isInstance(node.op())) {
      problems.add(where + "is not a " + level.getSimpleName());
    }
    int n = 0;
    for (Value operand : OpInfo.operands(node.op())) {
      if (!defined.contains(operand)) {
        problems.add(where + "reads operand " + n + " before it is defined");
      }
      n++;
    }
    try {
      TensorType computed = node.op().resultType();
      if (!computed.equals(node.result().type())) {
        problems.add(where + "has type " + node.result().type() + ", should be " + computed);
      }
    } catch (IllegalArgumentException e) {
      problems.add(where + "does not fit its operands: " + e.getMessage());
    }
  }

  private static String describe(Graph.Node<? extends Op> node) {
    String onnx = node.loc().node();
    return OpInfo.of(node.op()).name() + (onnx.isEmpty() ? "" : " from " + onnx);
  }

  private static void names(List<Graph.Port> ports, String kind, List<String> problems) {
    Set<String> seen = new HashSet<>();
    for (Graph.Port port : ports) {
      if (!seen.add(port.name())) {
        problems.add("two " + kind + "s are called " + port.name());
      }
    }
  }
}
