package org.lapidary.tools.data;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.lapidary.ir.DType;
import org.lapidary.ir.Tensor;
import org.lapidary.ir.TensorType;

/// Cutting and converting tensors of data files.
public final class Tensors {
  private Tensors() {}

  /// Rows `from … from + count - 1` along the first axis.
  public static Tensor rows(Tensor t, int from, int count) {
    List<Integer> dims = new ArrayList<>(t.type().dims());
    int size = dims.getFirst() == 0 ? 0 : t.elements() / dims.getFirst();
    dims.set(0, count);
    TensorType type = TensorType.of(t.type().dtype(), dims);
    int a = from * size;
    int b = a + count * size;
    return switch (t.type().dtype()) {
      case F32 -> Tensor.of(type, Arrays.copyOfRange(t.f32(), a, b));
      case I64 -> Tensor.of(type, Arrays.copyOfRange(t.i64(), a, b));
      case I32 -> Tensor.of(type, Arrays.copyOfRange(t.i32(), a, b));
      case I8, BOOL -> Tensor.of(type, Arrays.copyOfRange(t.bytes(), a, b));
    };
  }

  /// Tensors of equal shape one after the other along the first axis.
  public static Tensor stacked(List<Tensor> parts) {
    TensorType first = parts.getFirst().type();
    List<Integer> dims = new ArrayList<>(first.dims());
    dims.set(0, dims.getFirst() * parts.size());
    TensorType type = TensorType.of(first.dtype(), dims);
    int size = first.elements();
    Object whole =
        switch (first.dtype()) {
          case F32 -> new float[size * parts.size()];
          case I64 -> new long[size * parts.size()];
          case I32 -> new int[size * parts.size()];
          case I8, BOOL -> new byte[size * parts.size()];
        };
    for (int i = 0; i < parts.size(); i++) {
      Object part =
          switch (first.dtype()) {
            case F32 -> parts.get(i).f32();
            case I64 -> parts.get(i).i64();
            case I32 -> parts.get(i).i32();
            case I8, BOOL -> parts.get(i).bytes();
          };
      System.arraycopy(part, 0, whole, i * size, size);
    }
    return Tensor.of(type, whole);
  }

  /// The same numbers as another element type.
  public static Tensor convert(Tensor t, DType to) {
    if (t.type().dtype() == to) {
      return t;
    }
    int n = t.elements();
    TensorType type = TensorType.of(to, t.type().dims());
    return switch (to) {
      case F32 -> {
        float[] a = new float[n];
        for (int i = 0; i < n; i++) {
          a[i] = (float) t.asDouble(i);
        }
        yield Tensor.of(type, a);
      }
      case I64 -> {
        long[] a = new long[n];
        for (int i = 0; i < n; i++) {
          a[i] = t.asLong(i);
        }
        yield Tensor.of(type, a);
      }
      case I32 -> {
        int[] a = new int[n];
        for (int i = 0; i < n; i++) {
          a[i] = Math.toIntExact(t.asLong(i));
        }
        yield Tensor.of(type, a);
      }
      case I8, BOOL -> {
        byte[] a = new byte[n];
        for (int i = 0; i < n; i++) {
          a[i] = to == DType.BOOL ? (byte) (t.asDouble(i) != 0 ? 1 : 0) : (byte) t.asLong(i);
        }
        yield Tensor.of(type, a);
      }
    };
  }

  /// Index of the largest of `count` elements from `from`.
  public static int argMax(Tensor t, int from, int count) {
    int best = 0;
    for (int i = 1; i < count; i++) {
      if (t.asDouble(from + i) > t.asDouble(from + best)) {
        best = i;
      }
    }
    return best;
  }
}
