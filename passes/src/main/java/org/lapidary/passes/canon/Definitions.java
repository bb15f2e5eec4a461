package org.lapidary.passes.canon;

import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.lapidary.ir.Graph;
import org.lapidary.ir.Value;
import org.lapidary.ir.op.NnOp;

/// Who computes a value: all that a recogniser may look at. It sees upward only, so that it serves
/// rules in the middle of a rewrite as well as reports on a finished graph.
@FunctionalInterface
public interface Definitions {

  /// The operation whose result the value is, or null for an input of the graph.
  @Nullable NnOp def(Value value);

  /// The definitions of a finished graph.
  static Definitions of(Graph<NnOp> graph) {
    Map<Value, NnOp> ops = new HashMap<>();
    for (Graph.Node<NnOp> node : graph.nodes()) {
      ops.put(node.result(), node.op());
    }
    return ops::get;
  }
}
