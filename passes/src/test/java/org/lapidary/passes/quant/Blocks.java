package org.lapidary.passes.quant;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.function.IntToDoubleFunction;
import java.util.function.UnaryOperator;
import org.lapidary.ir.DType;
import org.lapidary.ir.Graph;
import org.lapidary.ir.GraphBuilder;
import org.lapidary.ir.Loc;
import org.lapidary.ir.Tensor;
import org.lapidary.ir.TensorType;
import org.lapidary.ir.Value;
import org.lapidary.ir.eval.Evaluator;
import org.lapidary.ir.op.Elementwise;
import org.lapidary.ir.op.Indexing;
import org.lapidary.ir.op.Layout;
import org.lapidary.ir.op.Neural;
import org.lapidary.ir.op.NnOp;

/// Builds small Transformers in the canonical form, with random weights.
final class Blocks {
  static final int VOCABULARY = 50;
  private final Random random;
  private final int length;
  private final int hidden;
  private final int heads;
  private final GraphBuilder<NnOp> out = new GraphBuilder<>("blocks");
  private final Map<Value, float[]> constants = new HashMap<>();
  private double loudValues = 1;
  private int names;

  Blocks(long seed, int length, int hidden, int heads) {
    this.random = new Random(seed);
    this.length = length;
    this.hidden = hidden;
    this.heads = heads;
  }

  /// One post-LN layer with a padding mask, and a head on the first position.
  static Graph<NnOp> bert(long seed, UnaryOperator<Value> unused) {
    return bert(seed, unused, 1);
  }

  /// The same floats, but for rounding: one channel of each head's values so much louder, and read
  /// so much more softly.
  static Graph<NnOp> bert(long seed, UnaryOperator<Value> unused, double loudValues) {
    Blocks b = new Blocks(seed, 24, 48, 3);
    b.loudValues = loudValues;
    Value mask = b.paddingMask();
    Value x = b.norm(b.embeddings());
    for (int layer = 0; layer < 2; layer++) {
      x = b.norm(b.add(b.attention(x, mask), x));
      x = b.norm(b.add(b.feedForward(x, true), x));
    }
    Value first = b.emit(new Layout.Slice(unused.apply(x), 1, 0, 1, 1));
    Value pooled = b.emit(new Elementwise.Tanh(b.linear(first, 48, 48)));
    b.out.result("logits", b.linear(pooled, 48, 4));
    return b.out.build();
  }

  /// Two pre-LN layers with a causal mask, and a language-model head.
  static Graph<NnOp> gpt(long seed) {
    return gpt(seed, 1);
  }

  /// The same, the second layer's feed-forward part louder than all before it.
  static Graph<NnOp> gpt(long seed, double loud) {
    Blocks b = new Blocks(seed, 24, 48, 3);
    Value mask = b.causalMask();
    Value x = b.embeddings();
    for (int layer = 0; layer < 2; layer++) {
      x = b.add(x, b.attention(b.norm(x), mask));
      Value inner = b.feedForward(b.norm(x), false);
      boolean scaled = layer == 1 && loud != 1;
      x = b.add(x, scaled ? b.emit(new Elementwise.Mul(inner, b.scalar(loud))) : inner);
    }
    Value w = b.constant(0.15, 48, VOCABULARY);
    b.out.result("logits", b.emit(new Neural.MatMul(b.norm(x), w)));
    return b.out.build();
  }

  /// An FFN whose activation no accelerator knows, between two LayerNorms.
  static Graph<NnOp> withSine(long seed) {
    Blocks b = new Blocks(seed, 24, 48, 3);
    Value x = b.norm(b.embeddings());
    Value inner = b.emit(new Elementwise.Sin(b.linear(x, 48, 96)));
    b.out.result("y", b.norm(b.add(b.linear(inner, 96, 48), x)));
    return b.out.build();
  }

  /// A projection joined to rows from an earlier step, before a LayerNorm.
  static Graph<NnOp> cached(long seed) {
    Blocks b = new Blocks(seed, 24, 48, 3);
    Value past = b.out.input("past", TensorType.of(DType.F32, 1, 8, 48));
    Value x = b.linear(b.norm(b.embeddings()), 48, 48);
    Value all = b.emit(new Layout.Concat(List.of(past, x), 1));
    b.out.result("y", b.norm(b.linear(all, 48, 48)));
    return b.out.build();
  }

  /// Random ids, of which the last few are padding.
  static List<Map<String, Tensor>> samples(long seed, int count, Graph<NnOp> graph) {
    Random random = new Random(seed);
    List<Map<String, Tensor>> samples = new ArrayList<>();
    for (int s = 0; s < count; s++) {
      long[] ids = random.longs(24, 0, VOCABULARY).toArray();
      float[] mask = new float[24];
      int real = 8 + random.nextInt(17);
      for (int i = 0; i < 24; i++) {
        mask[i] = i < real ? 1 : 0;
      }
      Tensor idTensor = Tensor.i64(List.of(1, 24), ids);
      samples.add(
          graph.inputs().size() == 1
              ? Map.of("ids", idTensor)
              : Map.of("ids", idTensor, "attention_mask", Tensor.f32(List.of(1, 24), mask)));
    }
    return samples;
  }

  private Value emit(NnOp op) {
    return out.emit(op, Loc.onnx("/node" + names++));
  }

  private Value constant(double deviation, int... dims) {
    TensorType type = TensorType.of(DType.F32, dims);
    float[] w = new float[type.elements()];
    for (int i = 0; i < w.length; i++) {
      w[i] = (float) (random.nextGaussian() * deviation);
    }
    Value value = out.constant("w" + names++, Tensor.of(type, w));
    constants.put(value, w);
    return value;
  }

  private Value around(double centre, double deviation, int n) {
    float[] w = new float[n];
    for (int i = 0; i < n; i++) {
      w[i] = (float) (centre + random.nextGaussian() * deviation);
    }
    return out.constant("w" + names++, Tensor.f32(List.of(n), w));
  }

  private Value scalar(double x) {
    return out.constant("s" + names++, Tensor.f32(List.of(), (float) x));
  }

  private Value embeddings() {
    Value ids = out.input("ids", TensorType.of(DType.I64, 1, length));
    Value words = emit(new Indexing.Gather(constant(1, VOCABULARY, hidden), ids, 0));
    return emit(new Elementwise.Add(words, constant(0.5, 1, length, hidden)));
  }

  private Value paddingMask() {
    Value mask = out.input("attention_mask", TensorType.of(DType.F32, 1, length));
    Value wide = emit(new Layout.Reshape(mask, List.of(1, 1, 1, length)));
    return emit(new Elementwise.Mul(emit(new Elementwise.Sub(scalar(1), wide)), scalar(-1e4)));
  }

  private Value causalMask() {
    float[] mask = new float[length * length];
    for (int i = 0; i < mask.length; i++) {
      mask[i] = i % length > i / length ? -3.4e38f : 0;
    }
    return out.constant("causal", Tensor.f32(List.of(1, 1, length, length), mask));
  }

  private Value norm(Value x) {
    return emit(new Neural.LayerNorm(x, around(1, 0.2, hidden), around(0, 0.2, hidden), 1e-5));
  }

  private Value add(Value a, Value b) {
    return emit(new Elementwise.Add(a, b));
  }

  private Value linear(Value x, int from, int to) {
    return linear(x, from, to, 1, 1);
  }

  /// @param rows factor of one row of the weight in sixteen
  /// @param columns factor of one column in sixteen, and of its bias
  private Value linear(Value x, int from, int to, double rows, double columns) {
    Value w = constant(1 / Math.sqrt(from), from, to);
    Value bias = constant(0.1, to);
    if (rows != 1 || columns != 1) {
      w = scaled(w, i -> (i / to % 16 == 5 ? rows : 1) * (i % to % 16 == 5 ? columns : 1));
      bias = scaled(bias, i -> i % 16 == 5 ? columns : 1);
    }
    return emit(new Elementwise.Add(emit(new Neural.MatMul(x, w)), bias));
  }

  private Value scaled(Value constant, IntToDoubleFunction factor) {
    float[] w = Objects.requireNonNull(constants.get(constant)).clone();
    for (int i = 0; i < w.length; i++) {
      w[i] *= (float) factor.applyAsDouble(i);
    }
    return out.constant("w" + names++, Tensor.of(constant.type(), w));
  }

  private Value feedForward(Value x, boolean gelu) {
    Value inner = linear(x, hidden, 4 * hidden);
    Value active = emit(gelu ? new Elementwise.Gelu(inner, false) : new Elementwise.Relu(inner));
    return linear(active, 4 * hidden, hidden);
  }

  private Value split(Value x, List<Integer> permutation) {
    Value parts = emit(new Layout.Reshape(x, List.of(1, length, heads, hidden / heads)));
    return emit(new Layout.Transpose(parts, permutation));
  }

  private Value attention(Value x, Value mask) {
    Value q = split(linear(x, hidden, hidden), List.of(0, 2, 1, 3));
    Value k = split(linear(x, hidden, hidden), List.of(0, 2, 3, 1));
    Value v = split(linear(x, hidden, hidden, 1, loudValues), List.of(0, 2, 1, 3));
    Value scores = emit(new Neural.MatMul(q, k));
    Value scaled = emit(new Elementwise.Mul(scores, scalar(1 / Math.sqrt(16.0))));
    Value p = emit(new Neural.Softmax(emit(new Elementwise.Add(scaled, mask)), -1));
    Value context = emit(new Layout.Transpose(emit(new Neural.MatMul(p, v)), List.of(0, 2, 1, 3)));
    Value joined = emit(new Layout.Reshape(context, List.of(1, length, hidden)));
    return linear(joined, hidden, hidden, 1 / loudValues, 1);
  }

  /// Signal to noise of the integer referee against the float referee, on samples that were not
  /// calibrated.
  static double decibel(Graph<NnOp> graph, QuantizedModel quantized) {
    double signal = 0;
    double noise = 0;
    for (Map<String, Tensor> sample : samples(8, 16, graph)) {
      float[] real = Evaluator.run(graph, sample).values().iterator().next().f32();
      float[] approx = Evaluator.run(quantized.graph(), sample).values().iterator().next().f32();
      for (int i = 0; i < real.length; i++) {
        signal += real[i] * real[i];
        noise += (real[i] - approx[i]) * (real[i] - approx[i]);
      }
    }
    return 10 * Math.log10(signal / noise);
  }
}
