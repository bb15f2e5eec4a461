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
import org.lapidary.ir.Tensor;
import org.lapidary.ir.Value;
import org.lapidary.ir.eval.ConstantCache;
import org.lapidary.ir.op.Layout;
import org.lapidary.ir.op.Neural;
import org.lapidary.ir.op.NnOp;
import org.lapidary.ir.op.OpInfo;
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
  private final Workbench bench;
  private final Map<Value, Value> wholeOf = new HashMap<>();

  /// @param cut the whole graph without some channels, node for node
  /// @param layers of the whole graph, by their ends; none if nothing is to be fitted
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
    this.bench = new Workbench(whole, samples, weights, Rows.Real.of(samples));
    layers.values().stream()
        .filter(l -> !l.product().equals(l.end()))
        .forEach(l -> unfinished.add(l.product()));
  }

  /// A graph with fewer channels.
  ///
  /// @param result the first result on every sample
  record Outcome(Graph<NnOp> graph, List<Tensor> result) {}

  Outcome run() {
    whole.inputs().forEach(p -> wholeOf.put(p.value(), p.value()));
    Schedule schedule = new Schedule(whole, layers);
    for (int i = 0; i < whole.nodes().size(); i++) {
      Graph.Node<NnOp> node = whole.nodes().get(i);
      Graph.Node<NnOp> small = cut.nodes().get(i);
      wholeOf.put(small.result(), node.result());
      bench.run(node);
      if (!unfinished.contains(node.result())) { // else it comes with its bias
        bench.leave(node.result(), left(node, small.op()));
      }
      for (Value v : schedule.lastReadBy(node)) {
        bench.forget(v);
        bench.forget(bench.left(v));
      }
    }
    return new Outcome(
        ShareCommonSubexpressions.in(EliminateDeadCode.in(bench.build())),
        bench.seen(bench.left(whole.results().getFirst().value())));
  }

  /// What is left of a node.
  ///
  /// @param small its operation in the cut graph
  private Value left(Graph.Node<NnOp> node, NnOp small) {
    Linear layer = layers.get(node.result());
    if (layer != null) {
      return fitted(layer, node);
    }
    return switch (OpInfo.mapOperands(small, v -> bench.left(original(v)))) {
      case Layout.Const(Data data) -> bench.constant(data, node.loc());
      case Neural.LayerNorm norm when !layers.isEmpty() -> fitted(node, norm);
      case NnOp op -> bench.emit(op, node.loc());
    };
  }

  private Value original(Value small) {
    return Objects.requireNonNull(wholeOf.get(small));
  }

  private Value fitted(Linear layer, Graph.Node<NnOp> end) {
    Rows target = kept(layer.end());
    if (layer.stream().isPresent()) {
      Value stream = layer.stream().get();
      target = target.plus(kept(stream), 1).plus(bench.rows(bench.left(stream)), -1);
    }
    Value x = bench.left(layer.x());
    Value old = bench.left(layer.weight());
    LeastSquares squares = new LeastSquares(bench.rows(x), target, bench.elements(old));
    LeastSquares.Fit fit = squares.fit(IntStream.range(0, old.type().dim(0)).toArray());
    return bench.layer(x, bench.data(old).name(), fit, end.loc(), end.loc());
  }

  private Value fitted(Graph.Node<NnOp> node, Neural.LayerNorm norm) {
    Value unfitted = bench.emit(norm, node.loc());
    Rows y = bench.rows(unfitted);
    bench.forget(unfitted);
    Rows target = kept(node.result());
    float[] gamma = bench.elements(norm.gamma()).clone();
    float[] beta = bench.elements(norm.beta()).clone();
    double[] meanY = y.mean();
    double[] meanT = target.mean();
    double[] variance = new double[gamma.length];
    double[] covariance = new double[gamma.length];
    for (int i = 0; i < y.elements().length; i++) {
      int c = i % gamma.length;
      double dy = y.elements()[i] - meanY[c];
      variance[c] += dy * dy;
      covariance[c] += dy * (target.elements()[i] - meanT[c]);
    }
    for (int c = 0; c < gamma.length; c++) {
      double slope = variance[c] > 0 ? covariance[c] / variance[c] : 1;
      gamma[c] *= (float) slope;
      beta[c] = (float) (slope * (beta[c] - meanY[c]) + meanT[c]);
    }
    return bench.emit(
        new Neural.LayerNorm(
            norm.x(), like(norm.gamma(), gamma), like(norm.beta(), beta), norm.epsilon()),
        node.loc());
  }

  private Value like(Value constant, float[] elements) {
    return bench.constant(bench.data(constant).name(), constant.type().dims(), elements);
  }

  /// What a value of the whole graph was, of the channels that are kept.
  private Rows kept(Value v) {
    return bench.rows(v).columns(kept.apply(v));
  }
}
