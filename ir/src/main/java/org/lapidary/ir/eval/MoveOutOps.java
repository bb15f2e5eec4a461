package org.lapidary.ir.eval;

import static org.lapidary.ir.num.Rounding.scale8;

import org.lapidary.ir.Tensor;
import org.lapidary.ir.TensorType;
import org.lapidary.ir.num.IBert;
import org.lapidary.ir.num.Rounding;
import org.lapidary.ir.op.MoveOut;

/// Meaning of the operations that read i32 sums out as int8: exactly what the accelerator's scale
/// and activation units compute.
final class MoveOutOps {
  /// What softmax writes for 1.
  private static final float ONE = 127f;

  private MoveOutOps() {}

  static Tensor apply(MoveOut op, Tensor operand) {
    TensorType type = op.resultType();
    int[] x = operand.i32();
    byte[] out = new byte[x.length];
    switch (op) {
      case MoveOut.Requantize requantize -> requantize(x, out, requantize);
      case MoveOut.RequantizeBlocks blocks -> requantize(x, out, blocks);
      case MoveOut.GeluI32 gelu -> gelu(x, out, gelu);
      case MoveOut.SoftmaxI32 softmax -> {
        for (int row = 0, n = type.dim(-1); row < x.length; row += n) {
          softmaxRow(x, out, row, n, softmax);
        }
      }
      case MoveOut.LayerNormI32 norm -> {
        for (int row = 0, n = type.dim(-1); row < x.length; row += n) {
          layerNormRow(x, out, row, n, norm);
        }
      }
    }
    return Tensor.of(type, out);
  }

  private static void requantize(int[] x, byte[] out, MoveOut.Requantize op) {
    for (int i = 0; i < x.length; i++) {
      byte scaled = scale8(x[i], op.scale());
      out[i] = op.relu() && scaled < 0 ? 0 : scaled;
    }
  }

  private static void requantize(int[] x, byte[] out, MoveOut.RequantizeBlocks op) {
    int n = op.x().type().dim(-1);
    for (int i = 0; i < x.length; i++) {
      byte scaled = scale8(x[i], op.scale(i % n));
      out[i] = op.relu() && scaled < 0 ? 0 : scaled;
    }
  }

  private static void gelu(int[] x, byte[] out, MoveOut.GeluI32 op) {
    for (int i = 0; i < x.length; i++) {
      out[i] = scale8(IBert.gelu(x[i], op.qb(), op.qc()), op.scale());
    }
  }

  private static void softmaxRow(int[] x, byte[] out, int row, int n, MoveOut.SoftmaxI32 op) {
    int max = Integer.MIN_VALUE;
    for (int i = row; i < row + n; i++) {
      max = Math.max(max, x[i]);
    }
    int[] e = new int[n];
    int sum = 0;
    for (int i = 0; i < n; i++) {
      e[i] = IBert.exp(x[row + i] - max, op.qln2(), op.qln2Inv(), op.qb(), op.qc());
      sum += e[i];
    }
    float factor = ONE / (float) sum * op.scale();
    for (int i = 0; i < n; i++) {
      out[row + i] = scale8(e[i], factor);
    }
  }

  private static void layerNormRow(int[] x, byte[] out, int row, int n, MoveOut.LayerNormI32 op) {
    int sum = 0;
    for (int i = row; i < row + n; i++) {
      sum += x[i];
    }
    int mean = sum / n;
    int squares = 0;
    for (int i = row; i < row + n; i++) {
      squares += (x[i] - mean) * (x[i] - mean);
    }
    // A sum of squares that has wrapped below zero has no square root; it counts as zero.
    int deviation = Math.max(1, Rounding.isqrt(Math.max(0, squares / n)));
    float inverse = 1f / (float) deviation;
    for (int i = row; i < row + n; i++) {
      int centred = x[i] - mean;
      out[i] =
          op.truncating()
              ? scale8((int) ((float) centred * inverse), op.scale())
              : scale8(centred, inverse * op.scale());
    }
  }
}
