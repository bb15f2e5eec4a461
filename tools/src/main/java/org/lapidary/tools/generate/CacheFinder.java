package org.lapidary.tools.generate;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.lapidary.ir.DType;
import org.lapidary.ir.Graph;
import org.lapidary.ir.op.Layout;
import org.lapidary.ir.op.NnOp;
import org.lapidary.ir.op.Shapes;

/// Finds what a model keeps from step to step: an input that is put in front of something new, the
/// whole being a result.
final class CacheFinder {
  private CacheFinder() {}

  /// An input, the result that continues it, and the axis along which it grows.
  record Pair(String input, String result, int axis) {}

  /// The caches of a canonical graph; nothing if one of its inputs for them is used otherwise.
  static Optional<List<Pair>> find(Graph<NnOp> graph) {
    List<Pair> pairs = new ArrayList<>();
    for (Graph.Port port : graph.inputs()) {
      if (port.type().dtype() == DType.F32) {
        Optional<Pair> pair = pair(graph, port);
        if (pair.isEmpty()) {
          return Optional.empty();
        }
        pairs.add(pair.get());
      }
    }
    return Optional.of(pairs);
  }

  private static Optional<Pair> pair(Graph<NnOp> graph, Graph.Port port) {
    for (Graph.Node<NnOp> node : graph.nodes()) {
      if (node.op() instanceof Layout.Concat concat
          && concat.parts().getFirst().equals(port.value())) {
        int axis = Shapes.axis(concat.axis(), port.type().rank());
        return graph.results().stream()
            .filter(r -> r.value().equals(node.result()))
            .findFirst()
            .map(r -> new Pair(port.name(), r.name(), axis));
      }
    }
    return Optional.empty();
  }
}
