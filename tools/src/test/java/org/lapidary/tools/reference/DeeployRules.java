package org.lapidary.tools.reference;

import org.lapidary.ir.num.IBert;
import org.lapidary.ir.num.Rounding;

/// The integer operators of PULP Deeploy as equations, made of ours where theirs are the same.
final class DeeployRules {
  private DeeployRules() {}

  /// The grid of a result: `levels` integers, from 0 or around 0.
  record Grid(long levels, boolean signed) {
    static final Grid INT8 = new Grid(256, true);

    long clamp(long v) {
      return signed ? Math.clamp(v, -levels / 2, levels / 2 - 1) : Math.clamp(v, 0, levels - 1);
    }
  }

  /// `(x mul + add) / div` to the nearest integer, ties up. Ours multiplies by a float32, ties to
  /// even.
  static long requantShift(long x, long mul, long add, long div, Grid grid) {
    return grid.clamp(Math.floorDiv(x * mul + add + div / 2, div));
  }

  /// One row. The exponential is ours, its reciprocal of ln 2 rounded up so that a product and a
  /// shift count halvings as their division does; the sum's share is cut, where ours is rounded.
  static long[] softmax(long[] row, int b, int c, int ln2, long levels) {
    long largest = Long.MIN_VALUE;
    for (long x : row) {
      largest = Math.max(largest, x);
    }
    int ln2Inverse = Math.ceilDiv(1 << 16, ln2);
    long[] e = new long[row.length];
    long sum = 0;
    for (int i = 0; i < row.length; i++) {
      e[i] = IBert.exp((int) (row[i] - largest), ln2, ln2Inverse, b, c);
      sum += e[i];
    }
    for (int i = 0; i < row.length; i++) {
      e[i] = Math.floorDiv(e[i] * (levels - 1), sum);
    }
    return e;
  }

  /// One row. Mean and variance are cut as ours are, and the root is ours, but of the variance plus
  /// one, where we take 1 for a root of 0; the quotient is cut after the product with gamma, where
  /// ours is a float32 product, rounded once; gamma and beta are inside, where ours are in what
  /// reads the result.
  static long[] layerNorm(long[] row, long[] gamma, long[] beta, long d) {
    long sum = 0;
    for (long x : row) {
      sum += x;
    }
    long mean = sum / row.length;
    long squares = 0;
    for (long x : row) {
      squares += (x - mean) * (x - mean);
    }
    long deviation = Rounding.isqrt((int) (squares / row.length + 1));
    long[] y = new long[row.length];
    for (int i = 0; i < row.length; i++) {
      long affine = (row[i] - mean) * gamma[i] / deviation + beta[i];
      y[i] = Grid.INT8.clamp(Math.floorDiv(affine, d));
    }
    return y;
  }

  /// The polynomial of the error function is ours, with `one` for minus its constant; the sum with
  /// `one` is halved and cut before the product, where ours leaves the half to the scale.
  static long gelu(long x, int b, int one) {
    long erf = -IBert.erf((int) x, b, -one);
    return x * Math.floorDiv(erf + one, 2);
  }
}
