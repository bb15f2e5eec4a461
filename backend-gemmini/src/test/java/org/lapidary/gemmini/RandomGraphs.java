package org.lapidary.gemmini;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import org.lapidary.gemmini.program.Program;
import org.lapidary.gemmini.program.ProgramRunner;
import org.lapidary.ir.DType;
import org.lapidary.ir.Graph;
import org.lapidary.ir.GraphBuilder;
import org.lapidary.ir.Loc;
import org.lapidary.ir.Tensor;
import org.lapidary.ir.TensorType;
import org.lapidary.ir.Value;
import org.lapidary.ir.eval.Evaluator;
import org.lapidary.ir.op.Accumulate;
import org.lapidary.ir.op.HostBridge;
import org.lapidary.ir.op.Layout;
import org.lapidary.ir.op.MoveOut;
import org.lapidary.ir.op.Op;

/// Builds small integer graphs with random constants.
final class RandomGraphs {
  static final double SCALE = 0.05;

  /// So small that no sum of squares in these graphs leaves int32.
  private static final int LARGEST_WEIGHT = 8;

  final Random random;
  final GraphBuilder<Op> builder = new GraphBuilder<>("random");
  final Map<String, Tensor> inputs = new LinkedHashMap<>();
  final boolean truncating;

  RandomGraphs(long seed, boolean truncating) {
    this.random = new Random(seed);
    this.truncating = truncating;
  }

  /// A program of a graph gives in checked mode what the referee gives, bit for bit.
  void givesWhatTheRefereeDoes(Program program, Graph<Op> graph, String about) {
    Map<String, Tensor> actual =
        new ProgramRunner(program)
            .run(inputs, ProgramRunner.Options.of(program).inCheckedMode())
            .outputs();
    Evaluator.run(graph, inputs)
        .forEach((name, expected) -> {
          Tensor got = Objects.requireNonNull(actual.get(name));
          for (int i = 0; i < expected.elements(); i++) {
            assertThat(got.asDouble(i))
                .as("%s[%d] on %s", name, i, about)
                .isEqualTo(expected.asDouble(i));
          }
        });
  }

  int between(int low, int high) {
    return low + random.nextInt(high - low + 1);
  }

  Value emit(Op op, String node) {
    return builder.emit(op, Loc.onnx(node));
  }

  /// An int8 value computed by the host from an f32 input.
  Value quantizedInput(String name, int... dims) {
    TensorType type = TensorType.of(DType.F32, dims);
    Value x = builder.input(name, type);
    float[] data = new float[type.elements()];
    for (int i = 0; i < data.length; i++) {
      data[i] = (float) random.nextGaussian();
    }
    inputs.put(name, Tensor.of(type, data));
    return emit(new HostBridge.Quantize(x, DType.I8, SCALE, -127, 127), name + "/quantize");
  }

  Value quantizedSum(String name, int spread, int... dims) {
    TensorType type = TensorType.of(DType.F32, dims);
    Value x = builder.input(name, type);
    float[] data = new float[type.elements()];
    for (int i = 0; i < data.length; i++) {
      data[i] = (float) (random.nextGaussian() * spread);
    }
    inputs.put(name, Tensor.of(type, data));
    return emit(
        new HostBridge.Quantize(x, DType.I32, 1, -1_000_000, 1_000_000), name + "/quantize");
  }

  Value int8(String name, int... dims) {
    TensorType type = TensorType.of(DType.I8, dims).withScale(SCALE);
    byte[] data = new byte[type.elements()];
    for (int i = 0; i < data.length; i++) {
      data[i] = (byte) between(-LARGEST_WEIGHT, LARGEST_WEIGHT);
    }
    return builder.constant(name, Tensor.of(type, data));
  }

  Value int32(String name, int bound, int... dims) {
    TensorType type = TensorType.of(DType.I32, dims);
    int[] data = new int[type.elements()];
    for (int i = 0; i < data.length; i++) {
      data[i] = random.nextInt(2 * bound + 1) - bound;
    }
    return builder.constant(name, Tensor.of(type, data));
  }

  Value matmul(Value a, Value b, String node) {
    return emit(new Accumulate.MatMulI8(a, b), node);
  }

  Value add(Value a, Value b) {
    return emit(new Accumulate.AddI32(a, b), "add");
  }

  Value requantize(Value x, double scale, boolean relu) {
    return emit(new MoveOut.Requantize(x, (float) scale, relu, SCALE), "requantize");
  }

  /// Read out in blocks of columns of any width, those of no whole tiles included.
  Value requantizeBlocks(Value x, boolean relu) {
    int n = x.type().dim(-1);
    int columns = random.nextBoolean() ? 16 * between(1, 3) : between(1, 40);
    List<Float> scales = new ArrayList<>();
    for (int c = 0; c < n; c += columns) {
      scales.add((float) (0.02 * Math.exp(random.nextGaussian())));
    }
    return emit(new MoveOut.RequantizeBlocks(x, scales, columns, relu, SCALE), "requantize_blocks");
  }

  Value gelu(Value x) {
    return emit(
        new MoveOut.GeluI32(x, -between(20, 200), -between(20, 4000), -3e-7f, SCALE), "gelu");
  }

  /// Constants of gemmini.md §7.2 for an input scale; sums stay within reach of the shift.
  Value softmax(Value x, double s) {
    int qln2 = (int) (0.693147 / s);
    int qb = (int) (1.353 / s);
    int qc = (int) (0.344 / (0.3585 * s * s));
    return emit(new MoveOut.SoftmaxI32(x, qln2, 65536 / qln2, qb, qc, 1f, 1.0 / 127), "softmax");
  }

  Value layerNorm(Value x) {
    return emit(new MoveOut.LayerNormI32(x, between(1, 40) + 0.3f, truncating, SCALE), "layernorm");
  }

  Value reshape(Value x, Integer... dims) {
    return emit(new Layout.Reshape(x, List.of(dims)), "reshape");
  }

  Value transpose(Value x, Integer... axes) {
    return emit(new Layout.Transpose(x, List.of(axes)), "transpose");
  }

  Graph<Op> result(Value... values) {
    List<Value> all = new ArrayList<>(List.of(values));
    for (int i = 0; i < all.size(); i++) {
      builder.result("out" + i, all.get(i));
    }
    return builder.build();
  }

  /// An encoder layer as the quantizer makes them; x is `i8[batch, length, hidden]`.
  Value encoderLayer(
      Value x, Value mask, int batch, int length, int heads, int headDim, int inner) {
    int hidden = heads * headDim;
    Value q = project(x, hidden, hidden, "query");
    Value k = project(x, hidden, hidden, "key");
    Value v = project(x, hidden, hidden, "value");
    Value qh = heads(q, batch, length, heads, headDim);
    Value kh = transpose(heads(k, batch, length, heads, headDim), 0, 1, 3, 2);
    Value vh = heads(v, batch, length, heads, headDim);
    Value scores = add(matmul(qh, kh, "scores"), mask);
    Value p = softmax(scores, 0.0005);
    Value context = requantize(matmul(p, vh, "context"), 0.01, false);
    Value merged = reshape(transpose(context, 0, 2, 1, 3), batch, length, hidden);
    Value attended = residualNorm(merged, x, hidden, hidden, "attention");
    Value up = add(matmul(attended, int8("up", hidden, inner), "up"), int32("b1", 300, inner));
    Value down = residualNorm(gelu(up), attended, inner, hidden, "output");
    return down;
  }

  private Value project(Value x, int from, int to, String name) {
    Value sum = add(matmul(x, int8(name + ".w", from, to), name), int32(name + ".b", 500, to));
    return requantize(sum, 0.1 / Math.sqrt(from), false);
  }

  private Value heads(Value x, int batch, int length, int heads, int headDim) {
    return transpose(reshape(x, batch, length, heads, headDim), 0, 2, 1, 3);
  }

  private Value residualNorm(Value x, Value skip, int from, int to, String name) {
    Value dense = matmul(x, int8(name + ".w", from, to), name);
    Value scaled =
        emit(
            new Accumulate.ChannelMul(skip, int32(name + ".f", 160, to), dense.type().scale()),
            name + "/skip");
    Value sum = add(add(dense, int32(name + ".b", 900, to)), scaled);
    Value norm = layerNorm(sum);
    Value affine =
        emit(new Accumulate.ChannelMul(norm, int32(name + ".g", 120, to), 0.01), name + "/gamma");
    return requantize(add(affine, int32(name + ".beta", 900, to)), 0.02, false);
  }
}
