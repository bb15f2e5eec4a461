package org.lapidary.tools.reference;

import com.google.protobuf.ByteString;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.lapidary.frontend.onnx.proto.Onnx.AttributeProto;
import org.lapidary.frontend.onnx.proto.Onnx.GraphProto;
import org.lapidary.frontend.onnx.proto.Onnx.ModelProto;
import org.lapidary.frontend.onnx.proto.Onnx.NodeProto;
import org.lapidary.frontend.onnx.proto.Onnx.OperatorSetIdProto;
import org.lapidary.frontend.onnx.proto.Onnx.TensorProto;
import org.lapidary.frontend.onnx.proto.Onnx.TensorShapeProto;
import org.lapidary.frontend.onnx.proto.Onnx.TypeProto;
import org.lapidary.frontend.onnx.proto.Onnx.ValueInfoProto;
import org.lapidary.ir.DType;
import org.lapidary.ir.Diagnostic;
import org.lapidary.ir.DiagnosticException;
import org.lapidary.ir.Graph;
import org.lapidary.ir.Tensor;
import org.lapidary.ir.TensorType;
import org.lapidary.ir.Value;
import org.lapidary.ir.op.Elementwise;
import org.lapidary.ir.op.Indexing;
import org.lapidary.ir.op.Layout;
import org.lapidary.ir.op.Neural;
import org.lapidary.ir.op.NnOp;
import org.lapidary.ir.op.OpInfo;

/// A canonical Transformer graph as an ONNX file, opset 20, shapes fixed as in the graph. Nodes
/// keep the names they came with, their operation's appended where several have one.
public final class OnnxWriter {
  private static final int OPSET = 20;
  private static final int IR_VERSION = 9;
  private static final int INT = 2;
  private static final int FLOAT = 1;
  private static final int INTS = 7;

  private final GraphProto.Builder out = GraphProto.newBuilder();
  private final Map<Value, String> names = new HashMap<>();
  private final Map<String, Integer> used = new HashMap<>();

  private OnnxWriter() {}

  /// The file's bytes.
  ///
  /// @throws DiagnosticException if the graph holds what no canonical Transformer does
  public static byte[] bytes(Graph<NnOp> graph) {
    OnnxWriter writer = new OnnxWriter();
    writer.write(graph);
    return ModelProto.newBuilder()
        .setIrVersion(IR_VERSION)
        .setProducerName("lapidary")
        .addOpsetImport(OperatorSetIdProto.newBuilder().setDomain("").setVersion(OPSET))
        .setGraph(writer.out)
        .build()
        .toByteArray();
  }

  private void write(Graph<NnOp> graph) {
    out.setName(graph.name());
    for (Graph.Port port : graph.inputs()) {
      names.put(port.value(), unique(port.name()));
      out.addInput(info(port.name(), port.type()));
    }
    for (Graph.Port port : graph.results()) {
      names.putIfAbsent(port.value(), unique(port.name()));
      out.addOutput(info(port.name(), port.type()));
    }
    graph.nodes().forEach(this::write);
    for (Graph.Port port : graph.results()) {
      if (!name(port.value()).equals(port.name())) {
        out.addNode(node("Identity", port.name(), name(port.value())));
      }
    }
  }

  private void write(Graph.Node<NnOp> node) {
    Value result = node.result();
    if (node.op() instanceof Layout.Const(var data)) {
      names.putIfAbsent(result, unique(data.name()));
      out.addInitializer(tensor(name(result), data.load()));
      return;
    }
    NodeProto.Builder proto = proto(node.op());
    names.putIfAbsent(result, unique(node.loc().node() + "_" + proto.getOpType()));
    out.addNode(proto.setName(unique(node.loc().node())).addOutput(name(result)));
  }

  private NodeProto.Builder proto(NnOp op) {
    String[] operands = OpInfo.operands(op).stream().map(this::name).toArray(String[]::new);
    return switch (op) {
      case Elementwise.Cast c -> node("Cast", operands).addAttribute(of("to", code(c.to())));
      case Elementwise.Gelu g ->
          node("Gelu", operands)
              .addAttribute(
                  AttributeProto.newBuilder()
                      .setName("approximate")
                      .setType(3)
                      .setS(ByteString.copyFromUtf8(g.tanh() ? "tanh" : "none")));
      case Elementwise e when plain(e) -> node(e.getClass().getSimpleName(), operands);
      case Indexing.Gather g -> node("Gather", operands).addAttribute(of("axis", g.axis()));
      case Neural.MatMul _ -> node("MatMul", operands);
      case Neural.Softmax s -> node("Softmax", operands).addAttribute(of("axis", s.axis()));
      case Neural.LayerNorm n ->
          node("LayerNormalization", operands)
              .addAttribute(of("axis", -1))
              .addAttribute(
                  AttributeProto.newBuilder()
                      .setName("epsilon")
                      .setType(FLOAT)
                      .setF((float) n.epsilon()));
      case Layout.Transpose t ->
          node("Transpose", operands)
              .addAttribute(
                  AttributeProto.newBuilder()
                      .setName("perm")
                      .setType(INTS)
                      .addAllInts(t.permutation().stream().map(Integer::longValue).toList()));
      case Layout.Reshape r -> node("Reshape", operands).addInput(ints(r.dims()));
      case Layout.Broadcast b -> node("Expand", operands).addInput(ints(b.dims()));
      case Layout.Concat c -> node("Concat", operands).addAttribute(of("axis", c.axis()));
      case Layout.Slice s when s.step() == 1 ->
          node("Slice", operands)
              .addInput(ints(List.of(s.start())))
              .addInput(ints(List.of(s.start() + s.length())))
              .addInput(ints(List.of(s.axis())));
      default -> throw refused(op);
    };
  }

  /// Whose ONNX operator has the same name and no attributes.
  private static boolean plain(Elementwise op) {
    return !(op instanceof Elementwise.Clip
        || op instanceof Elementwise.Mod
        || op instanceof Elementwise.FakeQuantize);
  }

  private static DiagnosticException refused(NnOp op) {
    return new DiagnosticException(
        Diagnostic.error(
            Diagnostic.Code.UNSUPPORTED_OP,
            "",
            "",
            OpInfo.of(op).name() + " cannot be written as ONNX",
            "only sub-networks of canonical Transformers can be"));
  }

  private NodeProto.Builder node(String type, String[] operands) {
    return NodeProto.newBuilder().setOpType(type).addAllInput(List.of(operands));
  }

  private NodeProto.Builder node(String type, String output, String operand) {
    return node(type, new String[] {operand}).addOutput(output).setName(unique(type));
  }

  private static AttributeProto of(String name, long value) {
    return AttributeProto.newBuilder().setName(name).setType(INT).setI(value).build();
  }

  private String ints(List<Integer> values) {
    String name = unique("shape");
    long[] longs = values.stream().mapToLong(Integer::longValue).toArray();
    out.addInitializer(tensor(name, Tensor.i64(List.of(longs.length), longs)));
    return name;
  }

  private String name(Value value) {
    return Objects.requireNonNull(names.get(value), "a value of another graph");
  }

  private String unique(String wanted) {
    int before = used.merge(wanted, 1, Integer::sum);
    return before == 1 ? wanted : unique(wanted + "_" + before);
  }

  private static ValueInfoProto info(String name, TensorType type) {
    TensorShapeProto.Builder shape = TensorShapeProto.newBuilder();
    type.dims().forEach(d -> shape.addDim(TensorShapeProto.Dimension.newBuilder().setDimValue(d)));
    TypeProto.Tensor.Builder tensor =
        TypeProto.Tensor.newBuilder().setElemType(code(type.dtype())).setShape(shape);
    return ValueInfoProto.newBuilder()
        .setName(name)
        .setType(TypeProto.newBuilder().setTensorType(tensor))
        .build();
  }

  private static int code(DType dtype) {
    return switch (dtype) {
      case F32 -> 1;
      case I8 -> 3;
      case I32 -> 6;
      case I64 -> 7;
      case BOOL -> 9;
    };
  }

  private static TensorProto tensor(String name, Tensor t) {
    ByteBuffer raw =
        ByteBuffer.allocate(t.elements() * t.type().dtype().bytes()).order(ByteOrder.LITTLE_ENDIAN);
    switch (t.type().dtype()) {
      case F32 -> raw.asFloatBuffer().put(t.f32());
      case I64 -> raw.asLongBuffer().put(t.i64());
      case I32 -> raw.asIntBuffer().put(t.i32());
      case I8, BOOL -> raw.put(t.bytes(), 0, t.elements()).rewind();
    }
    return TensorProto.newBuilder()
        .setName(name)
        .setDataType(code(t.type().dtype()))
        .addAllDims(t.type().dims().stream().map(Integer::longValue).toList())
        .setRawData(ByteString.copyFrom(raw))
        .build();
  }
}
