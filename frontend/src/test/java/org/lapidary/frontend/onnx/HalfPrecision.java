package org.lapidary.frontend.onnx;

import com.google.protobuf.UnknownFieldSet;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import org.lapidary.frontend.onnx.proto.Onnx.AttributeProto;
import org.lapidary.frontend.onnx.proto.Onnx.ModelProto;
import org.lapidary.frontend.onnx.proto.Onnx.NodeProto;
import org.lapidary.frontend.onnx.proto.Onnx.TensorProto;
import org.lapidary.frontend.onnx.proto.Onnx.ValueInfoProto;
import org.lapidary.ir.Tensor;

/// Makes a single-precision twin of a half-precision model: the same numbers in wider tensors.
final class HalfPrecision {
  private HalfPrecision() {}

  static byte[] widened(Path file) throws IOException {
    ModelProto.Builder model = ModelProto.parseFrom(Files.readAllBytes(file)).toBuilder();
    // Types of inner values, which this project does not read, would contradict the new ones.
    model.getGraphBuilder().setUnknownFields(UnknownFieldSet.getDefaultInstance());
    model.getGraphBuilder().getInitializerBuilderList().forEach(HalfPrecision::widen);
    model.getGraphBuilder().getInputBuilderList().forEach(HalfPrecision::widen);
    model.getGraphBuilder().getOutputBuilderList().forEach(HalfPrecision::widen);
    for (NodeProto.Builder node : model.getGraphBuilder().getNodeBuilderList()) {
      for (AttributeProto.Builder a : node.getAttributeBuilderList()) {
        if (a.hasT()) {
          widen(a.getTBuilder());
        }
        if (a.getName().equals("to") && a.getI() == TestModel.FLOAT16) {
          a.setI(TestModel.FLOAT);
        }
      }
    }
    return model.build().toByteArray();
  }

  private static void widen(ValueInfoProto.Builder info) {
    if (info.getType().getTensorType().getElemType() == TestModel.FLOAT16) {
      info.getTypeBuilder().getTensorTypeBuilder().setElemType(TestModel.FLOAT);
    }
  }

  private static void widen(TensorProto.Builder t) {
    if (t.getDataType() == TestModel.FLOAT16) {
      TensorReader reader =
          new TensorReader(ByteBuffer.allocate(0), new ExternalData(Path.of(".")));
      Tensor values = reader.read(t.build(), "").load();
      t.clearRawData().clearInt32Data().setDataType(TestModel.FLOAT);
      for (float v : values.f32()) {
        t.addFloatData(v);
      }
    }
  }
}
