package org.lapidary.passes.quant;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.lapidary.ir.Graph;
import org.lapidary.ir.Graph.Port;
import org.lapidary.ir.Value;
import org.lapidary.ir.op.Elementwise.FakeQuantize;
import org.lapidary.ir.op.Neural;
import org.lapidary.ir.op.NnOp;
import org.lapidary.ir.pass.EliminateDeadCode;

/// A canonical graph and the int8 steps that its model came with.
///
/// @param graph without the results that say so
/// @param steps of values whose int8 form the accelerator multiplies; the others are observed
public record GivenSteps(Graph<NnOp> graph, Map<Value, Double> steps) {

  public GivenSteps {
    steps = Map.copyOf(steps);
  }

  /// Takes the grids off that [TakeScales] left.
  public static GivenSteps of(Graph<NnOp> canonical) {
    ModelView model = new ModelView(canonical);
    List<Port> results = new ArrayList<>();
    Map<Value, Double> steps = new LinkedHashMap<>();
    for (Port port : canonical.results()) {
      if (port.name().startsWith(TakeScales.PREFIX)
          && model.def(port.value()) instanceof FakeQuantize grid) {
        note(grid.x(), step(grid), model, steps);
      } else {
        results.add(port);
      }
    }
    if (results.size() == canonical.results().size()) {
      return new GivenSteps(canonical, Map.of());
    }
    Graph<NnOp> graph =
        EliminateDeadCode.in(
            new Graph<>(canonical.name(), canonical.inputs(), canonical.nodes(), results));
    Set<Value> live = new HashSet<>(graph.definitions().keySet());
    graph.inputs().forEach(port -> live.add(port.value()));
    steps.keySet().retainAll(live);
    return new GivenSteps(graph, steps);
  }

  /// An int8 grid around 0 that holds the given one; a grid around 0 is taken as it is.
  private static double step(FakeQuantize grid) {
    int above = grid.high() - grid.zero();
    int below = grid.zero() - grid.low() - 1; // int8 has one number more below
    return (double) grid.step() * Math.max(above, below) / Byte.MAX_VALUE;
  }

  /// The step belongs to the value that is rounded, before layouts and numbers that multiply it. A
  /// LayerNorm is rounded before gamma and beta, and a softmax in steps of its own.
  private static void note(Value x, double step, ModelView model, Map<Value, Double> steps) {
    Value root = model.root(x);
    NnOp op = model.def(root);
    if (op != null && model.scaled(op).isPresent()) {
      ModelView.Scaled scaled = model.scaled(op).get();
      note(scaled.x(), step / scaled.factor(), model, steps);
    } else if (!(op instanceof Neural.LayerNorm || op instanceof Neural.Softmax)) {
      steps.merge(root, step, Math::max);
    }
  }
}
