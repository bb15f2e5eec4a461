package org.lapidary.frontend.onnx;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.lapidary.frontend.onnx.proto.Onnx.TensorProto;
import org.lapidary.ir.Data;
import org.lapidary.ir.Tensor;
import org.lapidary.ir.TensorType;

/// Turns stored tensors into constants by reference. Only sizes are checked here; elements are
/// decoded when somebody asks for them.
final class TensorReader {
  private static final int EXTERNAL = 1;
  private static final String HINT = "the exporter wrote a damaged tensor: export the model again";

  private final ByteBuffer file;
  private final ExternalData external;

  /// @param file the model file, which large tensors are part of
  /// @param external the files beside it
  TensorReader(ByteBuffer file, ExternalData external) {
    this.file = file;
    this.external = external;
  }

  /// @throws Refusal if the element type is not read, or the bytes do not fit the shape
  Data read(TensorProto proto, String name) {
    ElementType element = ElementType.of(proto.getDataType());
    TensorType type = TensorType.of(element.dtype(), dims(proto));
    int count = type.elements();
    if (proto.getDataLocation() == EXTERNAL) {
      ByteBuffer bytes =
          external.bytes(proto.getExternalDataList(), count * (long) element.bytes());
      return Data.lazy(name, type, () -> decode(bytes, element, type));
    }
    if (proto.hasRawData() || proto.hasMappedLength()) {
      ByteBuffer raw = raw(proto);
      requireCount(type, count * (long) element.bytes(), raw.remaining(), "bytes");
      return Data.lazy(name, type, () -> decode(raw, element, type));
    }
    requireCount(type, count, numbers(proto, element), "numbers");
    return Data.lazy(name, type, () -> fromFields(proto, element, type));
  }

  private ByteBuffer raw(TensorProto proto) {
    return proto.hasMappedLength()
        ? file.slice((int) proto.getMappedOffset(), (int) proto.getMappedLength())
        : proto.getRawData().asReadOnlyByteBuffer().slice();
  }

  private static List<Integer> dims(TensorProto proto) {
    List<Integer> dims = new ArrayList<>();
    for (long d : proto.getDimsList()) {
      if (d < 0 || d > Integer.MAX_VALUE) {
        throw Refusal.shape("the stored tensor has a dimension of " + d, HINT);
      }
      dims.add((int) d);
    }
    return dims;
  }

  private static void requireCount(TensorType type, long expected, long actual, String unit) {
    if (expected != actual) {
      throw Refusal.shape(
          "the stored tensor "
              + type.dims()
              + " needs "
              + expected
              + " "
              + unit
              + ", but has "
              + actual,
          HINT);
    }
  }

  private static int numbers(TensorProto proto, ElementType element) {
    return switch (element) {
      case FLOAT -> proto.getFloatDataCount();
      case DOUBLE -> proto.getDoubleDataCount();
      case INT64 -> proto.getInt64DataCount();
      case UINT32 -> proto.getUint64DataCount();
      case UINT8, INT8, UINT16, INT16, INT32, BOOL, FLOAT16, BFLOAT16 -> proto.getInt32DataCount();
    };
  }

  /// Reads little-endian elements and widens or narrows them.
  private static Tensor decode(ByteBuffer source, ElementType element, TensorType type) {
    ByteBuffer bytes = source.duplicate().order(ByteOrder.LITTLE_ENDIAN);
    int n = type.elements();
    return switch (element) {
      case FLOAT -> {
        float[] a = new float[n];
        bytes.asFloatBuffer().get(a);
        yield Tensor.of(type, a);
      }
      case INT64 -> {
        long[] a = new long[n];
        bytes.asLongBuffer().get(a);
        yield Tensor.of(type, a);
      }
      case INT32 -> {
        int[] a = new int[n];
        bytes.asIntBuffer().get(a);
        yield Tensor.of(type, a);
      }
      case INT8 -> {
        byte[] a = new byte[n];
        bytes.get(a);
        yield Tensor.of(type, a);
      }
      case BOOL -> fill(type, i -> bytes.get(i) == 0 ? 0 : 1);
      case UINT8 -> fill(type, i -> bytes.get(i) & 0xff);
      case UINT16 -> fill(type, i -> bytes.getChar(2 * i));
      case INT16 -> fill(type, i -> bytes.getShort(2 * i));
      case UINT32 -> fill(type, i -> bytes.getInt(4 * i) & 0xffffffffL);
      case FLOAT16 -> floats(type, i -> Float.float16ToFloat(bytes.getShort(2 * i)));
      case BFLOAT16 -> floats(type, i -> bfloat16(bytes.getShort(2 * i)));
      case DOUBLE -> floats(type, i -> narrow(bytes.getDouble(8 * i)));
    };
  }

  private static Tensor fromFields(TensorProto t, ElementType element, TensorType type) {
    return switch (element) {
      case FLOAT -> floats(type, t::getFloatData);
      case DOUBLE -> floats(type, i -> narrow(t.getDoubleData(i)));
      case FLOAT16 -> floats(type, i -> Float.float16ToFloat((short) t.getInt32Data(i)));
      case BFLOAT16 -> floats(type, i -> bfloat16((short) t.getInt32Data(i)));
      case INT64 -> fill(type, t::getInt64Data);
      case UINT32 -> fill(type, t::getUint64Data);
      case BOOL -> fill(type, i -> t.getInt32Data(i) == 0 ? 0 : 1);
      case UINT8, INT8, UINT16, INT16, INT32 -> fill(type, t::getInt32Data);
    };
  }

  private static float bfloat16(short bits) {
    return Float.intBitsToFloat(bits << 16);
  }

  /// Doubles too large for a float stay finite: exporters write the lowest double as a mask.
  private static float narrow(double d) {
    return Double.isFinite(d)
        ? (float) Math.clamp(d, -Float.MAX_VALUE, Float.MAX_VALUE)
        : (float) d;
  }

  private interface FloatAt {
    float at(int index);
  }

  private interface LongAt {
    long at(int index);
  }

  private static Tensor floats(TensorType type, FloatAt source) {
    float[] a = new float[type.elements()];
    for (int i = 0; i < a.length; i++) {
      a[i] = source.at(i);
    }
    return Tensor.of(type, a);
  }

  private static Tensor fill(TensorType type, LongAt source) {
    int n = type.elements();
    return switch (type.dtype()) {
      case I64 -> {
        long[] a = new long[n];
        Arrays.setAll(a, source::at);
        yield Tensor.of(type, a);
      }
      case I32 -> {
        int[] a = new int[n];
        Arrays.setAll(a, i -> (int) source.at(i));
        yield Tensor.of(type, a);
      }
      case I8, BOOL -> {
        byte[] a = new byte[n];
        for (int i = 0; i < n; i++) {
          a[i] = (byte) source.at(i);
        }
        yield Tensor.of(type, a);
      }
      case F32 -> throw new IllegalStateException("integers stay integers");
    };
  }
}
