package org.lapidary.passes.quant;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.lapidary.ir.Graph;
import org.lapidary.ir.Graph.Node;
import org.lapidary.ir.Graph.Port;
import org.lapidary.ir.Value;
import org.lapidary.ir.op.Elementwise.FakeQuantize;
import org.lapidary.ir.op.Layout;
import org.lapidary.ir.op.Neural.FakeQuantizeDynamic;
import org.lapidary.ir.op.Neural.MatMul;
import org.lapidary.ir.op.NnOp;
import org.lapidary.ir.op.OpInfo;
import org.lapidary.ir.pass.EliminateDeadCode;
import org.lapidary.ir.pass.Pass;
import org.lapidary.ir.pass.PassContext;

/// Undoes the rounding of a model that somebody has quantized, and keeps the grids: the accelerator
/// rounds in other places, and a rounding amid a LayerNorm would hide it.
///
/// `f(fake_quantize(x)) -> f(x)`, and where f is a matrix product, whose operands the accelerator
/// rounds too, `fake_quantize(x)` stays as a result of the graph. Whatever rules make of x, that
/// result goes on saying on which grid it was; [GivenSteps] reads it and takes it off.
public record TakeScales() implements Pass<NnOp, NnOp> {
  /// Begins the names of the results that are grids.
  static final String PREFIX = "grid:";

  @Override
  public Graph<NnOp> run(Graph<NnOp> graph, PassContext context) {
    Set<Value> multiplied = multiplied(graph);
    Map<Value, Value> plain = new HashMap<>();
    List<Node<NnOp>> nodes = new ArrayList<>();
    List<Port> results = new ArrayList<>();
    for (Node<NnOp> node : graph.nodes()) {
      Node<NnOp> mapped = node.mapOperands(v -> plain.getOrDefault(v, v));
      switch (mapped.op()) {
        case FakeQuantize grid when isGiven(node, graph) -> nodes.add(mapped);
        case FakeQuantize grid -> {
          plain.put(node.result(), grid.x());
          if (multiplied.contains(node.result())) {
            nodes.add(mapped);
            results.add(new Port(PREFIX + results.size() + ":" + node.loc().node(), node.result()));
          }
        }
        case FakeQuantizeDynamic(var x) -> plain.put(node.result(), x);
        default -> nodes.add(mapped); // rounds nothing
      }
    }
    if (plain.isEmpty()) {
      return graph;
    }
    List<Port> all = new ArrayList<>();
    for (Port port : graph.results()) {
      all.add(new Port(port.name(), plain.getOrDefault(port.value(), port.value())));
    }
    all.addAll(results);
    return EliminateDeadCode.in(new Graph<>(graph.name(), graph.inputs(), nodes, all));
  }

  /// Whether this pass has been here before.
  private static boolean isGiven(Node<NnOp> node, Graph<NnOp> graph) {
    return graph.results().stream()
        .anyMatch(p -> p.name().startsWith(PREFIX) && p.value().equals(node.result()));
  }

  /// Grids whose values enter a matrix product, perhaps rearranged, on no other grid in between.
  private static Set<Value> multiplied(Graph<NnOp> graph) {
    Set<Value> entering = new HashSet<>();
    for (Node<NnOp> node : graph.nodes().reversed()) {
      boolean moves = node.op() instanceof Layout && entering.contains(node.result());
      if (moves || node.op() instanceof MatMul) {
        entering.addAll(OpInfo.operands(node.op()));
      }
    }
    return entering;
  }
}
