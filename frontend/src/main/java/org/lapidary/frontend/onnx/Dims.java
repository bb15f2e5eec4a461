package org.lapidary.frontend.onnx;

import java.util.ArrayList;
import java.util.List;
import org.lapidary.ir.op.Shapes;

/// Arithmetic on shapes and axes that several ONNX operators need.
final class Dims {
  private static final int LARGEST_MADE = 1 << 26;

  private Dims() {}

  /// A number of the file that must fit an `int`; those that mean "to the end" are cut to it.
  static int small(long value, String what) {
    if (value < -Integer.MAX_VALUE) {
      return -Integer.MAX_VALUE;
    }
    if (value > Integer.MAX_VALUE && value < Long.MAX_VALUE / 2) {
      throw Refusal.shape(what + " is " + value, "only sizes up to 2^31-1 are possible");
    }
    return (int) Math.min(value, Integer.MAX_VALUE);
  }

  static List<Integer> small(long[] values, String what) {
    List<Integer> out = new ArrayList<>(values.length);
    for (long v : values) {
      out.add(small(v, what));
    }
    return out;
  }

  /// Number of elements of some of the axes.
  static int product(List<Integer> dims) {
    return Shapes.elements(dims);
  }

  /// Number of elements of a constant the importer makes up itself, such as a causal mask.
  ///
  /// @throws Refusal if it would be unreasonably large
  static int made(int... sizes) {
    long n = 1;
    for (int size : sizes) {
      n *= size;
      if (n > LARGEST_MADE) {
        throw Refusal.shape(
            "a constant of " + n + " elements would be needed", "check --dim values");
      }
    }
    return (int) n;
  }

  static List<Integer> all(int rank) {
    List<Integer> out = new ArrayList<>(rank);
    for (int i = 0; i < rank; i++) {
      out.add(i);
    }
    return out;
  }

  static List<Integer> positive(List<Integer> axes, int rank) {
    List<Integer> out = new ArrayList<>();
    for (int axis : axes) {
      out.add(Shapes.axis(axis, rank));
    }
    return out;
  }

  /// The permutation that swaps the last two axes.
  static List<Integer> swapLast(int rank) {
    List<Integer> p = all(rank);
    p.set(rank - 1, rank - 2);
    p.set(rank - 2, rank - 1);
    return p;
  }

  /// One list after the other.
  @SafeVarargs
  static List<Integer> join(List<Integer>... parts) {
    List<Integer> out = new ArrayList<>();
    for (List<Integer> part : parts) {
      out.addAll(part);
    }
    return out;
  }

  /// The size of the axis at `index` replaced.
  static List<Integer> with(List<Integer> dims, int index, int size) {
    List<Integer> out = new ArrayList<>(dims);
    out.set(index, size);
    return out;
  }
}
