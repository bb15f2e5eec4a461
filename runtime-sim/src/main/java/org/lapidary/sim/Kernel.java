package org.lapidary.sim;

/// The inner loops of the machine. Two twins compute the same bits: [ScalarKernel], the reference,
/// and [VectorKernel].
///
/// A kernel holds stationary DIM × DIM operands `W` of the array in slots 0 and 1; all rows are DIM
/// elements long and lie one after another.
interface Kernel {
  /// Stationary operands a kernel holds.
  int SLOTS = 2;

  /// Tiles that one multiplication may take.
  int TILES = 8;

  /// The fastest kernel this Java runtime offers for arrays of side `dim`.
  static Kernel fastest(int dim) {
    // Named nowhere else, the class is only loaded where the module with the vectors is.
    boolean vectors = ModuleLayer.boot().findModule("jdk.incubator.vector").isPresent();
    return vectors && VectorKernel.suits(dim) ? new VectorKernel(dim) : new ScalarKernel(dim);
  }

  /// `W[k][j] = source[from + k * dim + j]` for `k < rows`, `j < cols`, and 0 elsewhere.
  void setWeights(int slot, byte[] source, int from, int rows, int cols);

  /// Copies `W` to `into[k * dim + j]`.
  void copyWeights(int slot, int[] into);

  /// `out[i][j] = (add ? out[i][j] : 0) + Σ_k a[i][k] · W[k][j]` for all `j` and `k < depth`, one
  /// row after another.
  ///
  /// @param aRows where each row of `a` starts
  /// @param rows how many rows, at most [#TILES] times DIM
  /// @param outRows where each row of `out` starts
  void multiply(
      int slot, byte[] a, int[] aRows, int rows, int depth, int[] out, int[] outRows, boolean add);

  /// Adds the products of the same rows with the operands of both slots to two sets of rows.
  default void multiplyPair(
      byte[] a, int[] aRows, int rows, int depth, int[] out, int[] outRows0, int[] outRows1) {
    multiply(0, a, aRows, rows, depth, out, outRows0, true);
    multiply(1, a, aRows, rows, depth, out, outRows1, true);
  }

  /// `to[i] = clamp8(round(from[i] * scale))`, with RELU when `floor` is 0 instead of -128.
  ///
  /// @param scale finite and below 2^31 in magnitude
  void scale(int[] from, int fromIndex, byte[] to, int toIndex, int count, float scale, int floor);

  /// Copies `rows` rows of at most DIM bytes each.
  void copyRows(
      byte[] from,
      int fromIndex,
      int fromStep,
      byte[] to,
      int toIndex,
      int toStep,
      int rows,
      int count);

  /// Copies at most one row of little-endian int32, or adds it.
  void copyInts(byte[] from, int fromIndex, int[] to, int toIndex, int count, boolean add);
}
