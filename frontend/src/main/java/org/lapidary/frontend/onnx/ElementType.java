package org.lapidary.frontend.onnx;

import java.util.Arrays;
import java.util.Optional;
import org.lapidary.ir.DType;

/// The element types of ONNX that can be read, and what each becomes in the graph: 16-bit and
/// 64-bit floats become f32, small unsigned integers the next wider signed type.
///
/// Source: onnx.proto, `TensorProto.DataType`.
enum ElementType {
  FLOAT(1, 4, DType.F32),
  UINT8(2, 1, DType.I32),
  INT8(3, 1, DType.I8),
  UINT16(4, 2, DType.I32),
  INT16(5, 2, DType.I32),
  INT32(6, 4, DType.I32),
  INT64(7, 8, DType.I64),
  BOOL(9, 1, DType.BOOL),
  FLOAT16(10, 2, DType.F32),
  DOUBLE(11, 8, DType.F32),
  UINT32(12, 4, DType.I64),
  BFLOAT16(16, 2, DType.F32);

  private final int code;
  private final int bytes;
  private final DType dtype;

  ElementType(int code, int bytes, DType dtype) {
    this.code = code;
    this.bytes = bytes;
    this.dtype = dtype;
  }

  /// Size of one element in the file.
  int bytes() {
    return bytes;
  }

  /// The type of the same numbers in the graph.
  DType dtype() {
    return dtype;
  }

  /// Whether the graph's type holds more numbers than this one, so that sums must be wrapped.
  boolean isWidenedInteger() {
    return switch (this) {
      case UINT8, UINT16, INT16, UINT32 -> true;
      case FLOAT, INT8, INT32, INT64, BOOL, FLOAT16, DOUBLE, BFLOAT16 -> false;
    };
  }

  /// Smallest number of an integer type.
  long lowest() {
    return switch (this) {
      case UINT8, UINT16, UINT32, BOOL -> 0;
      case INT8, INT16, INT32, INT64 -> -1L << (8 * bytes - 1);
      case FLOAT, FLOAT16, DOUBLE, BFLOAT16 -> throw new IllegalStateException("not an integer");
    };
  }

  /// Largest number of an integer type.
  long highest() {
    return lowest() == 0 ? (1L << (8 * bytes)) - 1 : ~lowest();
  }

  /// The type with that number.
  ///
  /// @throws Refusal if it cannot be read
  static ElementType of(int code) {
    return find(code)
        .orElseThrow(() ->
            Refusal.type(
                "elements of type " + nameOf(code) + " are not read",
                "export the model with float32 and int64 values"));
  }

  static Optional<ElementType> find(int code) {
    return Arrays.stream(values()).filter(t -> t.code == code).findFirst();
  }

  private static String nameOf(int code) {
    return switch (code) {
      case 0 -> "undefined";
      case 8 -> "string";
      case 13 -> "uint64";
      case 14, 15 -> "complex";
      case 17, 18, 19, 20, 24 -> "float8";
      case 21, 22 -> "int4";
      case 23 -> "float4";
      default -> "number " + code;
    };
  }
}
