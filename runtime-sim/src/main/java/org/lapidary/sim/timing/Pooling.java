package org.lapidary.sim.timing;

/// The pooling part of a store configuration.
final class Pooling {
  private int poolStride;
  private int size;
  private int outDim;
  private int outRows;
  private int outCols;

  void configure(long rs1) {
    poolStride = (int) (rs1 >>> 4) & 3;
    size = (int) (rs1 >>> 6) & 3;
    if (poolStride != 0) {
      outDim = (int) (rs1 >>> 24) & 0xFF;
      outRows = (int) (rs1 >>> 32) & 0xFF;
      outCols = (int) (rs1 >>> 40) & 0xFF;
    }
  }

  boolean enabled() {
    return poolStride != 0;
  }

  int window() {
    return size * size;
  }

  /// Rows read by one pooled mvout.
  int reads() {
    return outRows * outCols * window();
  }

  /// Where a pooled pixel goes, in rows of the output image.
  long offset(int pixel) {
    return (long) (pixel / outCols) * outDim + pixel % outCols;
  }
}
