package org.lapidary.frontend.onnx;

import com.google.protobuf.CodedOutputStream;
import com.google.protobuf.WireFormat;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.lapidary.frontend.onnx.proto.Onnx.GraphProto;
import org.lapidary.frontend.onnx.proto.Onnx.TensorProto;
import org.lapidary.ir.DType;
import org.lapidary.ir.Tensor;
import org.lapidary.ir.TensorType;

/// Initializers in the wire format, written without making a message of their elements.
final class TensorWriter {
  private static final int CHUNK = 1 << 14;

  private TensorWriter() {}

  /// ONNX's number of an element type.
  static int code(DType dtype) {
    return switch (dtype) {
      case F32 -> 1;
      case I8 -> 3;
      case I32 -> 6;
      case I64 -> 7;
      case BOOL -> 9;
    };
  }

  /// A message without its elements.
  private static TensorProto declaration(String name, TensorType type) {
    TensorProto.Builder tensor =
        TensorProto.newBuilder().setName(name).setDataType(code(type.dtype()));
    type.dims().forEach(dim -> tensor.addDims(dim));
    return tensor.build();
  }

  private static long messageSize(String name, TensorType type) {
    return declaration(name, type).getSerializedSize()
        + headerSize(TensorProto.RAW_DATA_FIELD_NUMBER, type.bytes())
        + type.bytes();
  }

  private static int headerSize(int field, long size) {
    return CodedOutputStream.computeTagSize(field) + CodedOutputStream.computeUInt64SizeNoTag(size);
  }

  /// Bytes of an initializer as a field of the graph.
  static long fieldSize(String name, TensorType type) {
    long message = messageSize(name, type);
    return headerSize(GraphProto.INITIALIZER_FIELD_NUMBER, message) + message;
  }

  /// Tag and length of a message, or of bytes, that is then written by hand.
  static void beginMessage(OutputStream out, int field, long size) throws IOException {
    CodedOutputStream coded = CodedOutputStream.newInstance(out);
    coded.writeTag(field, WireFormat.WIRETYPE_LENGTH_DELIMITED);
    coded.writeUInt64NoTag(size);
    coded.flush();
  }

  /// An initializer as a field of the graph.
  static void writeField(OutputStream out, String name, Tensor tensor) throws IOException {
    TensorType type = tensor.type();
    beginMessage(out, GraphProto.INITIALIZER_FIELD_NUMBER, messageSize(name, type));
    declaration(name, type).writeTo(out);
    beginMessage(out, TensorProto.RAW_DATA_FIELD_NUMBER, type.bytes());
    int width = type.dtype().bytes();
    ByteBuffer buffer = ByteBuffer.allocate(CHUNK * width).order(ByteOrder.LITTLE_ENDIAN);
    for (int from = 0; from < tensor.elements(); from += CHUNK) {
      int to = Math.min(tensor.elements(), from + CHUNK);
      buffer.clear();
      put(tensor, from, to, buffer);
      out.write(buffer.array(), 0, buffer.position());
    }
  }

  private static void put(Tensor t, int from, int to, ByteBuffer buffer) {
    for (int i = from; i < to; i++) {
      switch (t.type().dtype()) {
        case F32 -> buffer.putFloat(t.f32()[i]);
        case I64 -> buffer.putLong(t.i64()[i]);
        case I32 -> buffer.putInt(t.i32()[i]);
        case I8, BOOL -> buffer.put(t.bytes()[i]);
      }
    }
  }
}
