package org.lapidary.ir.eval;

/// The obvious twin.
final class ScalarFloatProduct implements FloatProduct {
  @Override
  public void add(
      float[] a, int aAt, float[] b, int bAt, float[] out, int outAt, int m, int k, int n) {
    for (int i = 0; i < m; i++) {
      int to = outAt + i * n;
      for (int inner = 0; inner < k; inner++) {
        float factor = a[aAt + i * k + inner];
        int from = bAt + inner * n;
        for (int j = 0; j < n; j++) {
          out[to + j] = Math.fma(factor, b[from + j], out[to + j]);
        }
      }
    }
  }
}
