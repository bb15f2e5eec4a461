package org.lapidary.frontend.onnx;

import com.google.protobuf.ByteString;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.lapidary.frontend.onnx.proto.Onnx.AttributeProto;
import org.lapidary.frontend.onnx.proto.Onnx.FunctionProto;
import org.lapidary.frontend.onnx.proto.Onnx.GraphProto;
import org.lapidary.frontend.onnx.proto.Onnx.ModelProto;
import org.lapidary.frontend.onnx.proto.Onnx.NodeProto;
import org.lapidary.frontend.onnx.proto.Onnx.OperatorSetIdProto;
import org.lapidary.frontend.onnx.proto.Onnx.TensorProto;
import org.lapidary.frontend.onnx.proto.Onnx.TensorShapeProto;
import org.lapidary.frontend.onnx.proto.Onnx.TensorShapeProto.Dimension;
import org.lapidary.frontend.onnx.proto.Onnx.TypeProto;
import org.lapidary.frontend.onnx.proto.Onnx.ValueInfoProto;

/// Small ONNX models, written down in a few lines.
final class TestModel {
  static final int FLOAT = 1;
  static final int UINT8 = 2;
  static final int INT8 = 3;
  static final int INT32 = 6;
  static final int INT64 = 7;
  static final int BOOL = 9;
  static final int FLOAT16 = 10;
  static final int DOUBLE = 11;

  private static final int ATTRIBUTE_FLOAT = 1;
  private static final int ATTRIBUTE_INT = 2;
  private static final int ATTRIBUTE_STRING = 3;
  private static final int ATTRIBUTE_TENSOR = 4;
  private static final int ATTRIBUTE_GRAPH = 5;
  private static final int ATTRIBUTE_INTS = 7;

  final ModelProto.Builder proto = ModelProto.newBuilder().setIrVersion(8);
  private final Random random = new Random(42);

  private TestModel() {
    proto.getGraphBuilder().setName("test");
  }

  static TestModel opset(long version) {
    TestModel model = new TestModel();
    model.proto.addOpsetImport(OperatorSetIdProto.newBuilder().setVersion(version));
    return model;
  }

  TestModel domain(String domain, long version) {
    proto.addOpsetImport(OperatorSetIdProto.newBuilder().setDomain(domain).setVersion(version));
    return this;
  }

  GraphProto.Builder graph() {
    return proto.getGraphBuilder();
  }

  /// @param dims numbers, or names of symbolic dimensions
  TestModel input(String name, int type, Object... dims) {
    graph().addInput(info(name, type, dims));
    return this;
  }

  static ValueInfoProto info(String name, int type, Object... dims) {
    TensorShapeProto.Builder shape = TensorShapeProto.newBuilder();
    for (Object d : dims) {
      shape.addDim(
          d instanceof Integer i
              ? Dimension.newBuilder().setDimValue(i)
              : Dimension.newBuilder().setDimParam((String) d));
    }
    return ValueInfoProto.newBuilder()
        .setName(name)
        .setType(
            TypeProto.newBuilder()
                .setTensorType(TypeProto.Tensor.newBuilder().setElemType(type).setShape(shape)))
        .build();
  }

  /// Outputs declare their element type only.
  TestModel output(String name, int type) {
    TypeProto.Tensor tensor = TypeProto.Tensor.newBuilder().setElemType(type).build();
    graph()
        .addOutput(
            ValueInfoProto.newBuilder()
                .setName(name)
                .setType(TypeProto.newBuilder().setTensorType(tensor)));
    return this;
  }

  TestModel output(String name) {
    return output(name, FLOAT);
  }

  /// @param inputs names with spaces between; `_` leaves one out
  TestModel node(String op, String inputs, String outputs, AttributeProto... attributes) {
    graph()
        .addNode(aNode(op, inputs, outputs, attributes).setName(op + "_" + graph().getNodeCount()));
    return this;
  }

  TestModel nodeIn(
      String domain, String op, String inputs, String outputs, AttributeProto... attributes) {
    node(op, inputs, outputs, attributes);
    graph().getNodeBuilder(graph().getNodeCount() - 1).setDomain(domain);
    return this;
  }

  static NodeProto.Builder aNode(
      String op, String inputs, String outputs, AttributeProto... attributes) {
    return NodeProto.newBuilder()
        .setOpType(op)
        .addAllInput(names(inputs))
        .addAllOutput(names(outputs))
        .addAllAttribute(Arrays.asList(attributes));
  }

  private static List<String> names(String list) {
    return list.isEmpty()
        ? List.of()
        : Arrays.stream(list.split(" ")).map(n -> n.equals("_") ? "" : n).toList();
  }

  /// A weight with seeded numbers.
  TestModel weight(String name, int... dims) {
    int n = Arrays.stream(dims).reduce(1, (a, b) -> a * b);
    float[] values = new float[n];
    for (int i = 0; i < n; i++) {
      values[i] = (float) random.nextGaussian() / 2;
    }
    return floats(name, dims, values);
  }

  TestModel floats(String name, int[] dims, float... values) {
    ByteBuffer bytes = ByteBuffer.allocate(4 * values.length).order(ByteOrder.LITTLE_ENDIAN);
    bytes.asFloatBuffer().put(values);
    return raw(name, FLOAT, dims, bytes);
  }

  TestModel longs(String name, long... values) {
    graph().addInitializer(aTensor(values).toBuilder().setName(name));
    return this;
  }

  TestModel scalar(String name, long value) {
    TensorProto t = aTensor(value).toBuilder().setName(name).clearDims().build();
    graph().addInitializer(t);
    return this;
  }

  TestModel raw(String name, int type, int[] dims, ByteBuffer bytes) {
    TensorProto.Builder t =
        TensorProto.newBuilder()
            .setName(name)
            .setDataType(type)
            .setRawData(ByteString.copyFrom(bytes.rewind()));
    for (int d : dims) {
      t.addDims(d);
    }
    graph().addInitializer(t);
    return this;
  }

  static TensorProto aTensor(long... values) {
    TensorProto.Builder t = TensorProto.newBuilder().setDataType(INT64).addDims(values.length);
    for (long v : values) {
      t.addInt64Data(v);
    }
    return t.build();
  }

  TestModel function(FunctionProto.Builder function) {
    proto.addFunctions(function);
    return this;
  }

  static AttributeProto i(String name, long value) {
    return attribute(name, ATTRIBUTE_INT).setI(value).build();
  }

  static AttributeProto f(String name, float value) {
    return attribute(name, ATTRIBUTE_FLOAT).setF(value).build();
  }

  static AttributeProto s(String name, String value) {
    return attribute(name, ATTRIBUTE_STRING).setS(ByteString.copyFromUtf8(value)).build();
  }

  static AttributeProto ints(String name, long... values) {
    AttributeProto.Builder a = attribute(name, ATTRIBUTE_INTS);
    Arrays.stream(values).forEach(a::addInts);
    return a.build();
  }

  static AttributeProto t(String name, TensorProto value) {
    return attribute(name, ATTRIBUTE_TENSOR).setT(value).build();
  }

  static AttributeProto g(String name, GraphProto value) {
    return attribute(name, ATTRIBUTE_GRAPH).setG(value).build();
  }

  private static AttributeProto.Builder attribute(String name, int type) {
    return AttributeProto.newBuilder().setName(name).setType(type);
  }

  byte[] bytes() {
    return proto.build().toByteArray();
  }

  Path write(Path folder) {
    return write(folder, "model.onnx");
  }

  Path write(Path folder, String name) {
    try {
      return Files.write(folder.resolve(name), bytes());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
