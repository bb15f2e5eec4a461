package org.lapidary.frontend.onnx;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;
import static org.lapidary.frontend.onnx.TestModel.BOOL;
import static org.lapidary.frontend.onnx.TestModel.DOUBLE;
import static org.lapidary.frontend.onnx.TestModel.FLOAT;
import static org.lapidary.frontend.onnx.TestModel.FLOAT16;
import static org.lapidary.frontend.onnx.TestModel.INT32;
import static org.lapidary.frontend.onnx.TestModel.INT64;
import static org.lapidary.frontend.onnx.TestModel.INT8;
import static org.lapidary.frontend.onnx.TestModel.UINT8;
import static org.lapidary.frontend.onnx.TestModel.aNode;
import static org.lapidary.frontend.onnx.TestModel.aTensor;
import static org.lapidary.frontend.onnx.TestModel.f;
import static org.lapidary.frontend.onnx.TestModel.g;
import static org.lapidary.frontend.onnx.TestModel.i;
import static org.lapidary.frontend.onnx.TestModel.ints;
import static org.lapidary.frontend.onnx.TestModel.s;
import static org.lapidary.frontend.onnx.TestModel.t;

import ai.onnxruntime.OrtException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;
import org.lapidary.frontend.onnx.proto.Onnx.FunctionProto;
import org.lapidary.frontend.onnx.proto.Onnx.GraphProto;
import org.lapidary.frontend.onnx.proto.Onnx.OperatorSetIdProto;
import org.lapidary.frontend.onnx.proto.Onnx.StringStringEntryProto;
import org.lapidary.ir.op.Layout;
import org.lapidary.ir.op.OpInfo;

/// What the opsets say differently, and what only some exporters write, as small models run by the
/// referee and by ONNX Runtime.
class OperatorsTest {
  @TempDir Path folder;

  private final Map<String, TestModel> models = new LinkedHashMap<>();

  private static TestModel x(long opset, Object... dims) {
    return TestModel.opset(opset).domain("com.microsoft", 1).input("x", FLOAT, dims).output("y");
  }

  @TestFactory
  Stream<DynamicTest> likeOnnxRuntime() {
    older();
    products();
    normalisations();
    layouts();
    types();
    microsoft();
    attention();
    structure();
    return models.entrySet().stream()
        .map(e -> dynamicTest(e.getKey(), () -> check(e.getKey(), e.getValue())));
  }

  private void check(String name, TestModel model) throws OrtException {
    Path file = model.write(folder, name.replace(' ', '_') + ".onnx");
    Map<String, Integer> dims = GuessedSizes.of(file);
    Agreement.check(file, dims);
  }

  private void older() {
    models.put(
        "softmax over all axes from one on",
        x(11, 2, 3, 4).node("Softmax", "x", "y", i("axis", 1)));
    models.put("log softmax", x(13, 2, 3, 4).node("LogSoftmax", "x", "y", i("axis", 1)));
    models.put(
        "clip by attributes", x(7, 3, 4).node("Clip", "x", "y", f("min", -0.5f), f("max", 0.25f)));
    models.put(
        "slice by attributes",
        x(9, 4, 6).node("Slice", "x", "y", ints("starts", 1, -3), ints("ends", 9, -1)));
    models.put(
        "split by attribute",
        x(11, 4, 6).output("z").node("Split", "x", "y z", i("axis", 1), ints("split", 2, 4)));
    models.put(
        "squeeze and unsqueeze by attributes",
        x(11, 4, 1, 6)
            .node("Squeeze", "x", "a", ints("axes", 1))
            .node("Unsqueeze", "a", "y", ints("axes", 0, 3)));
    models.put(
        "reduction by attribute",
        x(11, 4, 5, 6).node("ReduceSum", "x", "y", ints("axes", -1), i("keepdims", 0)));
    models.put(
        "reduction by input",
        x(18, 4, 5, 6).longs("axes", 1).node("ReduceMean", "x axes", "y", i("keepdims", 0)));
    models.put(
        "pad by attribute",
        x(10, 2, 3).node("Pad", "x", "y", ints("pads", 1, 0, 0, 2), f("value", 1.5f)));
  }

  private void products() {
    models.put(
        "gemm with everything",
        x(13, 4, 3)
            .weight("w", 5, 4)
            .weight("c", 1, 5)
            .node(
                "Gemm", "x w c", "y", i("transA", 1), i("transB", 1), f("alpha", 2), f("beta", 3)));
    models.put("vector times matrix", x(13, 4).weight("w", 2, 4, 3).node("MatMul", "x w", "y"));
    models.put("matrix times vector", x(13, 2, 4).weight("w", 4).node("MatMul", "x w", "y"));
    models.put("vector times vector", x(13, 4).weight("w", 4).node("MatMul", "x w", "y"));
    for (String equation :
        new String[] {"abcd,cde->abe", "bhqd,bhkd->bhqk", "abcd,ecd->eab", "bshd,bthd->bhst"}) {
      models.put(
          "einsum " + equation.replaceAll("\\W", "_"),
          x(13, 2, 3, 4, 5)
              .weight("w", weightOf(equation))
              .node("Einsum", "x w", "y", s("equation", equation)));
    }
    models.put(
        "einsum of one operand", x(13, 2, 3, 4).node("Einsum", "x", "y", s("equation", "abc->ca")));
  }

  private static int[] weightOf(String equation) {
    return switch (equation) {
      case "abcd,cde->abe" -> new int[] {4, 5, 6};
      case "bhqd,bhkd->bhqk" -> new int[] {2, 3, 7, 5};
      case "abcd,ecd->eab" -> new int[] {6, 4, 5};
      default -> new int[] {2, 7, 4, 5};
    };
  }

  private void normalisations() {
    models.put(
        "layer norm without beta",
        x(17, 2, 3, 8).weight("g", 8).node("LayerNormalization", "x g", "y", f("epsilon", 1e-3f)));
    models.put(
        "layer norm over two axes with its statistics",
        x(17, 2, 3, 8)
            .output("m")
            .output("d")
            .weight("g", 3, 8)
            .weight("b", 3, 8)
            .node("LayerNormalization", "x g b", "y m d", i("axis", 1)));
    models.put("gelu", x(20, 5, 8).node("Gelu", "x", "y"));
    models.put("gelu by tanh", x(20, 5, 8).node("Gelu", "x", "y", s("approximate", "tanh")));
    models.put("mean over positions", x(13, 2, 3, 5).node("GlobalAveragePool", "x", "y"));
    models.put("log sum exp", x(13, 3, 4).node("ReduceLogSumExp", "x", "y", ints("axes", 1)));
    models.put("unit vectors", x(13, 3, 4).node("LpNormalization", "x", "y"));
    models.put("elu", x(13, 3, 4).node("Elu", "x", "y", f("alpha", 0.5f)));
    models.put("leaky relu", x(13, 3, 4).node("LeakyRelu", "x", "y"));
    models.put("hard sigmoid", x(13, 3, 4).node("HardSigmoid", "x", "y"));
    models.put("hard swish", x(14, 3, 4).node("HardSwish", "x", "y"));
    models.put("slopes", x(16, 3, 4).weight("a", 4).node("PRelu", "x a", "y"));
    models.put("softsign", x(13, 3, 4).node("Softsign", "x", "y"));
    models.put("largest of positions", x(13, 2, 3, 5).node("GlobalMaxPool", "x", "y"));
    models.put(
        "log of a sum",
        x(13, 3, 4).node("Abs", "x", "a").node("ReduceLogSum", "a", "y", ints("axes", 1)));
    models.put(
        "batch norm",
        x(15, 2, 3, 5)
            .weight("g", 3)
            .weight("b", 3)
            .weight("m", 3)
            .floats("v", new int[] {3}, 0.5f, 1, 2)
            .node("BatchNormalization", "x g b m v", "y"));
    models.put("several summands", x(13, 3, 4).weight("w", 4).node("Sum", "x w x", "y"));
    models.put("their mean", x(13, 3, 4).weight("w", 4).node("Mean", "x w x", "y"));
  }

  private void layouts() {
    models.put("tile", x(13, 2, 3).longs("n", 2, 3).node("Tile", "x n", "y"));
    models.put("flatten", x(13, 2, 3, 4).node("Flatten", "x", "y", i("axis", -1)));
    models.put("pad and cut", x(13, 2, 3).longs("p", 0, -1, 2, 1).node("Pad", "x p", "y"));
    models.put(
        "slice backwards",
        x(13, 5, 4)
            .longs("from", -1)
            .longs("to", -100)
            .longs("axis", 0)
            .longs("step", -2)
            .node("Slice", "x from to axis step", "y"));
    models.put(
        "split unevenly", x(18, 7).output("z").node("Split", "x", "y z", i("num_outputs", 2)));
    models.put(
        "gather with batch axes",
        x(13, 2, 3, 4)
            .input("pos", INT64, 2, 2, 1)
            .node("GatherND", "x pos", "y", i("batch_dims", 1)));
    models.put(
        "one position",
        x(13, 2, 3, 4).scalar("last", -1).node("Gather", "x last", "y", i("axis", 1)));
    models.put(
        "upper triangle", x(14, 3, 4).scalar("k", 1).node("Trilu", "x k", "y", i("upper", 1)));
    models.put(
        "positions of zeros",
        x(13, 3, 4)
            .floats("m", new int[] {4}, 0, 1, 0, 2)
            .node("NonZero", "m", "at")
            .longs("axis", 0)
            .node("Squeeze", "at axis", "row")
            .node("Gather", "x row", "y", i("axis", 1)));
    models.put(
        "the best and their places",
        x(13, 3, 5)
            .longs("k", 2)
            .node("TopK", "x k", "most m", i("axis", 0))
            .longs("three", 3)
            .node("TopK", "most three", "least at", i("largest", 0), i("sorted", 1))
            .node("Cast", "at", "places", i("to", FLOAT))
            .node("Add", "least places", "y"));
    models.put("the best, long ago", x(9, 6).node("TopK", "x", "y at", i("k", 4)));
    models.put(
        "shape arithmetic",
        x(13, "batch", "seq", 8)
            .node("Shape", "x", "s")
            .longs("two", 2)
            .longs("at", 0)
            .node("Gather", "s at", "b")
            .node("ConstantOfShape", "b", "ones", t("value", aTensor(1)))
            .node("ReduceSum", "ones", "n", i("keepdims", 1))
            .node("Concat", "n two minus", "to", i("axis", 0))
            .longs("minus", -1)
            .node("Reshape", "x to", "y"));
  }

  private void types() {
    ByteBuffer half = ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN);
    for (float v : new float[] {1.5f, -2, 0.25f, 3}) {
      half.putShort(Float.floatToFloat16(v));
    }
    models.put(
        "half precision weights",
        x(13, 3, 4)
            .raw("h", FLOAT16, new int[] {4}, half)
            .node("Cast", "h", "w", i("to", FLOAT))
            .node("Add", "x w", "y"));
    ByteBuffer twice = ByteBuffer.allocate(32).order(ByteOrder.LITTLE_ENDIAN);
    for (double v : new double[] {1.5, -2, 0.25, -Double.MAX_VALUE}) {
      twice.putDouble(v);
    }
    models.put(
        "double precision weights",
        x(13, 3, 4)
            .raw("d", DOUBLE, new int[] {4}, twice)
            .node("Cast", "d", "w", i("to", FLOAT))
            .node("Max", "x w", "y"));
    models.put(
        "bytes wrap around",
        TestModel.opset(14)
            .input("x", UINT8, 3)
            .output("y", UINT8)
            .raw("w", UINT8, new int[] {3}, ByteBuffer.wrap(new byte[] {-1, -2, 3}))
            .node("Add", "x w", "y"));
    models.put(
        "not a number",
        TestModel.opset(13)
            .input("x", FLOAT, 3)
            .output("y", BOOL)
            .weight("w", 3)
            .node("Log", "x", "l")
            .node("IsNaN", "l", "y"));
    models.put(
        "int8 weights with a scale per column",
        x(13, 3, 4)
            .raw("q", INT8, new int[] {4, 2}, ByteBuffer.wrap(new byte[] {1, 2, 3, 4, 5, 6, 7, -8}))
            .floats("s", new int[] {2}, 0.5f, 0.25f)
            .raw("z", INT8, new int[] {2}, ByteBuffer.wrap(new byte[] {0, 0}))
            .node("DequantizeLinear", "q s z", "w", i("axis", 1))
            .node("MatMul", "x w", "y"));
    models.put(
        "quantized activations",
        x(13, 3, 4)
            .floats("s", new int[0], 0.05f)
            .raw("z", UINT8, new int[0], ByteBuffer.wrap(new byte[] {(byte) 128}))
            .node("QuantizeLinear", "x s z", "q")
            .node("DequantizeLinear", "q s z", "y"));
    for (String op : new String[] {"QLinearAdd", "QLinearMul"}) {
      models.put(
          op,
          x(13, 3, 4)
              .floats("s", new int[0], 0.02f)
              .floats("r", new int[0], 0.05f)
              .raw("z", UINT8, new int[0], ByteBuffer.wrap(new byte[] {(byte) 128}))
              .node("QuantizeLinear", "x s z", "q")
              .nodeIn("com.microsoft", op, "q s z q s z r z", "p")
              .node("DequantizeLinear", "p r z", "y"));
    }
    quantizedOperators();
    models.put(
        "quantized attention",
        x(13, 2, 3, 8)
            .floats("s", new int[0], 0.02f)
            .raw("z", UINT8, new int[0], ByteBuffer.wrap(new byte[] {(byte) 128}))
            .raw("w", INT8, new int[] {8, 24}, ByteBuffer.wrap(counted(192)))
            .raw("u", INT8, new int[0], ByteBuffer.wrap(new byte[1]))
            .weight("b", 24)
            .node("QuantizeLinear", "x s z", "q")
            .nodeIn("com.microsoft", "QAttention", "q w b s s _ z u", "y", i("num_heads", 2)));
    models.put(
        "dynamic quantization",
        x(13, 3, 4)
            .raw("w", INT8, new int[] {4, 2}, ByteBuffer.wrap(new byte[] {1, 2, 3, 4, 5, 6, 7, -8}))
            .node("DynamicQuantizeLinear", "x", "q s z")
            .node("MatMulInteger", "q w z", "i")
            .node("Cast", "i", "f", i("to", FLOAT))
            .node("Mul", "f s", "y"));
  }

  /// A model whose input is quantized to `q` on the grid of `s` and `z`.
  private static TestModel onGrid(Object... dims) {
    return x(13, dims)
        .floats("s", new int[0], 0.02f)
        .floats("r", new int[0], 0.05f)
        .raw("z", UINT8, new int[0], ByteBuffer.wrap(new byte[] {(byte) 128}))
        .node("QuantizeLinear", "x s z", "q");
  }

  private void quantizedOperators() {
    models.put(
        "QLinearSoftmax",
        onGrid(2, 3, 4)
            .nodeIn(
                "com.microsoft", "QLinearSoftmax", "q s z s z", "p", i("axis", -1), i("opset", 13))
            .node("DequantizeLinear", "p s z", "y"));
    models.put(
        "QLinearSigmoid",
        onGrid(3, 4)
            .nodeIn("com.microsoft", "QLinearSigmoid", "q s z s z", "p")
            .node("DequantizeLinear", "p s z", "y"));
    models.put(
        "QLinearConcat",
        onGrid(3, 4)
            .nodeIn("com.microsoft", "QLinearConcat", "r z q s z q r z", "p", i("axis", 1))
            .node("DequantizeLinear", "p r z", "y"));
    models.put(
        "QGemm",
        onGrid(3, 4)
            .raw("w", INT8, new int[] {2, 4}, ByteBuffer.wrap(counted(8)))
            .raw("u", INT8, new int[0], ByteBuffer.wrap(new byte[1]))
            .raw("c", INT32, new int[] {2}, ByteBuffer.wrap(new byte[] {9, 1, 0, 0, 3, 0, 0, 0}))
            .nodeIn("com.microsoft", "QGemm", "q s z w r u c r z", "p", i("transB", 1))
            .node("DequantizeLinear", "p r z", "y"));
    models.put(
        "quantized, moved, dequantized",
        onGrid(2, 3, 4)
            .node("Transpose", "q", "t", ints("perm", 2, 0, 1))
            .node("DequantizeLinear", "t s z", "y"));
    models.put(
        "weights of four bits",
        x(13, 2, 16)
            .raw("w", UINT8, new int[] {3, 1, 8}, ByteBuffer.wrap(counted(24)))
            .floats("c", new int[] {3}, 0.1f, 0.2f, -0.3f)
            .nodeIn(
                "com.microsoft",
                "MatMulNBits",
                "x w c",
                "y",
                i("K", 16),
                i("N", 3),
                i("bits", 4),
                i("block_size", 16)));
  }

  /// What is left of a quantized model is real: no integer, and one operation for each grid.
  @Test
  void quantizedTensorsAreRealAllTheWay() {
    Path moved =
        onGrid(2, 4)
            .node("Transpose", "q", "t")
            .node("DequantizeLinear", "t s z", "y")
            .write(folder, "moved.onnx");
    assertThat(ops(moved)).containsExactly("nn.fake_quantize", "nn.transpose");
    Path dynamic =
        x(13, 3, 4)
            .raw("w", INT8, new int[] {4, 2}, ByteBuffer.wrap(counted(8)))
            .raw("u", INT8, new int[0], ByteBuffer.wrap(new byte[1]))
            .floats("c", new int[0], 0.5f)
            .node("DynamicQuantizeLinear", "x", "q s z")
            .node("MatMulInteger", "q w z u", "i")
            .node("Cast", "i", "f", i("to", FLOAT))
            .node("Mul", "s c", "sc")
            .node("Mul", "f sc", "y")
            .write(folder, "dynamic.onnx");
    assertThat(ops(dynamic)).containsExactly("nn.fake_quantize_dynamic", "nn.matmul", "nn.mul");
  }

  private static List<String> ops(Path file) {
    return OnnxImporter.read(file, Map.of()).graph().nodes().stream()
        .filter(node -> !(node.op() instanceof Layout.Const))
        .map(node -> OpInfo.of(node.op()).name())
        .toList();
  }

  private static byte[] counted(int n) {
    byte[] bytes = new byte[n];
    for (int i = 0; i < n; i++) {
      bytes[i] = (byte) (i * 37);
    }
    return bytes;
  }

  private void microsoft() {
    models.put(
        "bias gelu", x(17, 3, 4).weight("b", 4).nodeIn("com.microsoft", "BiasGelu", "x b", "y"));
    models.put(
        "fast gelu", x(17, 3, 4).weight("b", 4).nodeIn("com.microsoft", "FastGelu", "x b", "y"));
    models.put("quick gelu", x(17, 3, 4).nodeIn("com.microsoft", "QuickGelu", "x", "y"));
    models.put(
        "fused matmul",
        x(17, 2, 4, 3)
            .weight("w", 2, 5, 4)
            .nodeIn(
                "com.microsoft",
                "FusedMatMul",
                "x w",
                "y",
                i("transA", 1),
                i("transB", 1),
                f("alpha", 0.5f)));
    models.put(
        "fused gemm",
        x(17, 3, 4)
            .weight("w", 4, 5)
            .weight("b", 5)
            .nodeIn("com.microsoft", "FusedGemm", "x w b", "y", s("activation", "Relu")));
    models.put(
        "skip layer norm with the sum",
        x(17, 2, 3, 8)
            .output("sum")
            .weight("skip", 2, 3, 8)
            .weight("g", 8)
            .weight("b", 8)
            .weight("c", 8)
            .nodeIn(
                "com.microsoft",
                "SkipLayerNormalization",
                "x skip g b c",
                "y _ _ sum",
                f("epsilon", 1e-5f)));
    models.put(
        "embeddings",
        TestModel.opset(17)
            .domain("com.microsoft", 1)
            .input("ids", INT32, 2, 3)
            .input("segments", INT32, 2, 3)
            .input("mask", INT32, 2, 3)
            .output("y")
            .output("n", INT32)
            .weight("words", 5, 8)
            .weight("places", 4, 8)
            .weight("kinds", 2, 8)
            .weight("g", 8)
            .weight("b", 8)
            .nodeIn(
                "com.microsoft", "EmbedLayerNormalization",
                "ids segments words places kinds g b mask", "y n"));
  }

  private void attention() {
    models.put(
        "packed attention, causal, with a cache",
        x(17, 2, 3, 8)
            .input("past", FLOAT, 2, 2, 2, 5, 4)
            .output("present")
            .weight("w", 8, 24)
            .weight("b", 24)
            .nodeIn(
                "com.microsoft",
                "Attention",
                "x w b _ past",
                "y present",
                i("num_heads", 2),
                i("unidirectional", 1)));
    models.put(
        "packed attention with a mask by key",
        x(17, 2, 3, 8)
            .raw("m", INT32, new int[] {2, 3}, words(1, 1, 0, 1, 0, 0))
            .weight("w", 8, 24)
            .weight("b", 24)
            .nodeIn("com.microsoft", "Attention", "x w b m", "y", i("num_heads", 2)));
    models.put(
        "packed attention with lengths",
        x(17, 2, 3, 8)
            .raw("m", INT32, new int[] {2}, words(2, 3))
            .weight("w", 8, 24)
            .weight("b", 24)
            .nodeIn("com.microsoft", "Attention", "x w b m", "y", i("num_heads", 2)));
    models.put(
        "attention between sequences",
        x(17, 2, 3, 8)
            .input("k", FLOAT, 2, 5, 8)
            .input("v", FLOAT, 2, 5, 8)
            .weight("b", 24)
            .nodeIn("com.microsoft", "MultiHeadAttention", "x k v b", "y", i("num_heads", 4)));
    models.put(
        "attention of opset 23, causal",
        x(23, 2, 3, 8)
            .input("k", FLOAT, 2, 3, 8)
            .input("v", FLOAT, 2, 3, 8)
            .node(
                "Attention",
                "x k v",
                "y",
                i("q_num_heads", 2),
                i("kv_num_heads", 2),
                i("is_causal", 1)));
  }

  private static ByteBuffer words(int... values) {
    ByteBuffer bytes = ByteBuffer.allocate(4 * values.length).order(ByteOrder.LITTLE_ENDIAN);
    bytes.asIntBuffer().put(values);
    return bytes;
  }

  private void structure() {
    FunctionProto.Builder scaled =
        FunctionProto.newBuilder()
            .setDomain("local")
            .setName("Leaky")
            .addInput("a")
            .addOutput("b")
            .addAttribute("slope")
            .addOpsetImport(OperatorSetIdProto.newBuilder().setVersion(17))
            .addNode(
                aNode(
                    "LeakyRelu",
                    "a",
                    "h",
                    f("alpha", 0).toBuilder().clearF().setRefAttrName("slope").build()))
            .addNode(aNode("Neg", "h", "b"));
    models.put(
        "a function with an attribute",
        x(17, 3, 4)
            .domain("local", 1)
            .nodeIn("local", "Leaky", "x", "h", f("slope", 0.3f))
            .nodeIn("local", "Leaky", "h", "y", f("slope", 0.1f))
            .function(scaled));
    GraphProto.Builder negative =
        GraphProto.newBuilder().setName("then").addNode(aNode("Neg", "x", "n"));
    GraphProto.Builder twice =
        GraphProto.newBuilder().setName("else").addNode(aNode("Add", "x x", "d"));
    models.put(
        "a branch decided by a shape",
        x(17, "batch", 4)
            .node("Shape", "x", "s", i("end", 1))
            .longs("one", 1)
            .node("Greater", "s one", "c")
            .node(
                "If",
                "c",
                "y",
                g(
                    "then_branch",
                    negative.addOutput(TestModel.info("n", FLOAT, "batch", 4)).build()),
                g("else_branch", twice.addOutput(TestModel.info("d", FLOAT, "batch", 4)).build())));
    models.put(
        "an initializer that is an input too",
        x(13, 3, 4).input("w", FLOAT, 4).weight("w", 4).node("Mul", "x w", "y"));
    models.put("a result that is an input", x(13, 3, 4).node("Identity", "x", "y"));
    models.put("dropout", x(13, 3, 4).node("Dropout", "x", "y"));
    models.put(
        "a constant result",
        x(13, 3, 4).output("z").weight("w", 2, 2).node("Neg", "w", "z").node("Neg", "x", "y"));
  }

  @Test
  void dimensionsThatAreSums() {
    TestModel model =
        TestModel.opset(13)
            .input("past", FLOAT, "past", 4)
            .input("mask", FLOAT, "past + new", 4)
            .output("y")
            .node("Add", "mask mask", "y");
    Imported imported = OnnxImporter.read(model.write(folder), Map.of("past", 3, "new", 2));
    assertThat(imported.graph().input("mask").orElseThrow().type().dims()).containsExactly(5, 4);
    assertThat(imported.dims()).containsExactlyInAnyOrderEntriesOf(Map.of("past", 3, "new", 2));
  }

  @Test
  void anInputBoundToAValueDecidesABranch() {
    GraphProto.Builder one = GraphProto.newBuilder().addNode(aNode("Neg", "x", "a"));
    GraphProto.Builder two = GraphProto.newBuilder().addNode(aNode("Conv", "x", "b"));
    TestModel model =
        x(17, 3, 4)
            .input("use_cache_branch", BOOL, 1)
            .node(
                "If",
                "use_cache_branch",
                "y",
                g("then_branch", two.addOutput(TestModel.info("b", FLOAT, 3, 4)).build()),
                g("else_branch", one.addOutput(TestModel.info("a", FLOAT, 3, 4)).build()));
    Imported imported = OnnxImporter.read(model.write(folder), Map.of("use_cache_branch", 0));
    assertThat(imported.graph().inputs()).extracting(p -> p.name()).containsExactly("x");
    assertThat(imported.graph().nodes()).hasSize(1);
  }

  @Test
  void anEmptyCacheLeavesNoTrace() {
    TestModel model =
        x(13, 2, 4).input("past", FLOAT, "past", 4).node("Concat", "past x", "y", i("axis", 0));
    Imported imported = OnnxImporter.read(model.write(folder), Map.of("past", 0));
    assertThat(imported.graph().nodes()).isEmpty();
  }

  @Test
  void externalWeightsAreReadInPlace() throws Exception {
    TestModel model = x(13, 2, 4).weight("w", 4, 300).node("MatMul", "x w", "y");
    Path inside = model.write(folder, "inside.onnx");
    byte[] raw = model.graph().getInitializer(0).getRawData().toByteArray();
    ByteBuffer beside = ByteBuffer.allocate(64 + raw.length).put(64, raw);
    Files.write(folder.resolve("w.bin"), beside.array());
    model
        .graph()
        .getInitializerBuilder(0)
        .clearRawData()
        .setDataLocation(1)
        .addExternalData(StringStringEntryProto.newBuilder().setKey("location").setValue("w.bin"))
        .addExternalData(StringStringEntryProto.newBuilder().setKey("offset").setValue("64"))
        .addExternalData(StringStringEntryProto.newBuilder().setKey("length").setValue("4800"));
    Path outside = model.write(folder, "outside.onnx");
    Imported imported = OnnxImporter.read(outside, Map.of());
    assertThat(Agreement.check(inside, imported, Agreement.TOLERANCE)).isLessThan(1e-4);
  }
}
