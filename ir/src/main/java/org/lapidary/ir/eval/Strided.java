package org.lapidary.ir.eval;

import java.util.List;
import org.lapidary.ir.Tensor;
import org.lapidary.ir.TensorType;

/// Copies of elements at regular distances, whatever their type. Everything that only moves
/// elements is made of these.
public final class Strided {
  private Strided() {}

  /// A tensor of zeros.
  static Tensor zeros(TensorType type) {
    int n = type.elements();
    return Tensor.of(
        type,
        switch (type.dtype()) {
          case F32 -> new float[n];
          case I64 -> new long[n];
          case I32 -> new int[n];
          case I8, BOOL -> new byte[n];
        });
  }

  /// Copies `count` elements `from[fromAt + i * fromStep]` to `to[toAt + i]`.
  static void copy(Tensor from, int fromAt, int fromStep, Tensor to, int toAt, int count) {
    if (fromStep == 1) {
      System.arraycopy(array(from), fromAt, array(to), toAt, count);
      return;
    }
    switch (from.type().dtype()) {
      case F32 -> {
        for (int i = 0; i < count; i++) {
          to.f32()[toAt + i] = from.f32()[fromAt + i * fromStep];
        }
      }
      case I64 -> {
        for (int i = 0; i < count; i++) {
          to.i64()[toAt + i] = from.i64()[fromAt + i * fromStep];
        }
      }
      case I32 -> {
        for (int i = 0; i < count; i++) {
          to.i32()[toAt + i] = from.i32()[fromAt + i * fromStep];
        }
      }
      case I8, BOOL -> {
        for (int i = 0; i < count; i++) {
          to.bytes()[toAt + i] = from.bytes()[fromAt + i * fromStep];
        }
      }
    }
  }

  /// The tensor whose element at `(i0, i1, …)` is `x[offset + i0 * strides[0] + …]`.
  static Tensor view(Tensor x, TensorType type, int offset, int[] strides) {
    Tensor out = zeros(type);
    if (out.elements() == 0) {
      return out;
    }
    int rank = type.rank();
    int inner = rank == 0 ? 1 : type.dim(-1);
    int innerStep = rank == 0 ? 1 : strides[rank - 1];
    int[] index = new int[rank];
    for (int at = 0; at < out.elements(); at += inner) {
      int from = offset;
      for (int axis = 0; axis < rank; axis++) {
        from += index[axis] * strides[axis];
      }
      copy(x, from, innerStep, out, at, inner);
      advance(index, type.dims(), rank - 2);
    }
    return out;
  }

  /// The next index in row-major order, the axes after `last` left alone.
  private static void advance(int[] index, List<Integer> dims, int last) {
    for (int axis = last; axis >= 0; axis--) {
      if (++index[axis] < dims.get(axis)) {
        return;
      }
      index[axis] = 0;
    }
  }

  /// Elements between neighbours along each axis, in row-major order.
  public static int[] strides(List<Integer> dims) {
    int[] strides = new int[dims.size()];
    int step = 1;
    for (int axis = dims.size() - 1; axis >= 0; axis--) {
      strides[axis] = step;
      step *= dims.get(axis);
    }
    return strides;
  }

  /// Strides that repeat a tensor of shape `from` up to shape `to`.
  public static int[] broadcastStrides(List<Integer> from, List<Integer> to) {
    int[] own = strides(from);
    int[] strides = new int[to.size()];
    int missing = to.size() - from.size();
    for (int axis = 0; axis < from.size(); axis++) {
      strides[missing + axis] = from.get(axis) == 1 ? 0 : own[axis];
    }
    return strides;
  }

  /// `x` repeated up to a shape; itself if it has that shape.
  static Tensor broadcast(Tensor x, List<Integer> dims) {
    return x.type().dims().equals(dims)
        ? x
        : view(x, x.type().withDims(dims), 0, broadcastStrides(x.type().dims(), dims));
  }

  private static Object array(Tensor t) {
    return switch (t.type().dtype()) {
      case F32 -> t.f32();
      case I64 -> t.i64();
      case I32 -> t.i32();
      case I8, BOOL -> t.bytes();
    };
  }
}
