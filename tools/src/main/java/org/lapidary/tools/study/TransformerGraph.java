package org.lapidary.tools.study;

import java.util.List;
import java.util.SplittableRandom;
import org.lapidary.ir.DType;
import org.lapidary.ir.Data;
import org.lapidary.ir.Graph;
import org.lapidary.ir.GraphBuilder;
import org.lapidary.ir.Loc;
import org.lapidary.ir.Tensor;
import org.lapidary.ir.TensorType;
import org.lapidary.ir.Value;
import org.lapidary.ir.op.Elementwise;
import org.lapidary.ir.op.Layout;
import org.lapidary.ir.op.Neural;
import org.lapidary.ir.op.NnOp;

/// Layers of a given shape with random weights, seeded by the weights' names: enough where only
/// cycles matter. The graph is canonical already; the scale `1/√d_h` is in the query's weights.
public final class TransformerGraph {
  /// The name of the graph's input, the hidden state `f32[1,length,model]`.
  public static final String INPUT = "hidden_in";

  private static final double EPSILON = 1e-12;
  private static final float MASKED = -10000;

  private final TransformerShape shape;
  private final int length;
  private final GraphBuilder<NnOp> builder;

  private TransformerGraph(TransformerShape shape, int length) {
    this.shape = shape;
    this.length = length;
    this.builder = new GraphBuilder<>(shape.name());
  }

  /// The first `layers` layers, from hidden state to hidden state.
  public static Graph<NnOp> layers(TransformerShape shape, int length, int layers) {
    return layers(shape, length, layers, length);
  }

  /// The same of which only the first `read` rows are read.
  static Graph<NnOp> layers(TransformerShape shape, int length, int layers, int read) {
    TransformerGraph graph = new TransformerGraph(shape, length);
    Value x = graph.hidden();
    for (int layer = 0; layer < layers; layer++) {
      x =
          switch (shape.order()) {
            case AFTER_SUM -> graph.encoder(layer, x);
            case BEFORE_PARTS -> graph.decoder(layer, x);
          };
    }
    if (shape.order() == TransformerShape.Order.BEFORE_PARTS) {
      x = graph.norm(Loc.onnx("final/norm"), x);
    }
    if (read < length) {
      x = graph.builder.emit(new Layout.Slice(x, 1, 0, read, 1));
    }
    graph.builder.result("hidden_out", x);
    return graph.builder.build();
  }

  /// What comes in, and the positions added to it.
  private Value hidden() {
    TensorType type = TensorType.of(DType.F32, 1, length, shape.model());
    Value tokens = builder.input(INPUT, type);
    Value positions = constant(Loc.onnx("embedding"), "positions", type.dims(), -1, 1);
    return builder.emit(new Elementwise.Add(tokens, positions), Loc.onnx("embedding"));
  }

  private Value encoder(int layer, Value x) {
    Value sum = add(layer, Part.ATTENTION_SUM, attention(layer, x), x);
    Value middle = norm(layer, Part.ATTENTION_NORM, sum);
    Value out = add(layer, Part.FFN_SUM, feedForward(layer, middle), middle);
    return norm(layer, Part.FFN_NORM, out);
  }

  private Value decoder(int layer, Value x) {
    Value attended = attention(layer, norm(layer, Part.ATTENTION_NORM, x));
    Value middle = add(layer, Part.ATTENTION_SUM, attended, x);
    Value fed = feedForward(layer, norm(layer, Part.FFN_NORM, middle));
    return add(layer, Part.FFN_SUM, fed, middle);
  }

  private Value attention(int layer, Value x) {
    int width = shape.attention();
    double scale = 1 / Math.sqrt(shape.headWidth());
    Value q = heads(linear(layer, Part.QUERY, x, shape.model(), width, scale), 0, 2, 1, 3);
    Value k = heads(linear(layer, Part.KEY, x, shape.model(), width, 1), 0, 2, 3, 1);
    Value v = heads(linear(layer, Part.VALUE, x, shape.model(), width, 1), 0, 2, 1, 3);
    Value scores = builder.emit(new Neural.MatMul(q, k), at(layer, Part.SCORES));
    if (shape.order() == TransformerShape.Order.BEFORE_PARTS) {
      Value mask = builder.constant("causal-mask", causalMask());
      scores = builder.emit(new Elementwise.Add(scores, mask), at(layer, Part.SCORES));
    }
    Value weights = builder.emit(new Neural.Softmax(scores, -1), at(layer, Part.SOFTMAX));
    Value context = builder.emit(new Neural.MatMul(weights, v), at(layer, Part.CONTEXT));
    Value rows = builder.emit(new Layout.Transpose(context, List.of(0, 2, 1, 3)));
    Value joined = builder.emit(new Layout.Reshape(rows, List.of(1, length, width)));
    return linear(layer, Part.OUT, joined, width, shape.model(), 1);
  }

  private Value heads(Value x, Integer... permutation) {
    List<Integer> dims = List.of(1, length, shape.heads(), shape.headWidth());
    Value split = builder.emit(new Layout.Reshape(x, dims));
    return builder.emit(new Layout.Transpose(split, List.of(permutation)));
  }

  private Value feedForward(int layer, Value x) {
    Value inner = linear(layer, Part.INNER, x, shape.model(), shape.ffn(), 1);
    Value gelu = builder.emit(new Elementwise.Gelu(inner, false), at(layer, Part.GELU));
    return linear(layer, Part.OUTER, gelu, shape.ffn(), shape.model(), 1);
  }

  /// Outputs of about the inputs' size, times `scale`.
  private Value linear(int layer, Part part, Value x, int from, int to, double scale) {
    Loc loc = at(layer, part);
    float bound = (float) (scale * Math.sqrt(3.0 / from));
    Value weight = constant(loc, "weight", List.of(from, to), -bound, bound);
    Value bias = constant(loc, "bias", List.of(to), -bound, bound);
    Value product = builder.emit(new Neural.MatMul(x, weight), loc);
    return builder.emit(new Elementwise.Add(product, bias), loc);
  }

  private Value norm(int layer, Part part, Value x) {
    return norm(at(layer, part), x);
  }

  private Value norm(Loc loc, Value x) {
    Value gamma = constant(loc, "gamma", List.of(shape.model()), 0.5f, 1.5f);
    Value beta = constant(loc, "beta", List.of(shape.model()), -0.5f, 0.5f);
    return builder.emit(new Neural.LayerNorm(x, gamma, beta, EPSILON), loc);
  }

  private Value add(int layer, Part part, Value a, Value b) {
    return builder.emit(new Elementwise.Add(a, b), at(layer, part));
  }

  private Value constant(Loc loc, String what, List<Integer> dims, float low, float high) {
    String name = loc.node() + "/" + what;
    TensorType type = TensorType.of(DType.F32, dims);
    Data data =
        Data.of(name, Tensor.of(type, uniform(name.hashCode(), type.elements(), low, high)));
    return builder.emit(new Layout.Const(data), loc);
  }

  private static float[] uniform(long seed, int count, float low, float high) {
    SplittableRandom random = new SplittableRandom(seed);
    float[] values = new float[count];
    float step = (high - low) / (1 << 24);
    for (int i = 0; i < count; i++) {
      values[i] = low + step * (random.nextInt() >>> 8);
    }
    return values;
  }

  private Tensor causalMask() {
    float[] mask = new float[length * length];
    for (int row = 0; row < length; row++) {
      for (int col = row + 1; col < length; col++) {
        mask[row * length + col] = MASKED;
      }
    }
    return Tensor.of(TensorType.of(DType.F32, 1, 1, length, length), mask);
  }

  private static Loc at(int layer, Part part) {
    return Loc.onnx(part.node(layer));
  }
}
