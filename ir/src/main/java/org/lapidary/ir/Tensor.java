package org.lapidary.ir;

import java.util.Arrays;
import java.util.List;

/// Elements of a tensor in row-major order, held in one primitive array: `float[]`, `long[]`,
/// `int[]`, or `byte[]` for [DType#I8] and [DType#BOOL] (0 or 1).
///
/// Tensors are treated as immutable: whoever makes one gives its array away.
public final class Tensor {
  private final TensorType type;
  private final Object array;
  private final int elements;

  private Tensor(TensorType type, Object array, int length) {
    if (type.elements() != length) {
      throw new IllegalArgumentException(length + " elements for " + type);
    }
    this.type = type;
    this.array = array;
    this.elements = length;
  }

  /// Wraps an array whose Java type fits the element type.
  public static Tensor of(TensorType type, Object array) {
    return switch (type.dtype()) {
      case F32 -> new Tensor(type, array, ((float[]) array).length);
      case I64 -> new Tensor(type, array, ((long[]) array).length);
      case I32 -> new Tensor(type, array, ((int[]) array).length);
      case I8, BOOL -> new Tensor(type, array, ((byte[]) array).length);
    };
  }

  public static Tensor f32(List<Integer> dims, float... data) {
    return of(TensorType.of(DType.F32, dims), data);
  }

  public static Tensor i64(List<Integer> dims, long... data) {
    return of(TensorType.of(DType.I64, dims), data);
  }

  public static Tensor i32(List<Integer> dims, int... data) {
    return of(TensorType.of(DType.I32, dims), data);
  }

  public static Tensor i8(List<Integer> dims, byte... data) {
    return of(TensorType.of(DType.I8, dims), data);
  }

  public static Tensor bool(List<Integer> dims, byte... data) {
    return of(TensorType.of(DType.BOOL, dims), data);
  }

  public TensorType type() {
    return type;
  }

  public int elements() {
    return elements;
  }

  /// The elements; only for [DType#F32].
  public float[] f32() {
    return (float[]) array;
  }

  /// The elements; only for [DType#I64].
  public long[] i64() {
    return (long[]) array;
  }

  /// The elements; only for [DType#I32].
  public int[] i32() {
    return (int[]) array;
  }

  /// The elements; only for [DType#I8] and [DType#BOOL].
  public byte[] bytes() {
    return (byte[]) array;
  }

  /// One element as a double, whatever the element type.
  public double asDouble(int index) {
    return switch (type.dtype()) {
      case F32 -> f32()[index];
      case I64 -> i64()[index];
      case I32 -> i32()[index];
      case I8, BOOL -> bytes()[index];
    };
  }

  /// One element as a long; floats are truncated.
  public long asLong(int index) {
    return switch (type.dtype()) {
      case F32 -> (long) f32()[index];
      case I64 -> i64()[index];
      case I32 -> i32()[index];
      case I8, BOOL -> bytes()[index];
    };
  }

  /// The same elements under another type of the same element type and count.
  public Tensor retyped(TensorType newType) {
    if (newType.dtype() != type.dtype()) {
      throw new IllegalArgumentException("cannot view " + type + " as " + newType);
    }
    return of(newType, array);
  }

  /// Equality of type and of every element, bit for bit.
  @Override
  public boolean equals(Object other) {
    if (!(other instanceof Tensor that) || !type.equals(that.type)) {
      return false;
    }
    return switch (type.dtype()) {
      case F32 -> Arrays.equals(f32(), that.f32());
      case I64 -> Arrays.equals(i64(), that.i64());
      case I32 -> Arrays.equals(i32(), that.i32());
      case I8, BOOL -> Arrays.equals(bytes(), that.bytes());
    };
  }

  @Override
  public int hashCode() {
    return switch (type.dtype()) {
      case F32 -> Arrays.hashCode(f32());
      case I64 -> Arrays.hashCode(i64());
      case I32 -> Arrays.hashCode(i32());
      case I8, BOOL -> Arrays.hashCode(bytes());
    };
  }

  @Override
  public String toString() {
    return "tensor " + type;
  }
}
