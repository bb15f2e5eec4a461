package org.lapidary.tools.reference.quantized;

import com.google.protobuf.ByteString;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.lapidary.frontend.onnx.proto.Onnx.GraphProto;
import org.lapidary.frontend.onnx.proto.Onnx.ModelProto;
import org.lapidary.frontend.onnx.proto.Onnx.NodeProto;
import org.lapidary.frontend.onnx.proto.Onnx.OperatorSetIdProto;
import org.lapidary.frontend.onnx.proto.Onnx.StringStringEntryProto;
import org.lapidary.frontend.onnx.proto.Onnx.TensorProto;
import org.lapidary.frontend.onnx.proto.Onnx.ValueInfoProto;

/// The main graph of an ONNX file, open to changes; what this project does not read of the format
/// passes through unchanged.
final class OnnxGraph {
  static final int FLOAT = 1;
  static final int UINT8 = 2;
  static final int INT8 = 3;
  static final int INT32 = 6;
  private static final int EXTERNAL = 1;

  private final ModelProto model;
  private final Map<String, TensorProto> initializers = new LinkedHashMap<>();
  private final List<String> extraOutputs = new ArrayList<>();
  private List<NodeProto> nodes;
  private boolean usesMicrosoftOperators;

  private OnnxGraph(ModelProto model, Path folder) throws IOException {
    this.model = model;
    this.nodes = new ArrayList<>(model.getGraph().getNodeList());
    for (TensorProto t : model.getGraph().getInitializerList()) {
      initializers.put(t.getName(), t.getDataLocation() == EXTERNAL ? inlined(t, folder) : t);
    }
  }

  static OnnxGraph read(Path file) throws IOException {
    Path folder = Objects.requireNonNull(file.toAbsolutePath().getParent(), "a file has a folder");
    try (var in = Files.newInputStream(file)) {
      return new OnnxGraph(ModelProto.parseFrom(in), folder);
    }
  }

  private static TensorProto inlined(TensorProto tensor, Path folder) throws IOException {
    Map<String, String> where = new LinkedHashMap<>();
    for (StringStringEntryProto entry : tensor.getExternalDataList()) {
      where.put(entry.getKey(), entry.getValue());
    }
    String name = Objects.requireNonNull(where.get("location"), "external data have a location");
    try (RandomAccessFile file = new RandomAccessFile(folder.resolve(name).toFile(), "r")) {
      long offset = Long.parseLong(where.getOrDefault("offset", "0"));
      String length = where.getOrDefault("length", Long.toString(file.length() - offset));
      byte[] bytes = new byte[Integer.parseInt(length)];
      file.seek(offset);
      file.readFully(bytes);
      return tensor.toBuilder()
          .clearExternalData()
          .clearDataLocation()
          .setRawData(ByteString.copyFrom(bytes))
          .build();
    }
  }

  /// Version of the default operator set.
  long opset() {
    return model.getOpsetImportList().stream()
        .filter(o -> o.getDomain().isEmpty() || o.getDomain().equals("ai.onnx"))
        .mapToLong(OperatorSetIdProto::getVersion)
        .findFirst()
        .orElse(1);
  }

  List<NodeProto> nodes() {
    return nodes;
  }

  void setNodes(List<NodeProto> newNodes) {
    nodes = new ArrayList<>(newNodes);
  }

  void add(NodeProto node) {
    nodes.add(node);
  }

  Map<String, TensorProto> initializers() {
    return initializers;
  }

  /// An initializer that is known to exist.
  TensorProto initializer(String name) {
    return Objects.requireNonNull(initializers.get(name), () -> "no initializer " + name);
  }

  void put(TensorProto tensor) {
    initializers.put(tensor.getName(), tensor);
  }

  void scalar(String name, float value) {
    put(TensorProto.newBuilder().setName(name).setDataType(FLOAT).addFloatData(value).build());
  }

  void scalar(String name, int type, int value) {
    put(TensorProto.newBuilder().setName(name).setDataType(type).addInt32Data(value).build());
  }

  /// Writes an 8-bit initializer with its scale and zero point beside it.
  void putQuantized(TensorProto weight, AffineInt8 q, String name, String scale, String zero) {
    int type = q.signed() ? INT8 : UINT8;
    put(
        TensorProto.newBuilder()
            .setName(name)
            .setDataType(type)
            .addAllDims(weight.getDimsList())
            .setRawData(q.quantize(floats(weight)))
            .build());
    scalar(scale, q.scale());
    scalar(zero, type, q.zeroPoint());
  }

  boolean isFloatInitializer(String name) {
    TensorProto t = initializers.get(name);
    return t != null && t.getDataType() == FLOAT;
  }

  static float[] floats(TensorProto t) {
    int n = Math.toIntExact(t.getDimsList().stream().reduce(1L, (a, b) -> a * b));
    float[] a = new float[n];
    if (t.hasRawData()) {
      ByteBuffer raw = t.getRawData().asReadOnlyByteBuffer().order(ByteOrder.LITTLE_ENDIAN);
      FloatBuffer floats = raw.asFloatBuffer();
      floats.get(a);
    } else {
      for (int i = 0; i < n; i++) {
        a[i] = t.getFloatData(i);
      }
    }
    return a;
  }

  List<String> inputs() {
    return names(model.getGraph().getInputList());
  }

  List<String> outputs() {
    return names(model.getGraph().getOutputList());
  }

  private static List<String> names(List<ValueInfoProto> infos) {
    return infos.stream().map(ValueInfoProto::getName).toList();
  }

  /// Makes a value a result of the graph, too.
  void expose(String name) {
    extraOutputs.add(name);
  }

  void useMicrosoftOperators() {
    usesMicrosoftOperators = true;
  }

  /// Number of times that nodes read a value.
  long readers(String name) {
    return nodes.stream().flatMap(n -> n.getInputList().stream()).filter(name::equals).count();
  }

  void replaceInputs(String from, String to) {
    nodes.replaceAll(n -> renamed(n, from, to, true));
  }

  void replaceOutputs(String from, String to) {
    nodes.replaceAll(n -> renamed(n, from, to, false));
  }

  private static NodeProto renamed(NodeProto node, String from, String to, boolean input) {
    List<String> names = input ? node.getInputList() : node.getOutputList();
    if (!names.contains(from)) {
      return node;
    }
    List<String> changed = names.stream().map(n -> n.equals(from) ? to : n).toList();
    return input
        ? node.toBuilder().clearInput().addAllInput(changed).build()
        : node.toBuilder().clearOutput().addAllOutput(changed).build();
  }

  /// A node of the default operator set.
  static NodeProto node(String type, List<String> inputs, List<String> outputs) {
    return NodeProto.newBuilder()
        .setOpType(type)
        .setName(outputs.getFirst() + "_" + type)
        .addAllInput(inputs)
        .addAllOutput(outputs)
        .build();
  }

  /// The file, its nodes in an order in which each follows those it reads.
  byte[] bytes() {
    Set<String> used = new HashSet<>(outputs());
    Set<String> computed = new HashSet<>();
    boolean nested = false;
    for (NodeProto node : nodes) {
      used.addAll(node.getInputList());
      computed.addAll(node.getOutputList());
      nested |= node.getAttributeList().stream().anyMatch(a -> a.hasG());
    }
    boolean keepAll = nested; // a nested graph may read what nobody else does
    Set<String> gone = new HashSet<>(names(model.getGraph()));
    initializers
        .values()
        .removeIf(t -> computed.contains(t.getName()) || !(keepAll || used.contains(t.getName())));
    gone.removeAll(initializers.keySet());
    GraphProto.Builder graph =
        model.getGraph().toBuilder()
            .clearNode()
            .addAllNode(sorted())
            .clearInitializer()
            .addAllInitializer(initializers.values())
            .clearInput()
            .addAllInput(
                model.getGraph().getInputList().stream()
                    .filter(i -> !gone.contains(i.getName()))
                    .toList());
    extraOutputs.forEach(name -> graph.addOutput(ValueInfoProto.newBuilder().setName(name)));
    ModelProto.Builder whole = model.toBuilder().setGraph(graph);
    boolean known = whole.getOpsetImportList().stream().anyMatch(o -> isMicrosoft(o.getDomain()));
    if (usesMicrosoftOperators && !known) {
      whole.addOpsetImportBuilder().setDomain("com.microsoft").setVersion(1);
    }
    return whole.build().toByteArray();
  }

  private static Set<String> names(GraphProto graph) {
    Set<String> names = new HashSet<>();
    graph.getInitializerList().forEach(t -> names.add(t.getName()));
    return names;
  }

  private static boolean isMicrosoft(@Nullable String domain) {
    return "com.microsoft".equals(domain);
  }

  private List<NodeProto> sorted() {
    Map<String, NodeProto> producers = new LinkedHashMap<>();
    nodes.forEach(n -> n.getOutputList().forEach(name -> producers.put(name, n)));
    Set<NodeProto> placed = java.util.Collections.newSetFromMap(new java.util.IdentityHashMap<>());
    List<NodeProto> order = new ArrayList<>();
    List<NodeProto> stack = new ArrayList<>();
    for (NodeProto root : nodes) {
      stack.add(root);
      while (!stack.isEmpty()) {
        NodeProto top = stack.getLast();
        List<NodeProto> missing =
            placed.contains(top)
                ? List.of()
                : top.getInputList().stream()
                    .map(producers::get)
                    .filter(p -> p != null && !placed.contains(p))
                    .toList();
        if (missing.isEmpty()) {
          stack.removeLast();
          if (placed.add(top)) {
            order.add(top);
          }
        } else {
          stack.addAll(missing);
        }
      }
    }
    return order;
  }
}
