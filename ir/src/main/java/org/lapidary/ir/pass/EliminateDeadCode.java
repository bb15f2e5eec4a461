package org.lapidary.ir.pass;

import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.lapidary.ir.Graph;
import org.lapidary.ir.Value;
import org.lapidary.ir.op.Op;
import org.lapidary.ir.op.OpInfo;

/// Drops operations no result depends on.
public record EliminateDeadCode() implements Pass<Op, Op> {

  @Override
  public Graph<Op> run(Graph<Op> graph, PassContext context) {
    return in(graph);
  }

  /// The graph without its dead operations; itself if there are none.
  public static <O extends Op> Graph<O> in(Graph<O> graph) {
    Set<Value> live = new HashSet<>();
    graph.results().forEach(port -> live.add(port.value()));
    List<Graph.Node<O>> kept = new ArrayList<>();
    for (Graph.Node<O> node : graph.nodes().reversed()) {
      if (live.contains(node.result())) {
        kept.add(node);
        live.addAll(OpInfo.operands(node.op()));
      }
    }
    if (kept.size() == graph.nodes().size()) {
      return graph;
    }
    Collections.reverse(kept);
    return new Graph<>(graph.name(), graph.inputs(), kept, graph.results());
  }
}
