package org.lapidary.ir;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;

/// Type of a value: element type, static shape and, for quantized integers, the scale.
///
/// An integer `q` of a type with scale `s` stands for the real number `q * s`. Scale 0 means a
/// plain number without a scale.
///
/// @param dtype element type
/// @param dims sizes of the axes, outermost first; empty for a scalar
/// @param scale real value of one integer step, or 0
public record TensorType(DType dtype, List<Integer> dims, double scale) {

  public TensorType {
    dims = List.copyOf(dims);
    for (int d : dims) {
      if (d < 0) {
        throw new IllegalArgumentException("negative dimension in " + dims);
      }
    }
    if (!Double.isFinite(scale) || (scale != 0 && !dtype.isInteger())) {
      throw new IllegalArgumentException("scale " + scale + " on " + dtype.text());
    }
  }

  /// A type without a scale.
  public static TensorType of(DType dtype, List<Integer> dims) {
    return new TensorType(dtype, dims, 0);
  }

  /// A type without a scale.
  public static TensorType of(DType dtype, int... dims) {
    return of(dtype, boxed(dims));
  }

  /// Dimensions as a list.
  public static List<Integer> boxed(int... dims) {
    List<Integer> list = new ArrayList<>(dims.length);
    for (int d : dims) {
      list.add(d);
    }
    return list;
  }

  /// Number of axes.
  public int rank() {
    return dims.size();
  }

  /// Size of an axis; negative axes count from the end.
  ///
  /// @throws IllegalArgumentException if there is no such axis
  public int dim(int axis) {
    int a = axis < 0 ? axis + dims.size() : axis;
    if (a < 0 || a >= dims.size()) {
      throw new IllegalArgumentException("axis " + axis + " of " + this);
    }
    return dims.get(a);
  }

  /// Number of elements.
  ///
  /// @throws IllegalArgumentException if it does not fit an `int`
  public int elements() {
    long n = 1;
    for (int d : dims) {
      n *= d;
      if (n > Integer.MAX_VALUE) {
        throw new IllegalArgumentException("more than 2^31-1 elements in " + dims);
      }
    }
    return (int) n;
  }

  /// Size of all elements in bytes.
  public long bytes() {
    return (long) elements() * dtype.bytes();
  }

  public TensorType withDims(List<Integer> newDims) {
    return new TensorType(dtype, newDims, scale);
  }

  public TensorType withDtype(DType newDtype) {
    return new TensorType(newDtype, dims, 0);
  }

  public TensorType withScale(double newScale) {
    return new TensorType(dtype, dims, newScale);
  }

  /// The text form, for example `i8<scale=0.0235>[128,768]`.
  @Override
  public String toString() {
    String shape = dims.stream().map(String::valueOf).collect(Collectors.joining(",", "[", "]"));
    return dtype.text() + (scale == 0 ? "" : "<scale=" + scale + ">") + shape;
  }
}
