package org.lapidary.ir.op;

import java.util.ArrayList;
import java.util.List;
import org.lapidary.ir.TensorType;

/// Shape rules shared by the operations.
public final class Shapes {
  private Shapes() {}

  /// Multidirectional broadcasting.
  ///
  /// @throws IllegalArgumentException if two sizes differ and neither is 1
  public static List<Integer> broadcast(List<Integer> a, List<Integer> b) {
    int rank = Math.max(a.size(), b.size());
    List<Integer> out = new ArrayList<>(rank);
    for (int i = 0; i < rank; i++) {
      int x = i < rank - a.size() ? 1 : a.get(i - (rank - a.size()));
      int y = i < rank - b.size() ? 1 : b.get(i - (rank - b.size()));
      if (x != y && x != 1 && y != 1) {
        throw new IllegalArgumentException("shapes " + a + " and " + b + " do not broadcast");
      }
      out.add(x == 1 ? y : x);
    }
    return out;
  }

  /// `[..,M,K] x [..,K,N] -> [..,M,N]`, leading axes broadcast. Vectors are not accepted here: the
  /// frontend gives them their missing axis.
  public static List<Integer> matmul(List<Integer> a, List<Integer> b) {
    if (a.size() < 2 || b.size() < 2) {
      throw new IllegalArgumentException("matmul of " + a + " and " + b + ": two axes at least");
    }
    int k = a.get(a.size() - 1);
    if (k != b.get(b.size() - 2)) {
      throw new IllegalArgumentException("matmul of " + a + " and " + b + ": inner sizes differ");
    }
    List<Integer> out =
        new ArrayList<>(broadcast(a.subList(0, a.size() - 2), b.subList(0, b.size() - 2)));
    out.add(a.get(a.size() - 2));
    out.add(b.get(b.size() - 1));
    return out;
  }

  /// A non-negative axis.
  ///
  /// @throws IllegalArgumentException if there is no such axis
  public static int axis(int axis, int rank) {
    int a = axis < 0 ? axis + rank : axis;
    if (a < 0 || a >= rank) {
      throw new IllegalArgumentException("axis " + axis + " of a tensor of rank " + rank);
    }
    return a;
  }

  /// Number of elements of a shape.
  public static int elements(List<Integer> dims) {
    return TensorType.of(org.lapidary.ir.DType.BOOL, dims).elements();
  }

  static void require(boolean condition, String message, Object... args) {
    if (!condition) {
      throw new IllegalArgumentException(String.format(message, args));
    }
  }
}
