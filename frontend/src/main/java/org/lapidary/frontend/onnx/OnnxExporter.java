package org.lapidary.frontend.onnx;

import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.lapidary.frontend.onnx.proto.Onnx.GraphProto;
import org.lapidary.frontend.onnx.proto.Onnx.ModelProto;
import org.lapidary.frontend.onnx.proto.Onnx.OperatorSetIdProto;
import org.lapidary.frontend.onnx.proto.Onnx.TensorShapeProto;
import org.lapidary.frontend.onnx.proto.Onnx.TypeProto;
import org.lapidary.frontend.onnx.proto.Onnx.ValueInfoProto;
import org.lapidary.ir.Data;
import org.lapidary.ir.Diagnostic;
import org.lapidary.ir.DiagnosticException;
import org.lapidary.ir.Graph;
import org.lapidary.ir.Value;
import org.lapidary.ir.op.Layout;
import org.lapidary.ir.op.NnOp;

/// Writes an `nn` graph as an ONNX model of ordinary operators, with the sizes it has; inputs and
/// results keep their names. Weights are read one at a time, when they are written.
public final class OnnxExporter {
  /// The first operator set with Gelu, whose other operators ONNX Runtime has had for long.
  static final int OPSET = 20;

  private static final int IR_VERSION = 9;

  /// What a protobuf message may hold.
  private static final long LARGEST = Integer.MAX_VALUE;

  private OnnxExporter() {}

  /// Writes a model; the file appears whole or not at all.
  ///
  /// @throws DiagnosticException if the model is too large for one file, or cannot be written
  public static void write(Graph<NnOp> graph, Path file) {
    Map<String, Data> weights = new LinkedHashMap<>();
    byte[] skeleton = skeleton(graph, weights).toByteArray();
    long size = skeleton.length;
    for (Map.Entry<String, Data> weight : weights.entrySet()) {
      size += TensorWriter.fieldSize(weight.getKey(), weight.getValue().type());
    }
    if (size > LARGEST) {
      throw problem(file, "the model has " + size + " bytes, an ONNX file at most " + LARGEST);
    }
    Path whole = file.toAbsolutePath();
    try {
      Path part = Files.createTempFile(Objects.requireNonNull(whole.getParent()), ".lapidary", "");
      try (OutputStream out = new BufferedOutputStream(Files.newOutputStream(part), 1 << 20)) {
        header().writeTo(out);
        TensorWriter.beginMessage(out, ModelProto.GRAPH_FIELD_NUMBER, size);
        out.write(skeleton);
        for (Map.Entry<String, Data> weight : weights.entrySet()) {
          TensorWriter.writeField(out, weight.getKey(), weight.getValue().load());
        }
      } catch (IOException | RuntimeException e) {
        Files.delete(part);
        throw e;
      }
      Files.move(part, whole, StandardCopyOption.REPLACE_EXISTING);
    } catch (IOException e) {
      throw problem(file, "cannot be written: " + e.getMessage());
    }
  }

  private static DiagnosticException problem(Path file, String message) {
    return new DiagnosticException(
        Diagnostic.error(
            Diagnostic.Code.INVALID_MODEL, file.toString(), "", message, "write it elsewhere"));
  }

  /// A model without its graph.
  private static ModelProto header() {
    return ModelProto.newBuilder()
        .setIrVersion(IR_VERSION)
        .setProducerName("lapidary")
        .addOpsetImport(OperatorSetIdProto.newBuilder().setDomain("").setVersion(OPSET))
        .build();
  }

  /// The graph without its weights, which are named.
  private static GraphProto skeleton(Graph<NnOp> graph, Map<String, Data> weights) {
    GraphProto.Builder out = GraphProto.newBuilder().setName(graph.name());
    NodeWriter nodes = new NodeWriter(out, weights);
    for (Graph.Port port : graph.inputs()) {
      out.addInput(declaration(port));
      nodes.name(port.value(), port.name());
    }
    Map<Value, List<Graph.Port>> results = new LinkedHashMap<>();
    for (Graph.Port port : graph.results()) {
      results.computeIfAbsent(port.value(), _ -> new ArrayList<>()).add(port);
      out.addOutput(declaration(port));
      nodes.reserve(port.name());
    }
    for (Graph.Node<NnOp> node : graph.nodes()) {
      List<Graph.Port> ports = results.getOrDefault(node.result(), List.of());
      if (!ports.isEmpty() && !(node.op() instanceof Layout.Const)) {
        nodes.name(node.result(), ports.getFirst().name());
      }
      nodes.write(node);
    }
    for (Graph.Port port : graph.results()) {
      nodes.alias(port.value(), port.name());
    }
    return out.build();
  }

  private static ValueInfoProto declaration(Graph.Port port) {
    TensorShapeProto.Builder shape = TensorShapeProto.newBuilder();
    for (int dim : port.type().dims()) {
      shape.addDim(TensorShapeProto.Dimension.newBuilder().setDimValue(dim));
    }
    return ValueInfoProto.newBuilder()
        .setName(port.name())
        .setType(
            TypeProto.newBuilder()
                .setTensorType(
                    TypeProto.Tensor.newBuilder()
                        .setElemType(TensorWriter.code(port.type().dtype()))
                        .setShape(shape)))
        .build();
  }
}
