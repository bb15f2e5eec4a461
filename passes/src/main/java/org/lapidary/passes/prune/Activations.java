package org.lapidary.passes.prune;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.IntStream;
import org.lapidary.ir.Data;
import org.lapidary.ir.Graph;
import org.lapidary.ir.Tensor;
import org.lapidary.ir.Value;
import org.lapidary.ir.eval.ConstantCache;
import org.lapidary.ir.eval.Evaluator;
import org.lapidary.ir.op.Layout;
import org.lapidary.ir.op.NnOp;
import org.lapidary.ir.op.OpInfo;

/// The values of a graph on all calibration samples, as long as somebody is going to read them.
final class Activations {
  private final Graph<NnOp> graph;
  private final int samples;
  private final ConstantCache weights;
  private final Map<Value, Data> constants = new HashMap<>();
  private final Map<Value, List<Tensor>> tensors = new HashMap<>();

  Activations(Graph<NnOp> graph, List<Map<String, Tensor>> inputs, ConstantCache weights) {
    this.graph = graph;
    this.samples = inputs.size();
    this.weights = weights;
    for (Graph.Port port : graph.inputs()) {
      tensors.put(
          port.value(),
          inputs.stream().map(i -> Objects.requireNonNull(i.get(port.name()))).toList());
    }
  }

  /// Computes the next node; a constant is only noted.
  void compute(Graph.Node<NnOp> node) {
    if (node.op() instanceof Layout.Const(Data data)) {
      constants.put(node.result(), data);
      return;
    }
    List<Value> operands = OpInfo.operands(node.op());
    tensors.put(
        node.result(),
        IntStream.range(0, samples)
            .parallel()
            .mapToObj(s ->
                Evaluator.compute(graph, node, operands.stream().map(v -> tensor(v, s)).toList()))
            .toList());
  }

  private Tensor tensor(Value v, int sample) {
    Data data = constants.get(v);
    return data != null ? weights.apply(data) : of(v).get(sample);
  }

  /// A value on each sample.
  List<Tensor> of(Value v) {
    return Objects.requireNonNull(tensors.get(v), "used before it is defined");
  }

  /// The elements of a constant.
  float[] constant(Value v) {
    return weights.apply(Objects.requireNonNull(constants.get(v))).f32();
  }

  /// The name of a constant.
  String name(Value v) {
    return Objects.requireNonNull(constants.get(v)).name();
  }

  /// Rows of a value `[B,S,N]` or, of one position each, `[B,N]`.
  Rows rows(Value v, Rows.Real real) {
    List<Tensor> of = of(v);
    if (v.type().rank() == 3) {
      return Rows.of(of, v.type().dim(1), real);
    }
    List<Integer> onePosition = List.of(v.type().dim(0), 1, v.type().dim(1));
    return Rows.of(of.stream().map(t -> Tensor.f32(onePosition, t.f32())).toList(), 1, real);
  }

  void forget(Value v) {
    tensors.remove(v);
  }
}
