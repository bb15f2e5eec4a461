package org.lapidary.passes.prune;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.IntStream;
import org.lapidary.ir.Data;
import org.lapidary.ir.Graph;
import org.lapidary.ir.GraphBuilder;
import org.lapidary.ir.Loc;
import org.lapidary.ir.Tensor;
import org.lapidary.ir.Value;
import org.lapidary.ir.eval.ConstantCache;
import org.lapidary.ir.eval.Evaluator;
import org.lapidary.ir.op.Elementwise;
import org.lapidary.ir.op.Layout;
import org.lapidary.ir.op.Neural;
import org.lapidary.ir.op.NnOp;
import org.lapidary.ir.op.OpInfo;

/// A graph and what becomes of it, side by side: what stands for each of the original's values, and
/// what both give on all calibration samples, as long as it is needed.
final class Workbench {
  private final Graph<NnOp> original;
  private final int samples;
  private final ConstantCache weights;
  private final Rows.Real real;
  private final GraphBuilder<NnOp> builder;
  private final Map<Value, Data> constants = new HashMap<>();
  private final Map<Value, List<Tensor>> tensors = new HashMap<>();
  private final Map<Value, Value> left = new HashMap<>();
  private final Map<Value, Graph.Node<NnOp>> nodes = new HashMap<>();
  private final Map<Value, Integer> orders = new HashMap<>();

  Workbench(
      Graph<NnOp> original,
      List<Map<String, Tensor>> samples,
      ConstantCache weights,
      Rows.Real real) {
    this.original = original;
    this.samples = samples.size();
    this.weights = weights;
    this.real = real;
    this.builder = new GraphBuilder<>(original.name());
    for (Graph.Port port : original.inputs()) {
      builder.input(port);
      tensors.put(
          port.value(),
          samples.stream().map(s -> Objects.requireNonNull(s.get(port.name()))).toList());
    }
  }

  /// Begins with the next node of the original.
  void reach(Graph.Node<NnOp> node) {
    nodes.put(node.result(), node);
    orders.put(node.result(), orders.size());
  }

  /// The original's node that gives a value which has been reached.
  Graph.Node<NnOp> node(Value v) {
    return Objects.requireNonNull(nodes.get(v));
  }

  /// Its place among those that have been reached.
  int order(Value v) {
    return Objects.requireNonNull(orders.get(v));
  }

  /// Computes a node of the original; a constant is kept.
  void run(Graph.Node<NnOp> node) {
    if (node.op() instanceof Layout.Const) {
      keep(node);
    } else {
      see(node.result(), compute(node));
    }
  }

  /// Keeps a node as it is.
  void keep(Graph.Node<NnOp> node) {
    builder.keep(node);
    if (node.op() instanceof Layout.Const(Data data)) {
      constants.put(node.result(), data);
    }
  }

  /// What is left, which gives what stands for the original's results.
  Graph<NnOp> build() {
    original.results().forEach(p -> builder.result(p.name(), left(p.value())));
    return builder.build();
  }

  /// Adds an operation to what is left, and computes it.
  Value emit(NnOp op, Loc loc) {
    Value value = builder.emit(op, loc);
    tensors.put(value, compute(new Graph.Node<>(value, op, loc)));
    return value;
  }

  Value constant(String name, List<Integer> dims, float[] elements) {
    return constant(Data.of(name, Tensor.f32(dims, elements)), Loc.NONE);
  }

  Value constant(Data data, Loc loc) {
    Value value = builder.emit(new Layout.Const(data), loc);
    constants.put(value, data);
    return value;
  }

  /// Adds a fitted layer `x W + b`.
  ///
  /// @param name of its weights
  Value layer(Value x, String name, LeastSquares.Fit fit, Loc product, Loc sum) {
    int outputs = fit.bias().length;
    Value weight = constant(name, List.of(x.type().dim(-1), outputs), fit.weight());
    Value bias = constant(name + "/bias", List.of(outputs), fit.bias());
    Value unbiased = emit(new Neural.MatMul(x, weight), product);
    Value result = emit(new Elementwise.Add(unbiased, bias), sum);
    forget(unbiased);
    return result;
  }

  boolean isConstant(Value v) {
    return constants.containsKey(v);
  }

  Data data(Value constant) {
    return Objects.requireNonNull(constants.get(constant));
  }

  float[] elements(Value constant) {
    return weights.apply(data(constant)).f32();
  }

  /// What stands for a value of the original.
  Value left(Value v) {
    return left.getOrDefault(v, v);
  }

  /// Lets a value stand for one of the original.
  void leave(Value of, Value instead) {
    left.put(of, instead);
  }

  /// Whether something else stands for a value.
  boolean isTouched(Value v) {
    return left.containsKey(v);
  }

  /// What a value gives on each sample.
  List<Tensor> seen(Value v) {
    return Objects.requireNonNull(tensors.get(v), "used before it is defined");
  }

  void see(Value v, List<Tensor> given) {
    tensors.put(v, given);
  }

  boolean isSeen(Value v) {
    return tensors.containsKey(v);
  }

  void forget(Value v) {
    tensors.remove(v);
  }

  /// Rows of `[B,S,N]` activations at the first positions.
  Rows rows(Value v, int positions) {
    return Rows.of(seen(v), positions, real);
  }

  /// All rows, those of `[B,N]` being one position each.
  Rows rows(Value v) {
    if (v.type().rank() == 3) {
      return rows(v, v.type().dim(1));
    }
    List<Integer> onePosition = List.of(v.type().dim(0), 1, v.type().dim(1));
    return Rows.of(seen(v).stream().map(t -> Tensor.f32(onePosition, t.f32())).toList(), 1, real);
  }

  /// All rows, each less the mean of its sample.
  Rows levelled(Value v) {
    return Rows.of(Rows.levelled(seen(v), real), v.type().dim(1), real);
  }

  /// What an operation gives on each sample.
  List<Tensor> compute(Graph.Node<NnOp> node) {
    List<Value> operands = new ArrayList<>(OpInfo.operands(node.op()));
    return IntStream.range(0, samples)
        .parallel()
        .mapToObj(s ->
            Evaluator.compute(original, node, operands.stream().map(v -> tensor(v, s)).toList()))
        .toList();
  }

  private Tensor tensor(Value v, int sample) {
    Data data = constants.get(v);
    return data != null ? weights.apply(data) : seen(v).get(sample);
  }
}
