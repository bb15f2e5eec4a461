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
  private static final VectorSpecies<Byte> INT_BYTES = ByteVector.SPECIES_PREFERRED;
  private static final int LANES = FLOATS.length();

  private static final float MAGIC = 0x1.8p23f;
  private static final int MAGIC_BITS = Float.floatToRawIntBits(MAGIC);
  private static final int LARGEST_DIM = 128;

  /// Rows of weights held in registers at a time.
  private static final int BLOCK = 16;

  private final int dim;

  /// Both slots, one after the other, each as [#weightAt] says.
  private final float[] weights;

  /// [#BLOCK] columns of the rows of A at hand.
  private final float[] rowsA;

  /// Sums of half a block.
  private final float[] sums;

  VectorKernel(int dim) {
    this.dim = dim;
    this.weights = new float[SLOTS * dim * dim];
    this.rowsA = new float[TILES * dim * BLOCK];
    this.sums = new float[TILES * dim * 2 * LANES];
  }

  /// Whether arrays of side `dim` fill this processor's vectors.
  static boolean suits(int dim) {
    return LANES >= 8 && LANES <= BLOCK && dim % BLOCK == 0 && dim <= LARGEST_DIM;
  }

  @Override
  public void setWeights(int slot, byte[] source, int from, int rows, int cols) {
    int to = slot * dim * dim;
    if (rows == dim && cols == dim) {
      for (int block = 0; block < dim; block += BLOCK) {
        for (int j = 0; j < dim; j += LANES) {
          widenBlock(source, from + block * dim + j, to + weightAt(block, j));
        }
      }
      return;
    }
    Arrays.fill(weights, to, to + dim * dim, 0);
    for (int k = 0; k < rows; k++) {
      for (int j = 0; j < cols; j++) {
        weights[to + weightAt(k, j)] = source[from + k * dim + j];
      }
    }
  }

  private void widenBlock(byte[] source, int from, int to) {
    for (int k = 0; k < BLOCK; k++) {
      widen(source, from + k * dim, weights, to + k * LANES);
    }
  }

  /// Where `W[k][j]` is kept: blocks of [#BLOCK] rows and [#LANES] columns, each contiguous.
  private int weightAt(int k, int j) {
    int block = k / BLOCK * (dim / LANES) + j / LANES;
    return (block * BLOCK + k % BLOCK) * LANES + j % LANES;
  }

  @Override
  public void copyWeights(int slot, int[] into) {
    for (int k = 0; k < dim; k++) {
      for (int j = 0; j < dim; j++) {
        into[k * dim + j] = (int) weights[slot * dim * dim + weightAt(k, j)];
      }
    }
  }

  /// Widens [#LANES] bytes.
  private static void widen(byte[] source, int from, float[] to, int at) {
    ByteVector bytes = ByteVector.fromArray(BYTES, source, from);
    ((FloatVector) bytes.convertShape(VectorOperators.B2F, FLOATS, 0)).intoArray(to, at);
  }

  @Override
  public void multiply(
      int slot, byte[] a, int[] aRows, int rows, int depth, int[] out, int[] outRows, boolean add) {
    int from = slot * dim * dim;
    for (int k = 0; k < dim; k += BLOCK) {
      boolean adds = add || k > 0;
      widenRows(a, aRows, k, rows, Math.min(BLOCK, depth - k));
      int c = 0;
      for (; c + LANES < dim; c += 2 * LANES) {
        firstHalf(weights, from + weightAt(k, c), from + weightAt(k, c + LANES), rowsA, sums, rows);
        secondHalf(
            weights,
            from + weightAt(k, c),
            from + weightAt(k, c + LANES),
            rowsA,
            sums,
            rows,
            out,
            outRows,
            c,
            outRows,
            c + LANES,
            adds);
      }
      if (c < dim) {
        block(weights, from + weightAt(k, c), rowsA, rows, out, outRows, c, adds);
      }
    }
  }

  @Override
  public void multiplyPair(
      byte[] a, int[] aRows, int rows, int depth, int[] out, int[] outRows0, int[] outRows1) {
    if (dim != LANES) {
      Kernel.super.multiplyPair(a, aRows, rows, depth, out, outRows0, outRows1);
      return;
    }
    widenRows(a, aRows, 0, rows, depth);
    firstHalf(weights, 0, dim * dim, rowsA, sums, rows);
    secondHalf(weights, 0, dim * dim, rowsA, sums, rows, out, outRows0, 0, outRows1, 0, true);
  }

  /// Widens [#BLOCK] columns of the rows, of which all past the first `depth` count as 0.
  private void widenRows(byte[] a, int[] aRows, int column, int rows, int depth) {
    for (int i = 0; i < rows; i++) {
      for (int k = 0; k < BLOCK; k += LANES) {
        widen(a, aRows[i] + column + k, rowsA, i * BLOCK + k);
      }
    }
    if (depth < BLOCK) {
      for (int i = 0; i < rows; i++) {
        Arrays.fill(rowsA, i * BLOCK + Math.max(0, depth), (i + 1) * BLOCK, 0);
      }
    }
  }

  /// Sums up `rows` rows of one block of [#BLOCK] × [#LANES] weights, which stay in registers.
  ///
  /// The body is one row written out: a loop over `k` would make the compiler check and spill.
  private static void block(
      float[] w,
      int wFrom,
      float[] a,
      int rows,
      int[] out,
      int[] outRows,
      int column,
      boolean add) {
    FloatVector w0 = FloatVector.fromArray(FLOATS, w, wFrom);
    FloatVector w1 = FloatVector.fromArray(FLOATS, w, wFrom + LANES);
    FloatVector w2 = FloatVector.fromArray(FLOATS, w, wFrom + 2 * LANES);
    FloatVector w3 = FloatVector.fromArray(FLOATS, w, wFrom + 3 * LANES);
    FloatVector w4 = FloatVector.fromArray(FLOATS, w, wFrom + 4 * LANES);
    FloatVector w5 = FloatVector.fromArray(FLOATS, w, wFrom + 5 * LANES);
    FloatVector w6 = FloatVector.fromArray(FLOATS, w, wFrom + 6 * LANES);
    FloatVector w7 = FloatVector.fromArray(FLOATS, w, wFrom + 7 * LANES);
    FloatVector w8 = FloatVector.fromArray(FLOATS, w, wFrom + 8 * LANES);
    FloatVector w9 = FloatVector.fromArray(FLOATS, w, wFrom + 9 * LANES);
    FloatVector w10 = FloatVector.fromArray(FLOATS, w, wFrom + 10 * LANES);
    FloatVector w11 = FloatVector.fromArray(FLOATS, w, wFrom + 11 * LANES);
    FloatVector w12 = FloatVector.fromArray(FLOATS, w, wFrom + 12 * LANES);
    FloatVector w13 = FloatVector.fromArray(FLOATS, w, wFrom + 13 * LANES);
    FloatVector w14 = FloatVector.fromArray(FLOATS, w, wFrom + 14 * LANES);
    FloatVector w15 = FloatVector.fromArray(FLOATS, w, wFrom + 15 * LANES);
    FloatVector magic = FloatVector.broadcast(FLOATS, MAGIC);
    for (int i = 0; i < rows; i++) {
      int p = i * BLOCK;
      FloatVector even = FloatVector.broadcast(FLOATS, a[p]).fma(w0, magic);
      FloatVector odd = FloatVector.broadcast(FLOATS, a[p + 1]).mul(w1);
      even = FloatVector.broadcast(FLOATS, a[p + 2]).fma(w2, even);
      odd = FloatVector.broadcast(FLOATS, a[p + 3]).fma(w3, odd);
      even = FloatVector.broadcast(FLOATS, a[p + 4]).fma(w4, even);
      odd = FloatVector.broadcast(FLOATS, a[p + 5]).fma(w5, odd);
      even = FloatVector.broadcast(FLOATS, a[p + 6]).fma(w6, even);
      odd = FloatVector.broadcast(FLOATS, a[p + 7]).fma(w7, odd);
      even = FloatVector.broadcast(FLOATS, a[p + 8]).fma(w8, even);
      odd = FloatVector.broadcast(FLOATS, a[p + 9]).fma(w9, odd);
      even = FloatVector.broadcast(FLOATS, a[p + 10]).fma(w10, even);
      odd = FloatVector.broadcast(FLOATS, a[p + 11]).fma(w11, odd);
      even = FloatVector.broadcast(FLOATS, a[p + 12]).fma(w12, even);
      odd = FloatVector.broadcast(FLOATS, a[p + 13]).fma(w13, odd);
      even = FloatVector.broadcast(FLOATS, a[p + 14]).fma(w14, even);
      odd = FloatVector.broadcast(FLOATS, a[p + 15]).fma(w15, odd);
      put(even.add(odd), out, outRows[i] + column, add);
    }
  }

  /// Writes, or adds, a sum that started from [#MAGIC].
  private static void put(FloatVector sum, int[] out, int at, boolean add) {
    IntVector product = sum.reinterpretAsInts().sub(MAGIC_BITS);
    (add ? product.add(IntVector.fromArray(INTS, out, at)) : product).intoArray(out, at);
  }

  /// Sums up the first half of a block for two column vectors, `left` and `right`, which share what
  /// is broadcast: on the processors at hand broadcasts, not products, are what runs out first. The
  /// sums are left in `sums`.
  private static void firstHalf(float[] w, int left, int right, float[] a, float[] sums, int rows) {
    FloatVector l0 = FloatVector.fromArray(FLOATS, w, left);
    FloatVector l1 = FloatVector.fromArray(FLOATS, w, left + LANES);
    FloatVector l2 = FloatVector.fromArray(FLOATS, w, left + 2 * LANES);
    FloatVector l3 = FloatVector.fromArray(FLOATS, w, left + 3 * LANES);
    FloatVector l4 = FloatVector.fromArray(FLOATS, w, left + 4 * LANES);
    FloatVector l5 = FloatVector.fromArray(FLOATS, w, left + 5 * LANES);
    FloatVector l6 = FloatVector.fromArray(FLOATS, w, left + 6 * LANES);
    FloatVector l7 = FloatVector.fromArray(FLOATS, w, left + 7 * LANES);
    FloatVector r0 = FloatVector.fromArray(FLOATS, w, right);
    FloatVector r1 = FloatVector.fromArray(FLOATS, w, right + LANES);
    FloatVector r2 = FloatVector.fromArray(FLOATS, w, right + 2 * LANES);
    FloatVector r3 = FloatVector.fromArray(FLOATS, w, right + 3 * LANES);
    FloatVector r4 = FloatVector.fromArray(FLOATS, w, right + 4 * LANES);
    FloatVector r5 = FloatVector.fromArray(FLOATS, w, right + 5 * LANES);
    FloatVector r6 = FloatVector.fromArray(FLOATS, w, right + 6 * LANES);
    FloatVector r7 = FloatVector.fromArray(FLOATS, w, right + 7 * LANES);
    FloatVector magic = FloatVector.broadcast(FLOATS, MAGIC);
    for (int i = 0; i < rows; i++) {
      int p = i * BLOCK;
      int q = i * 2 * LANES;
      FloatVector b0 = FloatVector.broadcast(FLOATS, a[p]);
      FloatVector leftSum = b0.fma(l0, magic);
      FloatVector rightSum = b0.fma(r0, magic);
      FloatVector b1 = FloatVector.broadcast(FLOATS, a[p + 1]);
      leftSum = b1.fma(l1, leftSum);
      rightSum = b1.fma(r1, rightSum);
      FloatVector b2 = FloatVector.broadcast(FLOATS, a[p + 2]);
      leftSum = b2.fma(l2, leftSum);
      rightSum = b2.fma(r2, rightSum);
      FloatVector b3 = FloatVector.broadcast(FLOATS, a[p + 3]);
      leftSum = b3.fma(l3, leftSum);
      rightSum = b3.fma(r3, rightSum);
      FloatVector b4 = FloatVector.broadcast(FLOATS, a[p + 4]);
      leftSum = b4.fma(l4, leftSum);
      rightSum = b4.fma(r4, rightSum);
      FloatVector b5 = FloatVector.broadcast(FLOATS, a[p + 5]);
      leftSum = b5.fma(l5, leftSum);
      rightSum = b5.fma(r5, rightSum);
      FloatVector b6 = FloatVector.broadcast(FLOATS, a[p + 6]);
      leftSum = b6.fma(l6, leftSum);
      rightSum = b6.fma(r6, rightSum);
      FloatVector b7 = FloatVector.broadcast(FLOATS, a[p + 7]);
      leftSum = b7.fma(l7, leftSum);
      rightSum = b7.fma(r7, rightSum);
      leftSum.intoArray(sums, q);
      rightSum.intoArray(sums, q + LANES);
    }
  }

  /// Goes on from [#firstHalf] with the second half and puts the sums where they belong.
  private static void secondHalf(
      float[] w,
      int left,
      int right,
      float[] a,
      float[] sums,
      int rows,
      int[] out,
      int[] leftRows,
      int leftColumn,
      int[] rightRows,
      int rightColumn,
      boolean add) {
    FloatVector l0 = FloatVector.fromArray(FLOATS, w, left + 8 * LANES);
    FloatVector l1 = FloatVector.fromArray(FLOATS, w, left + 9 * LANES);
    FloatVector l2 = FloatVector.fromArray(FLOATS, w, left + 10 * LANES);
    FloatVector l3 = FloatVector.fromArray(FLOATS, w, left + 11 * LANES);
    FloatVector l4 = FloatVector.fromArray(FLOATS, w, left + 12 * LANES);
    FloatVector l5 = FloatVector.fromArray(FLOATS, w, left + 13 * LANES);
    FloatVector l6 = FloatVector.fromArray(FLOATS, w, left + 14 * LANES);
    FloatVector l7 = FloatVector.fromArray(FLOATS, w, left + 15 * LANES);
    FloatVector r0 = FloatVector.fromArray(FLOATS, w, right + 8 * LANES);
    FloatVector r1 = FloatVector.fromArray(FLOATS, w, right + 9 * LANES);
    FloatVector r2 = FloatVector.fromArray(FLOATS, w, right + 10 * LANES);
    FloatVector r3 = FloatVector.fromArray(FLOATS, w, right + 11 * LANES);
    FloatVector r4 = FloatVector.fromArray(FLOATS, w, right + 12 * LANES);
    FloatVector r5 = FloatVector.fromArray(FLOATS, w, right + 13 * LANES);
    FloatVector r6 = FloatVector.fromArray(FLOATS, w, right + 14 * LANES);
    FloatVector r7 = FloatVector.fromArray(FLOATS, w, right + 15 * LANES);
    for (int i = 0; i < rows; i++) {
      int p = i * BLOCK + BLOCK / 2;
      int q = i * 2 * LANES;
      FloatVector b0 = FloatVector.broadcast(FLOATS, a[p]);
      FloatVector leftSum = b0.fma(l0, FloatVector.fromArray(FLOATS, sums, q));
      FloatVector rightSum = b0.fma(r0, FloatVector.fromArray(FLOATS, sums, q + LANES));
      FloatVector b1 = FloatVector.broadcast(FLOATS, a[p + 1]);
      leftSum = b1.fma(l1, leftSum);
      rightSum = b1.fma(r1, rightSum);
      FloatVector b2 = FloatVector.broadcast(FLOATS, a[p + 2]);
      leftSum = b2.fma(l2, leftSum);
      rightSum = b2.fma(r2, rightSum);
      FloatVector b3 = FloatVector.broadcast(FLOATS, a[p + 3]);
      leftSum = b3.fma(l3, leftSum);
      rightSum = b3.fma(r3, rightSum);
      FloatVector b4 = FloatVector.broadcast(FLOATS, a[p + 4]);
      leftSum = b4.fma(l4, leftSum);
      rightSum = b4.fma(r4, rightSum);
      FloatVector b5 = FloatVector.broadcast(FLOATS, a[p + 5]);
      leftSum = b5.fma(l5, leftSum);
      rightSum = b5.fma(r5, rightSum);
      FloatVector b6 = FloatVector.broadcast(FLOATS, a[p + 6]);
      leftSum = b6.fma(l6, leftSum);
      rightSum = b6.fma(r6, rightSum);
      FloatVector b7 = FloatVector.broadcast(FLOATS, a[p + 7]);
      leftSum = b7.fma(l7, leftSum);
      rightSum = b7.fma(r7, rightSum);
      put(leftSum, out, leftRows[i] + leftColumn, add);
      put(rightSum, out, rightRows[i] + rightColumn, add);
    }
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
  public void copyRows(
      byte[] from,
      int fromIndex,
      int fromStep,
      byte[] to,
      int toIndex,
      int toStep,
      int rows,
      int count) {
    if (count == LANES) {
      for (int r = 0; r < rows; r++) {
        ByteVector.fromArray(BYTES, from, fromIndex + r * fromStep)
            .intoArray(to, toIndex + r * toStep);
      }
    } else {
      for (int r = 0; r < rows; r++) {
        System.arraycopy(from, fromIndex + r * fromStep, to, toIndex + r * toStep, count);
      }
    }
  }

  @Override
  public void copyInts(byte[] from, int fromIndex, int[] to, int toIndex, int count, boolean add) {
    int i = 0;
    for (; i + LANES <= count; i += LANES) {
      IntVector values =
          ByteVector.fromArray(INT_BYTES, from, fromIndex + i * Integer.BYTES).reinterpretAsInts();
      IntVector result = add ? values.add(IntVector.fromArray(INTS, to, toIndex + i)) : values;
      result.intoArray(to, toIndex + i);
    }
    for (; i < count; i++) {
      int value = (int) MainMemory.INT.get(from, fromIndex + i * Integer.BYTES);
      to[toIndex + i] = add ? to[toIndex + i] + value : value;
    }
  }
}
