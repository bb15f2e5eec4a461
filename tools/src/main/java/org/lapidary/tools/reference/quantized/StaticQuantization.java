package org.lapidary.tools.reference.quantized;

import com.google.protobuf.ByteString;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import org.lapidary.frontend.onnx.proto.Onnx.AttributeProto;
import org.lapidary.frontend.onnx.proto.Onnx.NodeProto;
import org.lapidary.frontend.onnx.proto.Onnx.TensorProto;
import org.lapidary.tools.reference.quantized.AffineInt8.Extent;

/// `quantize_static` with its defaults: QuantizeLinear and DequantizeLinear around every operator
/// that has a rule, activations int8 with a zero point, weights int8 without, one scale per tensor,
/// biases int32, ranges the largest ever seen.
///
/// Source: onnxruntime.quantization 1.30, qdq_quantizer.py and registry.py.
final class StaticQuantization {
  /// Operators all of whose inputs and outputs are quantized.
  private static final Set<String> WHOLLY =
      Set.of(
          "Add",
          "Mul",
          "Softmax",
          "Sigmoid",
          "LeakyRelu",
          "Concat",
          "ArgMax",
          "GlobalAveragePool",
          "CumSum",
          "EmbedLayerNormalization");

  /// Operators that move elements: quantized like their input if that is.
  private static final Set<String> MOVING =
      Set.of(
          "Reshape",
          "Transpose",
          "Squeeze",
          "Unsqueeze",
          "Flatten",
          "AveragePool",
          "Slice",
          "TopK");

  private final OnnxGraph graph;
  private final Set<String> floatValues;
  private final Map<String, Extent> ranges;
  private final Map<String, Mark> marks = new LinkedHashMap<>();
  private final Map<String, Bias> biases = new LinkedHashMap<>();
  private final Map<String, AffineInt8> scales = new LinkedHashMap<>();

  /// What is to become of a value.
  ///
  /// @param weight whether it is a constant operand without a zero point
  /// @param like the value whose scale it shares
  private record Mark(boolean weight, Optional<String> like) {}

  /// A bias in units of the product of two scales.
  private record Bias(String input, String weight, float beta) {}

  private StaticQuantization(OnnxGraph graph, Set<String> floatValues, Map<String, Extent> ranges) {
    this.graph = graph;
    this.floatValues = floatValues;
    this.ranges = new LinkedHashMap<>(ranges);
  }

  /// Quantizes a graph in place.
  ///
  /// @param floatValues names of the f32 values that are no initializers
  /// @param ranges of those values; one without was always empty
  static void apply(OnnxGraph graph, Set<String> floatValues, Map<String, Extent> ranges) {
    new StaticQuantization(graph, floatValues, ranges).run();
  }

  private void run() {
    List.copyOf(graph.nodes()).forEach(this::adjustRange);
    Set<NodeProto> removed = new HashSet<>();
    for (NodeProto node : List.copyOf(graph.nodes())) {
      mark(node, removed);
    }
    graph.setNodes(graph.nodes().stream().filter(n -> !removed.contains(n)).toList());
    marks.forEach((name, mark) -> chooseScale(name, mark));
    biases.forEach(this::widenForBias);
    marks.forEach((name, mark) -> {
      if (mark.like().isEmpty()) {
        insert(name);
      }
    });
    insertShared();
    biases.forEach(this::quantizeBias);
  }

  /// Before a Relu only what it lets through counts; a softmax has [0, 1] whatever was seen.
  private void adjustRange(NodeProto node) {
    if (node.getOpType().equals("Softmax")) {
      ranges.put(node.getOutput(0), new Extent(0, 1));
    }
    Extent out = isClamp(node) ? ranges.get(node.getOutput(0)) : null;
    if (out != null
        && graph.readers(node.getInput(0)) == 1
        && ranges.containsKey(node.getInput(0))) {
      ranges.put(node.getInput(0), out);
    }
  }

  private static boolean isClamp(NodeProto node) {
    return node.getOpType().equals("Relu") || node.getOpType().equals("Clip");
  }

  private void mark(NodeProto node, Set<NodeProto> removed) {
    String type = node.getOpType();
    if (WHOLLY.contains(type)) {
      node.getInputList().forEach(this::activation);
      node.getOutputList().forEach(this::activation);
    } else if (MOVING.contains(type)) {
      if (isMarked(node.getInput(0))) {
        share(node.getOutput(0), node.getInput(0));
      }
    } else if (isClamp(node)) {
      markClamp(node, removed);
    } else {
      markByRule(node, type);
    }
  }

  private void markByRule(NodeProto node, String type) {
    switch (type) {
      case "MatMul" -> {
        node.getInputList().forEach(x -> put(x, graph.initializers().containsKey(x)));
        activation(node.getOutput(0));
      }
      case "Gemm", "Conv", "ConvTranspose" -> {
        activation(node.getInput(0));
        activation(node.getOutput(0));
        put(node.getInput(1), true);
        bias(node, type.equals("Gemm") ? beta(node) : 1);
      }
      case "LayerNormalization", "InstanceNormalization", "BatchNormalization" -> {
        activation(node.getInput(0));
        put(node.getInput(1), graph.initializers().containsKey(node.getInput(1)));
        bias(node, 1);
        node.getOutputList().forEach(this::activation);
      }
      case "Split" -> {
        if (!isMarked(node.getInput(0))) {
          activation(node.getInput(0));
        }
        node.getOutputList().forEach(y -> share(y, node.getInput(0)));
      }
      case "Gather", "GatherElements" -> {
        if (graph.isFloatInitializer(node.getInput(0))) {
          activation(node.getInput(0));
        }
        if (isMarked(node.getInput(0))) {
          share(node.getOutput(0), node.getInput(0));
        }
      }
      case "Where" -> {
        if (isMarked(node.getInput(1)) && isMarked(node.getInput(2))) {
          activation(node.getOutput(0));
        }
      }
      default -> {} // everything else stays in float
    }
  }

  /// An int8 value that saturates at the right ends needs no Relu.
  private void markClamp(NodeProto node, Set<NodeProto> removed) {
    String x = node.getInput(0);
    String y = node.getOutput(0);
    if (!isMarked(x)) {
      return;
    }
    boolean inside = !graph.outputs().contains(x) && !graph.inputs().contains(x);
    if (ranges.containsKey(y) && inside && graph.readers(x) == 1) {
      graph.replaceOutputs(x, y);
      marks.remove(x);
      removed.add(node);
    } else {
      activation(x);
    }
    activation(y);
  }

  private boolean isMarked(String name) {
    return marks.containsKey(name) || biases.containsKey(name);
  }

  private void activation(String name) {
    put(name, false);
  }

  private void put(String name, boolean weight) {
    if (isFloat(name)) {
      marks.putIfAbsent(name, new Mark(weight, Optional.empty()));
    }
  }

  private void share(String name, String like) {
    if (isFloat(name)) {
      marks.put(name, new Mark(false, Optional.of(like)));
    }
  }

  private boolean isFloat(String name) {
    return graph.initializers().containsKey(name)
        ? graph.isFloatInitializer(name)
        : floatValues.contains(name);
  }

  private void bias(NodeProto node, float beta) {
    if (node.getInputCount() < 3 || !graph.isFloatInitializer(node.getInput(2))) {
      return;
    }
    String name = node.getInput(2);
    if (biases.containsKey(name)) {
      TensorProto original = graph.initializer(name);
      name = name + "_of_" + node.getOutput(0); // each reader has a scale of its own
      graph.put(original.toBuilder().setName(name).build());
    }
    biases.put(name, new Bias(node.getInput(0), node.getInput(1), beta));
    replaceBias(node, name);
  }

  /// The bias goes by its name, the factor into its scale.
  private void replaceBias(NodeProto node, String name) {
    NodeProto.Builder changed = node.toBuilder().setInput(2, name);
    for (int i = 0; i < changed.getAttributeCount(); i++) {
      if (changed.getAttribute(i).getName().equals("beta")) {
        changed.getAttributeBuilder(i).setF(1);
      }
    }
    List<NodeProto> nodes = new ArrayList<>(graph.nodes());
    nodes.replaceAll(n -> n.getOutputList().equals(node.getOutputList()) ? changed.build() : n);
    graph.setNodes(nodes);
  }

  private static float beta(NodeProto gemm) {
    return gemm.getAttributeList().stream()
        .filter(a -> a.getName().equals("beta"))
        .map(AttributeProto::getF)
        .findFirst()
        .orElse(1f);
  }

  private void chooseScale(String name, Mark mark) {
    TensorProto constant = graph.initializers().get(name);
    if (constant != null) {
      float[] values = OnnxGraph.floats(constant);
      scales.put(
          name, mark.weight() ? AffineInt8.symmetric(values) : AffineInt8.asymmetric(true, values));
    } else if (mark.like().isEmpty()) {
      Extent seen = ranges.getOrDefault(name, new Extent(0, 0));
      scales.put(name, AffineInt8.asymmetric(true, seen.min(), seen.max()));
    }
  }

  /// Makes a weight's scale as large as its bias needs in int32.
  private void widenForBias(String name, Bias bias) {
    AffineInt8 input = scales.get(bias.input());
    AffineInt8 weight = scales.get(bias.weight());
    boolean constant = graph.initializers().containsKey(bias.weight());
    if (input == null || weight == null || !constant || weight.zeroPoint() != 0) {
      return;
    }
    Extent extent = Extent.of(OnnxGraph.floats(graph.initializer(name)));
    double largest = Math.max(Math.abs((double) extent.min()), Math.abs((double) extent.max()));
    double smallest = 1.0001 * 2 * largest / (2.0 * Integer.MAX_VALUE);
    double candidate = (double) input.scale() * weight.scale();
    if (candidate < smallest && candidate > 0) {
      float wider = (float) (weight.scale() * (smallest / candidate));
      scales.put(bias.weight(), weight.withScale(wider));
    }
  }

  private void insert(String name) {
    TensorProto constant = graph.initializers().get(name);
    AffineInt8 q = Objects.requireNonNull(scales.get(name), "chosen before");
    if (constant == null) {
      graph.scalar(name + "_scale", q.scale());
      graph.scalar(name + "_zero_point", OnnxGraph.INT8, q.zeroPoint());
      insertPair(name, name);
    } else {
      String scale = name + "_scale";
      String zero = name + "_zero_point";
      graph.putQuantized(constant, q, name + "_quantized", scale, zero);
      String real = name + "_DequantizeLinear_Output";
      graph.replaceInputs(name, real);
      graph.add(
          OnnxGraph.node(
              "DequantizeLinear", List.of(name + "_quantized", scale, zero), List.of(real)));
    }
  }

  /// Everybody reads the rounded value, the caller of the graph included.
  private void insertPair(String name, String scaleOf) {
    String from = name;
    String to = name + "_DequantizeLinear_Output";
    if (graph.outputs().contains(name)) {
      from = name + "_QuantizeLinear_Input";
      to = name;
      graph.replaceOutputs(name, from);
    } else {
      graph.replaceInputs(name, to);
    }
    String scale = scaleOf + "_scale";
    String zero = scaleOf + "_zero_point";
    String q = name + "_QuantizeLinear_Output";
    graph.add(OnnxGraph.node("QuantizeLinear", List.of(from, scale, zero), List.of(q)));
    graph.add(OnnxGraph.node("DequantizeLinear", List.of(q, scale, zero), List.of(to)));
  }

  private void insertShared() {
    for (Map.Entry<String, Mark> e : marks.entrySet()) {
      if (e.getValue().like().isPresent()) {
        insertPair(e.getKey(), root(e.getKey()));
      }
    }
  }

  private String root(String name) {
    Mark mark = marks.get(name);
    return mark == null || mark.like().isEmpty() ? name : root(mark.like().get());
  }

  private void quantizeBias(String name, Bias bias) {
    AffineInt8 input = scales.get(root(bias.input()));
    AffineInt8 weight = scales.get(root(bias.weight()));
    if (input == null || weight == null) {
      return; // of a product in float
    }
    float scale = input.scale() * weight.scale() * bias.beta();
    TensorProto constant = graph.initializer(name);
    graph.initializers().remove(name);
    float[] real = OnnxGraph.floats(constant);
    ByteBuffer q = ByteBuffer.allocate(4 * real.length).order(ByteOrder.LITTLE_ENDIAN);
    for (float r : real) {
      double rounded = Math.rint((double) r / scale);
      q.putInt((int) Math.clamp(rounded, Integer.MIN_VALUE, Integer.MAX_VALUE));
    }
    graph.put(
        TensorProto.newBuilder()
            .setName(name + "_quantized")
            .setDataType(OnnxGraph.INT32)
            .addAllDims(constant.getDimsList())
            .setRawData(ByteString.copyFrom(q.array()))
            .build());
    graph.scalar(name + "_quantized_scale", scale);
    graph.scalar(name + "_quantized_zero_point", OnnxGraph.INT32, 0);
    graph.add(
        OnnxGraph.node(
            "DequantizeLinear",
            List.of(name + "_quantized", name + "_quantized_scale", name + "_quantized_zero_point"),
            List.of(name)));
  }
}
