package org.lapidary.ir.eval;

import java.util.List;
import org.lapidary.ir.DType;
import org.lapidary.ir.Tensor;
import org.lapidary.ir.TensorType;
import org.lapidary.ir.op.Shapes;

/// Matrix products of stacks of matrices. The loops run row, inner, column, so that the innermost
/// one is a run of independent multiply-adds that the compiler vectorises.
final class MatMuls {
  private static final FloatProduct PRODUCT = FloatProduct.fastest();

  private MatMuls() {}

  /// Sizes of one product and where its matrices begin in each stack.
  private record Stack(int m, int k, int n, int[] aAt, int[] bAt) {
    static Stack of(TensorType a, TensorType b, TensorType out) {
      int m = a.dim(-2);
      int k = a.dim(-1);
      int n = b.dim(-1);
      List<Integer> batch = out.dims().subList(0, out.rank() - 2);
      return new Stack(m, k, n, starts(a, batch, m * k), starts(b, batch, k * n));
    }

    /// Broadcasting the numbers 0, 1, 2, … of the matrices says which is used where.
    private static int[] starts(TensorType type, List<Integer> batch, int size) {
      List<Integer> own = type.dims().subList(0, type.rank() - 2);
      int[] start = new int[Shapes.elements(own)];
      for (int i = 0; i < start.length; i++) {
        start[i] = i * size;
      }
      TensorType numbers = TensorType.of(DType.I32, own);
      return Strided.broadcast(Tensor.of(numbers, start), batch).i32();
    }
  }

  /// Products of two f32 tensors, summed as [FloatProduct] says.
  static Tensor floats(Tensor a, Tensor b, TensorType type) {
    Stack s = Stack.of(a.type(), b.type(), type);
    float[] out = new float[type.elements()];
    for (int batch = 0; batch < s.aAt.length; batch++) {
      PRODUCT.add(
          a.f32(), s.aAt[batch], b.f32(), s.bAt[batch], out, batch * s.m * s.n, s.m, s.k, s.n);
    }
    return Tensor.of(type, out);
  }

  /// Products of two int8 tensors with i32 sums, wrapping.
  static Tensor int8(Tensor a, Tensor b, TensorType type) {
    Stack s = Stack.of(a.type(), b.type(), type);
    int[] out = new int[type.elements()];
    int[] y = new int[b.elements()];
    for (int i = 0; i < y.length; i++) {
      y[i] = b.bytes()[i];
    }
    for (int batch = 0; batch < s.aAt.length; batch++) {
      for (int i = 0; i < s.m; i++) {
        int to = (batch * s.m + i) * s.n;
        int row = s.aAt[batch] + i * s.k;
        for (int k = 0; k < s.k; k++) {
          addRow(out, to, a.bytes()[row + k], y, s.bAt[batch] + k * s.n, s.n);
        }
      }
    }
    return Tensor.of(type, out);
  }

  private static void addRow(int[] out, int to, int factor, int[] y, int from, int n) {
    for (int j = 0; j < n; j++) {
      out[to + j] += factor * y[from + j];
    }
  }

  /// Products of integers of one type, wrapping in that type.
  static Tensor integers(Tensor a, Tensor b, TensorType type) {
    Stack s = Stack.of(a.type(), b.type(), type);
    Tensor out = Strided.zeros(type);
    for (int at = 0; at < out.elements(); at++) {
      int batch = at / (s.m * s.n);
      int row = at / s.n % s.m;
      int column = at % s.n;
      long sum = 0;
      for (int k = 0; k < s.k; k++) {
        sum += a.asLong(s.aAt[batch] + row * s.k + k) * b.asLong(s.bAt[batch] + k * s.n + column);
      }
      ElementwiseOps.set(out, at, sum);
    }
    return out;
  }
}
