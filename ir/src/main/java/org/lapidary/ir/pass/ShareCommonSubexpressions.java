package org.lapidary.ir.pass;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.lapidary.ir.Graph;
import org.lapidary.ir.Value;
import org.lapidary.ir.op.Elementwise;
import org.lapidary.ir.op.Op;
import org.lapidary.ir.op.OpInfo;

/// Computes once what is computed twice: equal operations on equal operands, equal constants.
/// Commutative operations are equal in either order.
public record ShareCommonSubexpressions() implements Pass<Op, Op> {

  @Override
  public Graph<Op> run(Graph<Op> graph, PassContext context) {
    return in(graph);
  }

  /// The graph in which every operation is different from all before it.
  public static <O extends Op> Graph<O> in(Graph<O> graph) {
    Map<Op, Value> known = new HashMap<>();
    Map<Value, Integer> numbers = new HashMap<>();
    Map<Value, Value> replacements = new HashMap<>();
    List<Graph.Node<O>> out = new ArrayList<>();
    graph.inputs().forEach(port -> numbers.put(port.value(), numbers.size()));
    for (Graph.Node<O> node : graph.nodes()) {
      Graph.Node<O> mapped = node.mapOperands(v -> replacements.getOrDefault(v, v));
      Value first = known.putIfAbsent(inOrder(mapped.op(), numbers), node.result());
      if (first != null) {
        replacements.put(node.result(), first);
      } else {
        numbers.put(node.result(), numbers.size());
        out.add(mapped);
      }
    }
    List<Graph.Port> results =
        graph.results().stream()
            .map(p -> new Graph.Port(p.name(), replacements.getOrDefault(p.value(), p.value())))
            .toList();
    return new Graph<>(graph.name(), graph.inputs(), out, results);
  }

  /// The operands of a commutative operation in the order of their definition.
  private static Op inOrder(Op op, Map<Value, Integer> numbers) {
    if (!(op instanceof Elementwise.Commutative)) {
      return op;
    }
    List<Value> operands = OpInfo.operands(op);
    Value a = operands.getFirst();
    Value b = operands.getLast();
    boolean inOrder = numbers.getOrDefault(a, 0) <= numbers.getOrDefault(b, 0);
    return inOrder ? op : OpInfo.mapOperands(op, v -> v == a ? b : a);
  }
}
