package org.lapidary.passes.prune;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.IntStream;
import org.lapidary.ir.Diagnostic;
import org.lapidary.ir.DiagnosticException;
import org.lapidary.ir.Graph;
import org.lapidary.ir.Tensor;
import org.lapidary.ir.Value;
import org.lapidary.ir.eval.ConstantCache;
import org.lapidary.ir.op.Elementwise;
import org.lapidary.ir.op.Layout;
import org.lapidary.ir.op.Neural;
import org.lapidary.ir.op.NnOp;
import org.lapidary.ir.op.OpInfo;
import org.lapidary.passes.canon.Constants;
import org.lapidary.passes.cut.Axes;
import org.lapidary.passes.cut.Slicer;

/// Takes channels out of the residual stream: columns of the embeddings and of all that writes to
/// the stream, rows of all that reads it. Those go without which all readers together lose least,
/// each refitted to the others; then everything is fitted to what is left ([HiddenFit]).
final class HiddenChannels {
  /// A layer with more outputs keeps its weights: a vocabulary's least squares would take longer
  /// than all others together.
  private static final int MOST_OUTPUTS = 8192;

  private final Graph<NnOp> graph;
  private final Axes axes;
  private final int hidden;
  private final List<Map<String, Tensor>> samples;
  private final ConstantCache weights;
  private final Map<Value, Graph.Node<NnOp>> definitions;
  private final Map<Value, Linear> layers = new LinkedHashMap<>();

  /// @throws DiagnosticException if no channels can be taken out
  HiddenChannels(Graph<NnOp> graph, List<Map<String, Tensor>> samples, ConstantCache weights) {
    this.graph = Slicer.withOwnConstants(graph);
    this.axes = Axes.of(this.graph);
    this.hidden = axes.residualStream(this.graph).orElseThrow(() -> refused(graph));
    this.samples = samples;
    this.weights = weights;
    this.definitions = this.graph.definitions();
    linear().forEach(layer -> layers.put(layer.end, layer));
  }

  private static DiagnosticException refused(Graph<NnOp> graph) {
    return new DiagnosticException(
        Diagnostic.error(
            Diagnostic.Code.INVALID_MODEL,
            graph.name(),
            "",
            "there is no residual stream whose channels could be taken out",
            "all normalizations must share one axis, which no input and no result of the model"
                + " has; leave hidden out of the recipe"));
  }

  /// A linear layer that reads or writes the stream.
  ///
  /// @param product of `x` and a constant
  /// @param end with the bias, or the product itself
  /// @param stream what `end` is added to, if a residual branch ends here
  record Linear(Value product, Value x, Value weight, Value end, Optional<Value> stream) {}

  private List<Linear> linear() {
    Map<Value, List<Graph.Node<NnOp>>> users = new HashMap<>();
    for (Graph.Node<NnOp> node : graph.nodes()) {
      for (Value v : OpInfo.operands(node.op())) {
        users.computeIfAbsent(v, _ -> new ArrayList<>()).add(node);
      }
    }
    Map<Value, Value> streams = new HashMap<>();
    Anatomy.branches(graph).values().forEach(b -> streams.put(b.result(), b.stream()));
    List<Linear> found = new ArrayList<>();
    for (Graph.Node<NnOp> node : graph.nodes()) {
      if (node.op() instanceof Neural.MatMul(Value x, Value weight)
          && isConstant(weight)
          && weight.type().rank() == 2
          && weight.type().dim(1) <= MOST_OUTPUTS
          && (x.type().rank() == 2 || x.type().rank() == 3)
          && (isHidden(x) || isHidden(node.result()))) {
        Value end = biased(node.result(), users.getOrDefault(node.result(), List.of()));
        Optional<Value> stream = Optional.ofNullable(streams.get(end));
        found.add(new Linear(node.result(), x, weight, end, stream));
      }
    }
    return found;
  }

  private Value biased(Value product, List<Graph.Node<NnOp>> readers) {
    return readers.size() == 1
            && readers.getFirst().op() instanceof Elementwise.Add(Value a, Value b)
            && a.equals(product)
            && isConstant(b)
            && Constants.isAlongLastAxis(b)
        ? readers.getFirst().result()
        : product;
  }

  private boolean isConstant(Value v) {
    Graph.Node<NnOp> node = definitions.get(v);
    return node != null && node.op() instanceof Layout.Const;
  }

  private boolean isHidden(Value v) {
    return axes.of(v, -1) == hidden;
  }

  /// How many channels the stream has.
  int count() {
    return axes.size(hidden);
  }

  /// The most channels that cost no more than a share of them does.
  int rounded(double share, ProductCost cost) {
    int asked = Math.max(1, (int) Math.ceil(share * count() - 1e-9));
    return Costs.rounded(asked, count(), n -> Costs.of(cut(first(n)), cost));
  }

  private static int[] first(int count) {
    return IntStream.range(0, count).toArray();
  }

  private Graph<NnOp> cut(int[] kept) {
    return Slicer.cut(graph, axes, Map.of(hidden, kept));
  }

  /// What is left of the graph with so many channels.
  ///
  /// @param score by magnitude nothing is refitted
  HiddenFit.Outcome keep(int count, PruneRecipe.Score score) {
    boolean fits = score == PruneRecipe.Score.LEAST_SQUARES;
    int[] kept = fits ? LeastSquares.choose(readers(), count) : largest(count);
    Map<Value, Linear> fitted = fits ? layers : Map.of();
    return new HiddenFit(graph, cut(kept), fitted, v -> kept(v, kept), samples, weights).run();
  }

  /// Which elements of the last axis are left.
  private int[] kept(Value v, int[] channels) {
    return axes.kept(axes.of(v, -1), Map.of(hidden, channels));
  }

  /// The layers that read the stream, with what they meet.
  private List<LeastSquares> readers() {
    Workbench bench = new Workbench(graph, samples, weights, Rows.Real.of(samples));
    Schedule schedule = new Schedule(graph, layers);
    List<LeastSquares> found = new ArrayList<>();
    for (Graph.Node<NnOp> node : graph.nodes()) {
      bench.run(node);
      Linear layer = layers.get(node.result());
      if (layer != null && isHidden(layer.x)) {
        Rows target = bench.rows(layer.end);
        found.add(new LeastSquares(bench.rows(layer.x), target, bench.elements(layer.weight)));
      }
      schedule.lastReadBy(node).forEach(bench::forget);
    }
    return found;
  }

  /// The channels with the largest weights, in and out.
  private int[] largest(int count) {
    double[] sizes = new double[count()];
    for (Linear layer : layers.values()) {
      Layout.Const constant =
          (Layout.Const) Objects.requireNonNull(definitions.get(layer.weight)).op();
      float[] w = weights.apply(constant.data()).f32();
      int outputs = layer.weight.type().dim(1);
      for (int i = 0; i < w.length; i++) {
        sizes[isHidden(layer.x) ? i / outputs : i % outputs] += (double) w[i] * w[i];
      }
    }
    return LargestWeights.largest(sizes, 0, sizes.length, count);
  }

  /// When the values of a graph are read for the last time, a layer's operand and stream at its
  /// end.
  static final class Schedule {
    private final Map<Value, List<Value>> last = new HashMap<>();

    Schedule(Graph<NnOp> graph, Map<Value, Linear> layers) {
      Map<Value, Value> reader = new HashMap<>();
      for (Graph.Node<NnOp> node : graph.nodes()) {
        reader.put(node.result(), node.result());
        OpInfo.operands(node.op()).forEach(v -> reader.put(v, node.result()));
        Linear layer = layers.get(node.result());
        if (layer != null) {
          reader.put(layer.x, node.result());
          layer.stream.ifPresent(v -> reader.put(v, node.result()));
        }
      }
      graph.results().forEach(p -> reader.remove(p.value()));
      reader.forEach((v, by) -> last.computeIfAbsent(by, _ -> new ArrayList<>()).add(v));
    }

    List<Value> lastReadBy(Graph.Node<NnOp> node) {
      return last.getOrDefault(node.result(), List.of());
    }
  }
}
