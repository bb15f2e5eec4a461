package org.lapidary.passes.quant;

import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import java.util.function.Function;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.lapidary.ir.DType;
import org.lapidary.ir.Data;
import org.lapidary.ir.Graph;
import org.lapidary.ir.Tensor;
import org.lapidary.ir.Value;
import org.lapidary.ir.eval.Evaluator;
import org.lapidary.ir.op.Neural;
import org.lapidary.ir.op.NnOp;

/// Runs the float referee on samples and keeps statistics of every value.
///
/// Rows of padding, as an input named `attention_mask` declares them, do not count in the
/// distributions, because nothing that matters ever depends on them; they do count where a width
/// must hold.
public final class Calibrator {
  private final ModelView model;
  private final Function<Data, Tensor> reader;
  private final int moments;
  private final Calibration calibration = new Calibration();

  public Calibrator(Graph<NnOp> graph) {
    this(graph, Data::load, 0);
  }

  /// A calibrator that reads the weights through a cache, which several may share.
  ///
  /// @param moments largest number of channels that are observed in pairs, see [Recipe#moments()]
  public Calibrator(Graph<NnOp> graph, Function<Data, Tensor> reader, int moments) {
    this.model = new ModelView(graph);
    this.reader = reader;
    this.moments = moments;
  }

  /// What was seen so far.
  public Calibration calibration() {
    return calibration;
  }

  /// Takes one sample.
  public void add(Map<String, Tensor> inputs) {
    RealRows realRows = RealRows.of(inputs.get("attention_mask"));
    Map<Value, Tensor> scores = new HashMap<>();
    for (Graph.Port port : model.graph().inputs()) {
      Tensor given = inputs.get(port.name());
      if (given != null) {
        observe(port.value(), given, realRows, scores);
      }
    }
    Evaluator.run(
        model.graph(),
        inputs,
        reader,
        (node, result) -> observe(node.result(), result, realRows, scores));
    calibration.countSamples(1);
  }

  private void observe(Value value, Tensor result, RealRows realRows, Map<Value, Tensor> kept) {
    if (result.type().dtype() != DType.F32) {
      return;
    }
    float[] real = realRows.select(result);
    calibration.histogram(value).add(real);
    if (model.hasChannels(value)) {
      calibration.channels(value).add(real);
      if (value.type().dim(-1) <= moments && model.entersProduct(value)) {
        calibration.moments(value).add(real);
      }
    }
    for (Graph.Node<NnOp> use : model.uses(value)) {
      switch (use.op()) {
        case Neural.LayerNorm norm when norm.x().equals(value) ->
            calibration
                .norm(use.result())
                .add(result.f32(), real, value.type().dim(-1), norm.epsilon());
        case Neural.Softmax softmax when model.isAttention(softmax, use.result()) ->
            observeScores(use.result(), value, result, kept);
        default -> keepScores(use, value, result, kept); // others only if a softmax follows
      }
    }
  }

  /// The operand of a softmax is seen after the scores that its mask was added to.
  private void observeScores(Value softmax, Value operand, Tensor masked, Map<Value, Tensor> kept) {
    Value before = model.scores(operand).scores();
    Tensor scores = before.equals(operand) ? masked : kept.remove(before);
    calibration
        .score(softmax)
        .add(
            Objects.requireNonNull(scores, "scores come before their mask").f32(),
            masked.f32(),
            operand.type().dim(-1));
  }

  private void keepScores(
      Graph.Node<NnOp> use, Value value, Tensor result, Map<Value, Tensor> kept) {
    for (Graph.Node<NnOp> next : model.uses(use.result())) {
      if (next.op() instanceof Neural.Softmax softmax
          && model.isAttention(softmax, next.result())
          && model.scores(use.result()).scores().equals(value)) {
        kept.put(value, result);
      }
    }
  }

  /// The rows that are not padding.
  ///
  /// @param mask `[B,S]`, 0 for padding; none if there is no padding
  private record RealRows(@Nullable Tensor mask) {
    static RealRows of(@Nullable Tensor mask) {
      return new RealRows(
          mask != null && mask.type().rank() == 2 && hasPadding(mask) ? mask : null);
    }

    private static boolean hasPadding(Tensor mask) {
      return IntStream.range(0, mask.elements()).anyMatch(i -> mask.asDouble(i) == 0);
    }

    /// The elements that belong to real positions, of a tensor `[B,S,..]` or `[B,h,S,..]`.
    float[] select(Tensor t) {
      int axis = mask == null ? -1 : positionAxis(t, mask);
      if (mask == null || axis < 0) {
        return t.f32();
      }
      int batch = t.type().dim(0);
      int heads = axis == 1 ? 1 : t.type().dim(1);
      int positions = t.type().dim(axis);
      int width = t.elements() / (batch * heads * positions);
      float[] out = new float[t.elements()];
      int filled = 0;
      for (int row = 0; row < batch * heads * positions; row++) {
        int b = row / (heads * positions);
        if (mask.asDouble(b * positions + row % positions) != 0) {
          System.arraycopy(t.f32(), row * width, out, filled, width);
          filled += width;
        }
      }
      return java.util.Arrays.copyOf(out, filled);
    }

    private static int positionAxis(Tensor t, Tensor mask) {
      int batch = mask.type().dim(0);
      int positions = mask.type().dim(1);
      int rank = t.type().rank();
      if (rank < 3 || t.type().dim(0) != batch) {
        return -1;
      }
      if (t.type().dim(1) == positions && rank == 3) {
        return 1;
      }
      return rank == 4 && t.type().dim(2) == positions ? 2 : -1;
    }
  }
}
