package org.lapidary.sim;

import java.util.Arrays;

/// The reference kernel: one element at a time, in the order of the definition.
final class ScalarKernel implements Kernel {
  private final int dim;
  private final int[][] weights;

  ScalarKernel(int dim) {
    this.dim = dim;
    this.weights = new int[SLOTS][dim * dim];
  }

  @Override
  public void setWeights(int slot, byte[] source, int from, int rows, int cols) {
    Arrays.fill(weights[slot], 0);
    for (int k = 0; k < rows; k++) {
      for (int j = 0; j < cols; j++) {
        weights[slot][k * dim + j] = source[from + k * dim + j];
      }
    }
  }

  @Override
  public void copyWeights(int slot, int[] into) {
    System.arraycopy(weights[slot], 0, into, 0, dim * dim);
  }

  /// Weights wider than int8, as an array holds them that last summed up outputs in place.
  void setWideWeights(int[] values) {
    System.arraycopy(values, 0, weights[0], 0, dim * dim);
  }

  @Override
  public void multiply(
      int slot, byte[] a, int[] aRows, int rows, int depth, int[] out, int[] outRows, boolean add) {
    for (int i = 0; i < rows; i++) {
      for (int j = 0; j < dim; j++) {
        int sum = add ? out[outRows[i] + j] : 0;
        for (int k = 0; k < depth; k++) {
          sum += a[aRows[i] + k] * weights[slot][k * dim + j];
        }
        out[outRows[i] + j] = sum;
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
  public void copyRows(
      byte[] from,
      int fromIndex,
      int fromStep,
      byte[] to,
      int toIndex,
      int toStep,
      int rows,
      int count) {
    for (int r = 0; r < rows; r++) {
      for (int i = 0; i < count; i++) {
        to[toIndex + r * toStep + i] = from[fromIndex + r * fromStep + i];
      }
    }
  }

  @Override
  public void copyInts(byte[] from, int fromIndex, int[] to, int toIndex, int count, boolean add) {
    for (int i = 0; i < count; i++) {
      int value = (int) MainMemory.INT.get(from, fromIndex + i * Integer.BYTES);
      to[toIndex + i] = add ? to[toIndex + i] + value : value;
    }
  }
}
