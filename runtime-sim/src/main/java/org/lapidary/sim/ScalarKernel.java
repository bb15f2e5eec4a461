package org.lapidary.sim;

import java.util.Arrays;

/// The reference kernel: one element at a time, in the order of the definition.
final class ScalarKernel implements Kernel {
  private final int dim;
  private final int[] weights;

  ScalarKernel(int dim) {
    this.dim = dim;
    this.weights = new int[dim * dim];
  }

  @Override
  public void setWeights(byte[] source, int from, int rows, int cols) {
    Arrays.fill(weights, 0);
    for (int k = 0; k < rows; k++) {
      for (int j = 0; j < cols; j++) {
        weights[k * dim + j] = source[from + k * dim + j];
      }
    }
  }

  @Override
  public void copyWeights(int[] into) {
    System.arraycopy(weights, 0, into, 0, weights.length);
  }

  /// Weights wider than int8, as an array holds them that last summed up outputs in place.
  void setWideWeights(int[] values) {
    System.arraycopy(values, 0, weights, 0, weights.length);
  }

  @Override
  public void multiply(
      byte[] a,
      int aFrom,
      int aStep,
      int rows,
      int depth,
      int[] out,
      int outFrom,
      int outStep,
      boolean add) {
    for (int i = 0; i < rows; i++) {
      for (int j = 0; j < dim; j++) {
        int sum = add ? out[outFrom + i * outStep + j] : 0;
        for (int k = 0; k < depth; k++) {
          sum += a[aFrom + i * aStep + k] * weights[k * dim + j];
        }
        out[outFrom + i * outStep + j] = sum;
      }
    }
  }

  @Override
  public void scale(
      int[] from, int fromIndex, byte[] to, int toIndex, int count, float scale, int floor) {
    for (int i = 0; i < count; i++) {
      to[toIndex + i] = (byte) Math.max(floor, Numerics.scale8(from[fromIndex + i], scale, true));
    }
  }

  @Override
  public void copy(byte[] from, int fromIndex, byte[] to, int toIndex, int count) {
    for (int i = 0; i < count; i++) {
      to[toIndex + i] = from[fromIndex + i];
    }
  }
}
