package org.lapidary.tools.reference.quantized;

import com.google.protobuf.ByteString;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.IntStream;
import org.lapidary.frontend.onnx.proto.Onnx.AttributeProto;
import org.lapidary.frontend.onnx.proto.Onnx.NodeProto;
import org.lapidary.frontend.onnx.proto.Onnx.TensorProto;

/// `quantize_dynamic` with its defaults: weights of matrix products int8 without a zero point,
/// their left operands uint8 with a scale of the very inference, tables that are looked up uint8.
///
/// Source: onnxruntime.quantization 1.30, onnx_quantizer.py and its operators.
final class DynamicQuantization {
  private static final int INT_ATTRIBUTE = 2;

  private final OnnxGraph graph;
  private final Set<String> floatValues;
  private final List<NodeProto> out = new ArrayList<>();
  private final Map<String, Quantized> quantized = new HashMap<>();
  private final Set<String> real;

  /// Names of an 8-bit value and what it means.
  private record Quantized(String value, String scale, String zeroPoint) {
    static Quantized of(String name) {
      return new Quantized(name + "_quantized", name + "_scale", name + "_zero_point");
    }
  }

  private DynamicQuantization(OnnxGraph graph, Set<String> floatValues) {
    this.graph = graph;
    this.floatValues = floatValues;
    this.real = new HashSet<>(graph.inputs());
    real.removeAll(graph.initializers().keySet());
  }

  /// Quantizes a graph in place.
  ///
  /// @param floatValues names of the f32 values that are no initializers
  static void apply(OnnxGraph graph, Set<String> floatValues) {
    new DynamicQuantization(graph, floatValues).run();
  }

  private void run() {
    for (NodeProto node : graph.nodes()) {
      if (node.getOpType().equals("Gemm")) {
        asMatMul(node).forEach(this::quantize);
      } else {
        quantize(node);
      }
    }
    graph.outputs().forEach(this::dequantize);
    graph.setNodes(out);
  }

  private void quantize(NodeProto node) {
    String type = node.getOpType();
    if (type.equals("MatMul") && isProduct(node)) {
      matMul(node);
    } else if (type.equals("Gather") && graph.isFloatInitializer(node.getInput(0))) {
      moved(node, activation(node.getInput(0)));
    } else if (type.equals("Transpose") && quantized.containsKey(node.getInput(0))) {
      moved(node, activation(node.getInput(0)));
    } else if (type.equals("Attention") && isMicrosoft(node) && !has(node, "qkv_hidden_sizes")) {
      attention(node);
    } else if (type.equals("EmbedLayerNormalization") && node.getOutputCount() < 3) {
      embedding(node);
    } else { // stays in float
      node.getInputList().forEach(this::dequantize);
      emit(node);
    }
  }

  private boolean isProduct(NodeProto node) {
    boolean floats = isFloat(node.getInput(0)) || isFloat(node.getInput(1));
    return floats && graph.initializers().containsKey(node.getInput(1));
  }

  private boolean isFloat(String name) {
    return graph.isFloatInitializer(name) || floatValues.contains(name);
  }

  private static boolean isMicrosoft(NodeProto node) {
    return node.getDomain().equals("com.microsoft");
  }

  private static boolean has(NodeProto node, String attribute) {
    return node.getAttributeList().stream().anyMatch(a -> a.getName().equals(attribute));
  }

  private void emit(NodeProto node) {
    out.add(node);
    real.addAll(node.getOutputList());
  }

  private void emit(String type, List<String> inputs, List<String> outputs) {
    emit(OnnxGraph.node(type, inputs, outputs));
  }

  /// A product plus a bias, where that says the same.
  private List<NodeProto> asMatMul(NodeProto gemm) {
    boolean plain =
        number(gemm, "alpha") == 1 && number(gemm, "beta") == 1 && integer(gemm, "transA") == 0;
    if (!plain) {
      return List.of(gemm);
    }
    List<NodeProto> nodes = new ArrayList<>();
    String b = gemm.getInput(1);
    if (integer(gemm, "transB") == 1) {
      String transposed = b + "_Transposed";
      TensorProto constant = graph.initializers().get(b);
      if (constant != null) {
        graph.put(transposed(constant, transposed));
      } else {
        nodes.add(OnnxGraph.node("Transpose", List.of(b), List.of(transposed)));
      }
      b = transposed;
    }
    String y = gemm.getOutput(0);
    boolean biased = gemm.getInputCount() > 2 && !gemm.getInput(2).isEmpty();
    String product = biased ? y + "_MatMul" : y;
    nodes.add(OnnxGraph.node("MatMul", List.of(gemm.getInput(0), b), List.of(product)));
    if (biased) {
      nodes.add(OnnxGraph.node("Add", List.of(product, gemm.getInput(2)), List.of(y)));
    }
    return nodes;
  }

  private static float number(NodeProto node, String attribute) {
    return node.getAttributeList().stream()
        .filter(a -> a.getName().equals(attribute))
        .map(AttributeProto::getF)
        .findFirst()
        .orElse(1f);
  }

  private static long integer(NodeProto node, String attribute) {
    return node.getAttributeList().stream()
        .filter(a -> a.getName().equals(attribute))
        .mapToLong(AttributeProto::getI)
        .findFirst()
        .orElse(0);
  }

  private static TensorProto transposed(TensorProto matrix, String name) {
    int rows = (int) matrix.getDims(0);
    int columns = (int) matrix.getDims(1);
    float[] from = OnnxGraph.floats(matrix);
    ByteBuffer to = ByteBuffer.allocate(4 * from.length).order(ByteOrder.LITTLE_ENDIAN);
    for (int c = 0; c < columns; c++) {
      for (int r = 0; r < rows; r++) {
        to.putFloat(from[r * columns + c]);
      }
    }
    return TensorProto.newBuilder()
        .setName(name)
        .setDataType(OnnxGraph.FLOAT)
        .addDims(columns)
        .addDims(rows)
        .setRawData(ByteString.copyFrom(to.array()))
        .build();
  }

  /// A constant as uint8 now, anything else by an operator that looks at its range.
  private Quantized activation(String name) {
    Quantized known = quantized.get(name);
    if (known != null) {
      return known;
    }
    Quantized q = Quantized.of(name);
    TensorProto constant = graph.initializers().get(name);
    if (constant != null) {
      AffineInt8 scale = AffineInt8.asymmetric(false, OnnxGraph.floats(constant));
      graph.putQuantized(constant, scale, q.value(), q.scale(), q.zeroPoint());
    } else {
      emit("DynamicQuantizeLinear", List.of(name), List.of(q.value(), q.scale(), q.zeroPoint()));
    }
    quantized.put(name, q);
    return q;
  }

  private Quantized weight(String name) {
    Quantized known = quantized.get(name);
    if (known != null) {
      return known;
    }
    Quantized q = Quantized.of(name);
    TensorProto constant = graph.initializer(name);
    AffineInt8 scale = AffineInt8.symmetric(OnnxGraph.floats(constant));
    graph.putQuantized(constant, scale, q.value(), q.scale(), q.zeroPoint());
    quantized.put(name, q);
    return q;
  }

  private void matMul(NodeProto node) {
    Quantized a = activation(node.getInput(0));
    Quantized b = weight(node.getInput(1));
    String y = node.getOutput(0);
    String sum = y + "_output_quantized";
    String cast = sum + "_cast_output";
    String scale = y + "_scales_mul";
    emit(
        "MatMulInteger", List.of(a.value(), b.value(), a.zeroPoint(), b.zeroPoint()), List.of(sum));
    NodeProto toFloat = OnnxGraph.node("Cast", List.of(sum), List.of(cast));
    AttributeProto to =
        AttributeProto.newBuilder()
            .setName("to")
            .setType(INT_ATTRIBUTE)
            .setI(OnnxGraph.FLOAT)
            .build();
    emit(toFloat.toBuilder().addAttribute(to).build());
    emit("Mul", List.of(a.scale(), b.scale()), List.of(scale));
    emit("Mul", List.of(cast, scale), List.of(y));
  }

  /// An operator that moves bytes: its result means what its operand means.
  private void moved(NodeProto node, Quantized x) {
    String y = node.getOutput(0);
    String bytes = y + "_quantized";
    out.add(node.toBuilder().setInput(0, x.value()).setOutput(0, bytes).build());
    quantized.put(y, new Quantized(bytes, x.scale(), x.zeroPoint()));
  }

  private void dequantize(String name) {
    Quantized q = quantized.get(name);
    if (q != null && real.add(name)) {
      out.add(
          OnnxGraph.node(
              "DequantizeLinear", List.of(q.value(), q.scale(), q.zeroPoint()), List.of(name)));
    }
  }

  private void attention(NodeProto node) {
    Quantized x = activation(node.getInput(0));
    Quantized w = weight(node.getInput(1));
    List<String> inputs =
        List.of(
            x.value(),
            w.value(),
            node.getInput(2),
            x.scale(),
            w.scale(),
            optional(node, 3),
            x.zeroPoint(),
            w.zeroPoint(),
            optional(node, 4));
    microsoft("QAttention", inputs, node);
  }

  private void embedding(NodeProto node) {
    List<String> tables = IntStream.rangeClosed(2, 6).mapToObj(i -> optional(node, i)).toList();
    Quantized none = new Quantized("", "", "");
    List<Quantized> q = tables.stream().map(t -> t.isEmpty() ? none : activation(t)).toList();
    List<String> inputs = new ArrayList<>(node.getInputList().subList(0, 2));
    q.forEach(t -> inputs.add(t.value()));
    inputs.add(optional(node, 7));
    q.forEach(t -> inputs.add(t.scale()));
    q.forEach(t -> inputs.add(t.zeroPoint()));
    microsoft("QEmbedLayerNormalization", inputs, node);
  }

  private static String optional(NodeProto node, int input) {
    return input < node.getInputCount() ? node.getInput(input) : "";
  }

  private void microsoft(String type, List<String> inputs, NodeProto node) {
    graph.useMicrosoftOperators();
    emit(
        node.toBuilder()
            .setOpType(type)
            .setDomain("com.microsoft")
            .clearInput()
            .addAllInput(inputs)
            .build());
  }
}
