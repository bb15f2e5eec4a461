package org.lapidary.passes.prune;

import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.IntStream;
import org.lapidary.ir.Data;
import org.lapidary.ir.Graph;
import org.lapidary.ir.GraphBuilder;
import org.lapidary.ir.Loc;
import org.lapidary.ir.Tensor;
import org.lapidary.ir.Value;
import org.lapidary.ir.eval.ConstantCache;
import org.lapidary.ir.op.Elementwise;
import org.lapidary.ir.op.Layout;
import org.lapidary.ir.op.Neural;
import org.lapidary.ir.op.NnOp;
import org.lapidary.ir.pass.EliminateDeadCode;
import org.lapidary.ir.pass.ShareCommonSubexpressions;
import org.lapidary.passes.prune.HiddenChannels.Linear;
import org.lapidary.passes.prune.HiddenChannels.Schedule;

/// Fits a graph without some channels of its residual stream to the whole one. Both are computed
/// side by side: every layer that reads or writes the stream is a least squares from what it meets
/// now to what it gave, at the end of a residual branch to what the sum was; factor and offset of
/// every channel of a normalization are a straight line through what it gave.
final class HiddenFit {
  private final Graph<NnOp> whole;
  private final Graph<NnOp> cut;
  private final Map<Value, Linear> layers;
  private final Set<Value> unfinished = new HashSet<>();
  private final Function<Value, int[]> kept;
  private final Rows.Real real;
  private final Activations before;
  private final Activations after;
  private final GraphBuilder<NnOp> builder;
  private final Map<Value, Value> cutOf = new HashMap<>();
  private final Map<Value, Value> instead = new HashMap<>();

  /// @param cut the whole graph without some channels, node for node
  /// @param layers of the whole graph, by their ends
  /// @param kept elements that are left of the last axis of a value of the whole graph
  HiddenFit(
      Graph<NnOp> whole,
      Graph<NnOp> cut,
      Map<Value, Linear> layers,
      Function<Value, int[]> kept,
      List<Map<String, Tensor>> samples,
      ConstantCache weights) {
    this.whole = whole;
    this.cut = cut;
    this.layers = layers;
    this.kept = kept;
    this.real = Rows.Real.of(samples);
    this.before = new Activations(whole, samples, weights);
    this.after = new Activations(cut, samples, weights);
    this.builder = new GraphBuilder<>(whole.name());
    layers.values().stream()
        .filter(l -> !l.product().equals(l.end()))
        .forEach(l -> unfinished.add(l.product()));
  }

  /// A graph with fewer channels.
  ///
  /// @param result the first result on every sample
  record Outcome(Graph<NnOp> graph, List<Tensor> result) {}

  Outcome run() {
    cut.inputs().forEach(builder::input);
    whole.inputs().forEach(p -> cutOf.put(p.value(), p.value()));
    Schedule schedule = new Schedule(whole, layers);
    for (int i = 0; i < whole.nodes().size(); i++) {
      Graph.Node<NnOp> node = whole.nodes().get(i);
      Graph.Node<NnOp> small = cut.nodes().get(i);
      cutOf.put(node.result(), small.result());
      before.compute(node);
      follow(node, small.mapOperands(v -> instead.getOrDefault(v, v)));
      for (Value v : schedule.lastReadBy(node)) {
        before.forget(v);
        after.forget(now(v));
      }
    }
    cut.results()
        .forEach(p -> builder.result(p.name(), instead.getOrDefault(p.value(), p.value())));
    return new Outcome(
        ShareCommonSubexpressions.in(EliminateDeadCode.in(builder.build())),
        after.of(now(whole.results().getFirst().value())));
  }

  private void follow(Graph.Node<NnOp> node, Graph.Node<NnOp> small) {
    Linear layer = layers.get(node.result());
    if (unfinished.contains(node.result())) {
      return; // comes with its bias
    }
    if (layer != null) {
      fit(layer, node.loc());
    } else if (node.op() instanceof Neural.LayerNorm && !layers.isEmpty()) {
      fit(node, small);
    } else {
      keep(small);
    }
  }

  private void keep(Graph.Node<NnOp> node) {
    builder.keep(node);
    after.compute(node);
  }

  private void fit(Linear layer, Loc loc) {
    Rows target = before.rows(layer.end(), real).columns(kept.apply(layer.end()));
    if (layer.stream().isPresent()) {
      Value stream = layer.stream().get();
      target =
          target
              .plus(before.rows(stream, real).columns(kept.apply(stream)), 1)
              .plus(after.rows(now(stream), real), -1);
    }
    Value x = now(layer.x());
    Value weight = now(layer.weight());
    LeastSquares squares = new LeastSquares(after.rows(x, real), target, after.constant(weight));
    LeastSquares.Fit fit = squares.fit(IntStream.range(0, weight.type().dim(0)).toArray());
    Value product = emit(new Neural.MatMul(x, constant(weight, fit.weight())), loc);
    Value bias = constant("bias", List.of(weight.type().dim(1)), fit.bias());
    replace(layer.end(), emit(new Elementwise.Add(product, bias), loc));
    after.forget(product);
  }

  private void fit(Graph.Node<NnOp> node, Graph.Node<NnOp> small) {
    after.compute(small);
    Rows y = after.rows(small.result(), real);
    Rows target = before.rows(node.result(), real).columns(kept.apply(node.result()));
    Neural.LayerNorm norm = (Neural.LayerNorm) small.op();
    float[] gamma = after.constant(norm.gamma()).clone();
    float[] beta = after.constant(norm.beta()).clone();
    double[] meanY = y.mean();
    double[] meanT = target.mean();
    double[][] moments = new double[2][gamma.length];
    for (int i = 0; i < y.elements().length; i++) {
      int c = i % gamma.length;
      double dy = y.elements()[i] - meanY[c];
      moments[0][c] += dy * dy;
      moments[1][c] += dy * (target.elements()[i] - meanT[c]);
    }
    for (int c = 0; c < gamma.length; c++) {
      double slope = moments[0][c] > 0 ? moments[1][c] / moments[0][c] : 1;
      gamma[c] *= (float) slope;
      beta[c] = (float) (slope * (beta[c] - meanY[c]) + meanT[c]);
    }
    Value fitted =
        emit(
            new Neural.LayerNorm(
                norm.x(),
                constant(norm.gamma(), gamma),
                constant(norm.beta(), beta),
                norm.epsilon()),
            node.loc());
    after.forget(small.result());
    replace(node.result(), fitted);
  }

  private void replace(Value of, Value by) {
    instead.put(Objects.requireNonNull(cutOf.get(of)), by);
  }

  /// What a value of the whole graph is now.
  private Value now(Value v) {
    Value small = Objects.requireNonNull(cutOf.get(v));
    return instead.getOrDefault(small, small);
  }

  private Value constant(Value like, float[] elements) {
    return constant(after.name(like), like.type().dims(), elements);
  }

  private Value constant(String name, List<Integer> dims, float[] elements) {
    return emit(new Layout.Const(Data.of(name, Tensor.f32(dims, elements))), Loc.NONE);
  }

  private Value emit(NnOp op, Loc loc) {
    Value value = builder.emit(op, loc);
    after.compute(new Graph.Node<>(value, op, loc));
    return value;
  }
}
