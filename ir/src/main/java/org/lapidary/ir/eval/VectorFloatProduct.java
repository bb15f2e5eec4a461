package org.lapidary.ir.eval;

import java.util.Arrays;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/// The fast twin: the sums of six rows and two vectors of columns stay in registers while the inner
/// axis passes by. Lanes are different columns, so every sum keeps its order.
final class VectorFloatProduct implements FloatProduct {
  private static final VectorSpecies<Float> FLOATS = FloatVector.SPECIES_PREFERRED;
  private static final int LANES = FLOATS.length();

  /// Columns taken at a time; the last ones are filled up with zeros.
  private static final int WIDTH = 2 * LANES;

  private static final int ROWS = 6;

  /// Steps of the inner axis for which the columns of `b` are at hand, 32 KiB of them at most.
  private static final int DEPTH = 256;

  @Override
  public void add(
      float[] a, int aAt, float[] b, int bAt, float[] out, int outAt, int m, int k, int n) {
    float[] columns = new float[Math.min(DEPTH, k) * WIDTH];
    float[] sums = new float[m * WIDTH];
    for (int j = 0; j < n; j += WIDTH) {
      int width = Math.min(WIDTH, n - j);
      copyRows(out, outAt + j, n, sums, 0, WIDTH, m, width);
      for (int from = 0; from < k; from += DEPTH) {
        int depth = Math.min(DEPTH, k - from);
        if (width < WIDTH) {
          Arrays.fill(columns, 0);
        }
        copyRows(b, bAt + from * n + j, n, columns, 0, WIDTH, depth, width);
        int i = 0;
        for (; i + ROWS <= m; i += ROWS) {
          addSixRows(a, aAt + i * k + from, k, columns, depth, sums, i * WIDTH);
        }
        for (; i < m; i++) {
          addRow(a, aAt + i * k + from, columns, depth, sums, i * WIDTH);
        }
      }
      copyRows(sums, 0, WIDTH, out, outAt + j, n, m, width);
    }
  }

  private static void copyRows(
      float[] from, int at, int step, float[] to, int toAt, int toStep, int rows, int count) {
    for (int row = 0; row < rows; row++) {
      if (count == WIDTH) { // a call would cost more than what it copies
        store(
            load(from, at + row * step),
            load(from, at + row * step + LANES),
            to,
            toAt + row * toStep);
      } else {
        System.arraycopy(from, at + row * step, to, toAt + row * toStep, count);
      }
    }
  }

  private static void addRow(float[] a, int at, float[] columns, int depth, float[] sums, int to) {
    FloatVector left = load(sums, to);
    FloatVector right = load(sums, to + LANES);
    for (int k = 0; k < depth; k++) {
      FloatVector factor = FloatVector.broadcast(FLOATS, a[at + k]);
      left = factor.fma(load(columns, k * WIDTH), left);
      right = factor.fma(load(columns, k * WIDTH + LANES), right);
    }
    left.intoArray(sums, to);
    right.intoArray(sums, to + LANES);
  }

  /// The same for six rows of `a`, `step` elements apart. Written out, because only local variables
  /// become registers.
  private static void addSixRows(
      float[] a, int at, int step, float[] columns, int depth, float[] sums, int to) {
    FloatVector l0 = load(sums, to);
    FloatVector r0 = load(sums, to + LANES);
    FloatVector l1 = load(sums, to + WIDTH);
    FloatVector r1 = load(sums, to + WIDTH + LANES);
    FloatVector l2 = load(sums, to + 2 * WIDTH);
    FloatVector r2 = load(sums, to + 2 * WIDTH + LANES);
    FloatVector l3 = load(sums, to + 3 * WIDTH);
    FloatVector r3 = load(sums, to + 3 * WIDTH + LANES);
    FloatVector l4 = load(sums, to + 4 * WIDTH);
    FloatVector r4 = load(sums, to + 4 * WIDTH + LANES);
    FloatVector l5 = load(sums, to + 5 * WIDTH);
    FloatVector r5 = load(sums, to + 5 * WIDTH + LANES);
    for (int k = 0; k < depth; k++) {
      FloatVector left = load(columns, k * WIDTH);
      FloatVector right = load(columns, k * WIDTH + LANES);
      FloatVector f0 = FloatVector.broadcast(FLOATS, a[at + k]);
      l0 = f0.fma(left, l0);
      r0 = f0.fma(right, r0);
      FloatVector f1 = FloatVector.broadcast(FLOATS, a[at + step + k]);
      l1 = f1.fma(left, l1);
      r1 = f1.fma(right, r1);
      FloatVector f2 = FloatVector.broadcast(FLOATS, a[at + 2 * step + k]);
      l2 = f2.fma(left, l2);
      r2 = f2.fma(right, r2);
      FloatVector f3 = FloatVector.broadcast(FLOATS, a[at + 3 * step + k]);
      l3 = f3.fma(left, l3);
      r3 = f3.fma(right, r3);
      FloatVector f4 = FloatVector.broadcast(FLOATS, a[at + 4 * step + k]);
      l4 = f4.fma(left, l4);
      r4 = f4.fma(right, r4);
      FloatVector f5 = FloatVector.broadcast(FLOATS, a[at + 5 * step + k]);
      l5 = f5.fma(left, l5);
      r5 = f5.fma(right, r5);
    }
    store(l0, r0, sums, to);
    store(l1, r1, sums, to + WIDTH);
    store(l2, r2, sums, to + 2 * WIDTH);
    store(l3, r3, sums, to + 3 * WIDTH);
    store(l4, r4, sums, to + 4 * WIDTH);
    store(l5, r5, sums, to + 5 * WIDTH);
  }

  private static FloatVector load(float[] from, int at) {
    return FloatVector.fromArray(FLOATS, from, at);
  }

  private static void store(FloatVector left, FloatVector right, float[] to, int at) {
    left.intoArray(to, at);
    right.intoArray(to, at + LANES);
  }
}
