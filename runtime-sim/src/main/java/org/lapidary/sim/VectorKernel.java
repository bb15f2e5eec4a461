package org.lapidary.sim;

import java.util.Arrays;
import jdk.incubator.vector.ByteVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorShape;
import jdk.incubator.vector.VectorSpecies;

/// The fast twin: sixteen or so lanes of `float`, which hold every sum of a tile exactly.
///
/// A product of two int8 and a sum of up to 128 of them stay below 2^22, where floats still count
/// in steps of one. One fused multiply-add per lane is half the work of an integer multiplication
/// and an addition. Sums start from [#MAGIC] = 1.5 · 2^23: up there the low bits of a float *are*
/// the integer, so that subtracting the bits of `MAGIC` converts without a conversion.
final class VectorKernel implements Kernel {
  private static final VectorSpecies<Float> FLOATS = FloatVector.SPECIES_PREFERRED;
  private static final VectorSpecies<Integer> INTS = IntVector.SPECIES_PREFERRED;
  private static final VectorSpecies<Byte> BYTES =
      VectorSpecies.of(byte.class, VectorShape.forBitSize(FLOATS.length() * Byte.SIZE));
  private static final int LANES = FLOATS.length();

  private static final float MAGIC = 0x1.8p23f;
  private static final int MAGIC_BITS = Float.floatToRawIntBits(MAGIC);
  private static final int LARGEST_DIM = 128;

  /// Rows computed at a time: as many sums as the registers hold beside one row of weights.
  private static final int ROWS = 8;

  private final int dim;
  private final float[] weights;

  /// The rows of A at hand, as floats.
  private final float[] rowsA;

  VectorKernel(int dim) {
    this.dim = dim;
    this.weights = new float[dim * dim];
    this.rowsA = new float[ROWS * dim];
  }

  /// Whether arrays of side `dim` fill this processor's vectors.
  static boolean suits(int dim) {
    return LANES >= 8 && dim % LANES == 0 && dim <= LARGEST_DIM;
  }

  @Override
  public void setWeights(byte[] source, int from, int rows, int cols) {
    if (rows == dim && cols == dim) {
      widen(source, from, dim * dim, weights);
      return;
    }
    Arrays.fill(weights, 0);
    for (int k = 0; k < rows; k++) {
      for (int j = 0; j < cols; j++) {
        weights[k * dim + j] = source[from + k * dim + j];
      }
    }
  }

  @Override
  public void copyWeights(int[] into) {
    for (int i = 0; i < weights.length; i++) {
      into[i] = (int) weights[i];
    }
  }

  /// Widens a multiple of [#LANES] bytes.
  private static void widen(byte[] source, int from, int count, float[] to) {
    for (int i = 0; i < count; i += LANES) {
      widen(source, from + i, to, i);
    }
  }

  private static void widen(byte[] source, int from, float[] to, int at) {
    ((FloatVector)
            ByteVector.fromArray(BYTES, source, from).convertShape(VectorOperators.B2F, FLOATS, 0))
        .intoArray(to, at);
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
    int i = 0;
    for (; i + ROWS <= rows; i += ROWS) {
      for (int r = 0; r < ROWS; r++) {
        int from = aFrom + (i + r) * aStep;
        for (int c = 0; c < dim; c += LANES) {
          widen(a, from + c, rowsA, r * dim + c);
        }
      }
      for (int c = 0; c < dim; c += LANES) {
        eightRows(depth, c, out, outFrom + i * outStep + c, outStep, add);
      }
    }
    for (; i < rows; i++) {
      for (int c = 0; c < dim; c += LANES) {
        widen(a, aFrom + i * aStep + c, rowsA, c);
      }
      for (int c = 0; c < dim; c += LANES) {
        oneRow(depth, c, out, outFrom + i * outStep + c, add);
      }
    }
  }

  private void eightRows(int depth, int column, int[] out, int to, int step, boolean add) {
    float[] w = weights;
    float[] a = rowsA;
    int n = dim;
    FloatVector s0 = FloatVector.broadcast(FLOATS, MAGIC);
    FloatVector s1 = s0;
    FloatVector s2 = s0;
    FloatVector s3 = s0;
    FloatVector s4 = s0;
    FloatVector s5 = s0;
    FloatVector s6 = s0;
    FloatVector s7 = s0;
    for (int k = 0; k < depth; k++) {
      FloatVector row = FloatVector.fromArray(FLOATS, w, k * n + column);
      s0 = FloatVector.broadcast(FLOATS, a[k]).fma(row, s0);
      s1 = FloatVector.broadcast(FLOATS, a[n + k]).fma(row, s1);
      s2 = FloatVector.broadcast(FLOATS, a[2 * n + k]).fma(row, s2);
      s3 = FloatVector.broadcast(FLOATS, a[3 * n + k]).fma(row, s3);
      s4 = FloatVector.broadcast(FLOATS, a[4 * n + k]).fma(row, s4);
      s5 = FloatVector.broadcast(FLOATS, a[5 * n + k]).fma(row, s5);
      s6 = FloatVector.broadcast(FLOATS, a[6 * n + k]).fma(row, s6);
      s7 = FloatVector.broadcast(FLOATS, a[7 * n + k]).fma(row, s7);
    }
    put(s0, out, to, add);
    put(s1, out, to + step, add);
    put(s2, out, to + 2 * step, add);
    put(s3, out, to + 3 * step, add);
    put(s4, out, to + 4 * step, add);
    put(s5, out, to + 5 * step, add);
    put(s6, out, to + 6 * step, add);
    put(s7, out, to + 7 * step, add);
  }

  private void oneRow(int depth, int column, int[] out, int to, boolean add) {
    FloatVector sum = FloatVector.broadcast(FLOATS, MAGIC);
    for (int k = 0; k < depth; k++) {
      FloatVector row = FloatVector.fromArray(FLOATS, weights, k * dim + column);
      sum = FloatVector.broadcast(FLOATS, rowsA[k]).fma(row, sum);
    }
    put(sum, out, to, add);
  }

  private static void put(FloatVector sum, int[] out, int to, boolean add) {
    IntVector product = sum.reinterpretAsInts().sub(MAGIC_BITS);
    IntVector result = add ? product.add(IntVector.fromArray(INTS, out, to)) : product;
    result.intoArray(out, to);
  }

  @Override
  public void scale(
      int[] from, int fromIndex, byte[] to, int toIndex, int count, float scale, int floor) {
    int i = 0;
    for (; i + LANES <= count; i += LANES) {
      FloatVector values =
          (FloatVector)
              IntVector.fromArray(INTS, from, fromIndex + i)
                  .convertShape(VectorOperators.I2F, FLOATS, 0);
      // Adding MAGIC rounds to an integer, ties to even; clamping to integers first is harmless.
      IntVector rounded =
          values
              .mul(scale)
              .max(floor)
              .min(Byte.MAX_VALUE)
              .add(MAGIC)
              .reinterpretAsInts()
              .sub(MAGIC_BITS);
      ((ByteVector) rounded.convertShape(VectorOperators.I2B, BYTES, 0)).intoArray(to, toIndex + i);
    }
    for (; i < count; i++) {
      to[toIndex + i] = (byte) Math.max(floor, Numerics.scale8(from[fromIndex + i], scale, true));
    }
  }

  @Override
  public void copy(byte[] from, int fromIndex, byte[] to, int toIndex, int count) {
    if (count == LANES) {
      ByteVector.fromArray(BYTES, from, fromIndex).intoArray(to, toIndex);
    } else {
      System.arraycopy(from, fromIndex, to, toIndex, count);
    }
  }
}
