package org.lapidary.gemmini;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.lapidary.gemmini.c.CProject;
import org.lapidary.gemmini.program.Program;
import org.lapidary.ir.DType;
import org.lapidary.ir.DiagnosticException;
import org.lapidary.ir.GraphBuilder;
import org.lapidary.ir.Loc;
import org.lapidary.ir.Tensor;
import org.lapidary.ir.TensorType;
import org.lapidary.ir.Value;
import org.lapidary.ir.op.Accumulate;
import org.lapidary.ir.op.Elementwise;
import org.lapidary.ir.op.HostBridge;
import org.lapidary.ir.op.Indexing;
import org.lapidary.ir.op.Layout;
import org.lapidary.ir.op.MoveOut;
import org.lapidary.ir.op.Neural;
import org.lapidary.ir.op.Op;
import org.lapidary.machine.GemminiParams;
import org.lapidary.machine.Semantics;

/// Every operation of the host gives the referee's bits in C, on awkward values too.
class HostStepsInCTest {
  private final GraphBuilder<Op> builder = new GraphBuilder<>("host");
  private final Map<String, Tensor> inputs = new LinkedHashMap<>();
  private final Random random = new Random(3);
  private int results;

  private Value given(String name, Tensor tensor) {
    inputs.put(name, tensor);
    return builder.input(name, tensor.type());
  }

  private Value floats(String name, double spread, Integer... dims) {
    TensorType type = TensorType.of(DType.F32, List.of(dims));
    float[] data = new float[type.elements()];
    for (int i = 0; i < data.length; i++) {
      data[i] = (float) (random.nextGaussian() * spread);
    }
    return given(name, Tensor.of(type, data));
  }

  private Value longs(String name, long bound, Integer... dims) {
    TensorType type = TensorType.of(DType.I64, List.of(dims));
    return given(name, Tensor.of(type, random.longs(type.elements(), -bound, bound).toArray()));
  }

  private Value emit(Op op) {
    Value value = builder.emit(op, Loc.onnx("/" + op.getClass().getSimpleName() + results));
    builder.result("y%d %s".formatted(results++, op.getClass().getSimpleName()), value);
    return value;
  }

  private static final float[] AWKWARD = {
    0f,
    -0f,
    1f,
    -1f,
    0.5f,
    -0.5f,
    1.5f,
    2.5f,
    -2.5f,
    Float.MIN_VALUE,
    -1e-38f,
    1e-8f,
    0.0799f,
    0.0801f,
    3.4e38f,
    -3.4e38f,
    Float.POSITIVE_INFINITY,
    Float.NEGATIVE_INFINITY,
    Float.NaN,
    88.8f,
    -103.9f,
    5.9999f,
    6.0001f,
    21f,
    -19f,
    9.3e18f,
    -9.3e18f,
    0x1p31f,
    126.5f,
    127.5f,
    -128.5f,
    709.5f
  };

  private Value awkward() {
    float[] data = new float[AWKWARD.length + 480];
    System.arraycopy(AWKWARD, 0, data, 0, AWKWARD.length);
    for (int i = AWKWARD.length; i < data.length; i++) {
      data[i] = (float) (random.nextGaussian() * Math.pow(10, random.nextInt(8) - 4));
    }
    return given("awkward", Tensor.f32(List.of(data.length), data));
  }

  private void check(Path folder) throws Exception {
    Program program =
        GemminiCompiler.compile(builder.build(), GemminiParams.load("chip"), Semantics.RTL);
    CProject.write(program, "host", "every host step", inputs, folder.resolve("c"));
    assertThat(GeneratedC.runNatively(program, folder.resolve("c"), "host"))
        .contains("as expected")
        .doesNotContain("WRONG");
  }

  @Test
  void realFunctions(@TempDir Path folder) throws Exception {
    Value x = awkward();
    emit(new Elementwise.Neg(x));
    emit(new Elementwise.Abs(x));
    emit(new Elementwise.Exp(x));
    emit(new Elementwise.Log(x));
    emit(new Elementwise.Sqrt(x));
    emit(new Elementwise.Reciprocal(x));
    emit(new Elementwise.Erf(x));
    emit(new Elementwise.Tanh(x));
    emit(new Elementwise.Sigmoid(x));
    emit(new Elementwise.Relu(x));
    emit(new Elementwise.Floor(x));
    emit(new Elementwise.Ceil(x));
    emit(new Elementwise.Round(x));
    emit(new Elementwise.Sign(x));
    emit(new Elementwise.Softplus(x));
    emit(new Elementwise.Gelu(x, false));
    emit(new Elementwise.Gelu(x, true));
    emit(new Elementwise.Clip(x, -0.3, 1e300));
    emit(new Elementwise.FakeQuantize(x, 0.037f, 3, -128, 127));
    emit(new Neural.FakeQuantizeDynamic(emit(new Elementwise.Clip(x, -9, 7))));
    for (DType to : DType.values()) {
      Value cast = emit(new Elementwise.Cast(x, to));
      emit(new Elementwise.Cast(cast, DType.F32));
    }
    emit(new HostBridge.Quantize(x, DType.I8, 0.013, -127, 127));
    emit(new HostBridge.Quantize(x, DType.I32, 1e-7, Integer.MIN_VALUE, Integer.MAX_VALUE));
    Value y = builder.constant("turned", turned());
    emit(new Elementwise.Add(x, y));
    emit(new Elementwise.Sub(x, y));
    emit(new Elementwise.Mul(x, y));
    emit(new Elementwise.Div(x, y));
    emit(new Elementwise.Min(x, y));
    emit(new Elementwise.Max(x, y));
    emit(new Elementwise.Mod(x, y, false));
    emit(new Elementwise.Mod(x, y, true));
    Value less = emit(new Elementwise.Less(x, y));
    emit(new Elementwise.Equal(x, y));
    emit(new Elementwise.Greater(x, y));
    emit(new Elementwise.GreaterOrEqual(x, y));
    emit(new Elementwise.LessOrEqual(x, y));
    emit(new Elementwise.Where(less, x, y));
    for (float exponent : new float[] {0.5f, 2, 3, -2, 0}) {
      emit(new Elementwise.Pow(x, builder.constant("e", Tensor.f32(List.of(), exponent))));
    }
    check(folder);
  }

  private static Tensor turned() {
    float[] data = new float[AWKWARD.length + 480];
    for (int i = 0; i < data.length; i++) {
      data[i] = AWKWARD[(i * 7 + 3) % AWKWARD.length];
    }
    return Tensor.f32(List.of(data.length), data);
  }

  @Test
  void integers(@TempDir Path folder) throws Exception {
    long[] data = {0, 1, -1, 7, -7, Long.MIN_VALUE, Long.MAX_VALUE, 1L << 40, 300, -129};
    long[] others = {3, -1, 2, -3, 3, -1, 2, 5, -16, 4};
    Value x = given("x", Tensor.i64(List.of(data.length), data));
    Value y = given("y", Tensor.i64(List.of(data.length), others));
    emit(new Elementwise.Add(x, y));
    emit(new Elementwise.Sub(x, y));
    emit(new Elementwise.Mul(x, y));
    emit(new Elementwise.Div(x, y));
    emit(new Elementwise.Mod(x, y, false));
    emit(new Elementwise.Mod(x, y, true));
    emit(new Elementwise.Pow(x, y));
    emit(new Elementwise.Min(x, y));
    emit(new Elementwise.Max(x, y));
    emit(new Elementwise.Neg(x));
    emit(new Elementwise.Abs(x));
    emit(new Elementwise.Sign(x));
    emit(new Elementwise.Relu(x));
    emit(new Elementwise.Clip(x, -5.5, 100));
    Value a = emit(new Elementwise.Greater(x, y));
    Value b = emit(new Elementwise.LessOrEqual(x, builder.constant("c", Tensor.i64(List.of(), 7))));
    emit(new Elementwise.And(a, b));
    emit(new Elementwise.Or(a, b));
    emit(new Elementwise.Xor(a, emit(new Elementwise.Not(b))));
    Value small = emit(new Elementwise.Cast(x, DType.I8));
    emit(new Elementwise.Add(small, emit(new Elementwise.Cast(y, DType.I8))));
    emit(new Accumulate.Widen(small));
    for (Neural.Reduction how : Neural.Reduction.values()) {
      emit(new Neural.Reduce(emit(new Elementwise.Cast(y, DType.I32)), how, List.of(0), false));
    }
    emit(new Indexing.CumSum(x, 0, true, false));
    emit(new Indexing.ArgExtreme(x, 0, true, false, true));
    emit(new Indexing.TopK(x, 7, 0, false));
    emit(new Indexing.TopK(small, 3, 0, true));
    emit(
        new Neural.MatMul(
            emit(new Layout.Reshape(x, List.of(2, 5))),
            emit(new Layout.Reshape(y, List.of(5, 2)))));
    check(folder);
  }

  @Test
  void movementAndMixing(@TempDir Path folder) throws Exception {
    Value x = floats("x", 3, 2, 3, 5, 4);
    emit(new Layout.Transpose(x, List.of(2, 0, 3, 1)));
    emit(new Layout.Slice(x, 2, 4, 3, -2));
    Value row = emit(new Layout.Slice(x, 0, 1, 1, 1));
    emit(new Layout.Broadcast(row, List.of(7, 3, 5, 4)));
    emit(new Layout.Concat(List.of(x, x, row), 0));
    emit(new Layout.Concat(List.of(x, x), -1));
    emit(new Elementwise.Add(x, floats("b", 1, 3, 1, 4)));
    Value index = longs("index", 5, 2, 3);
    emit(new Indexing.Gather(x, index, 2));
    emit(new Indexing.GatherElements(x, longs("picks", 3, 2, 3, 4, 4), 1));
    Value tuples = longs("tuples", 2, 6, 2);
    emit(new Indexing.GatherNd(x, tuples));
    emit(new Indexing.ScatterNd(x, tuples, floats("updates", 1, 6, 5, 4)));
    emit(new Indexing.CumSum(x, 1, false, true));
    emit(new Indexing.CumSum(x, -1, true, false));
    emit(new Indexing.Trilu(x, 1, true));
    emit(new Indexing.Trilu(x, -1, false));
    emit(new Indexing.ArgExtreme(x, 2, false, true, false));
    emit(new Indexing.TopK(x, 2, 2, true));
    emit(new Indexing.TopK(x, 3, 1, false));
    emit(new Indexing.OneHot(index, 4, 1, -1, 2.5, DType.F32));
    emit(new Neural.Softmax(x, 1));
    emit(new Neural.Softmax(x, -1));
    emit(new Neural.LayerNorm(x, floats("gamma", 1, 4), floats("beta", 1, 4), 1e-5));
    emit(new Neural.MatMul(x, floats("m", 1, 3, 4, 6)));
    for (Neural.Reduction how : Neural.Reduction.values()) {
      emit(new Neural.Reduce(x, how, List.of(1, -1), true));
      emit(new Neural.Reduce(x, how, List.of(0, 2), false));
    }
    check(folder);
  }

  /// The machine `chip` has no normalisation unit.
  @Test
  void integerNormalisations(@TempDir Path folder) throws Exception {
    Value x =
        builder.emit(
            new HostBridge.Quantize(floats("x", 900, 6, 33), DType.I32, 1, -100_000, 100_000),
            Loc.onnx("/quantize"));
    emit(new MoveOut.GeluI32(x, -120, -3000, -3e-7f, 0.05));
    emit(new MoveOut.SoftmaxI32(x, 1386, 47, 2706, 3838214, 0.9f, 1.0 / 127));
    emit(new MoveOut.LayerNormI32(x, 31.3f, false, 0.05));
    emit(new MoveOut.LayerNormI32(x, 31.3f, true, 0.05));
    emit(new MoveOut.Requantize(x, -0.06f, true, 0.05));
    emit(new MoveOut.RequantizeBlocks(x, List.of(-0.06f, 0.5f, 0.001f), 13, true, 0.05));
    emit(new HostBridge.Dequantize(emit(new Accumulate.Rescale(x, 0.0123))));
    check(folder);
  }

  @Test
  void refusesWhatNoLibraryFixes(@TempDir Path folder) {
    Value x = awkward();
    emit(new Elementwise.Sin(x));
    emit(new Elementwise.Pow(x, x));
    assertThatThrownBy(() -> check(folder))
        .isInstanceOf(DiagnosticException.class)
        .hasMessageContaining("/Sin0")
        .hasMessageContaining("nn.sin")
        .hasMessageContaining("/Pow1");
    assertThat(folder.resolve("c")).doesNotExist();
  }

  @Test
  void namesTheNodeWhoseIndexIsWrong(@TempDir Path folder) throws Exception {
    Value table = floats("table", 1, 4, 2);
    emit(new Indexing.Gather(table, given("index", Tensor.i64(List.of(1), 3)), 0));
    Program program =
        GemminiCompiler.compile(builder.build(), GemminiParams.load("chip"), Semantics.RTL);
    CProject.write(program, "host", "a lookup", inputs, folder.resolve("c"));
    Files.write(folder.resolve("c/sample_index.bin"), new byte[] {4, 0, 0, 0, 0, 0, 0, 0});
    assertThat(GeneratedC.runNatively(program, folder.resolve("c"), "host"))
        .contains("/Gather0: nn.gather: an index beyond its axis");
  }
}
