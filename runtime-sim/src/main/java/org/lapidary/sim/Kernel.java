package org.lapidary.sim;

/// The inner loops of the machine. Two twins compute the same bits: [ScalarKernel], the reference,
/// and [VectorKernel].
///
/// A kernel holds the stationary DIM × DIM operand `W` of the array; all rows are DIM elements long
/// and lie one after another.
interface Kernel {
  /// The fastest kernel this Java runtime offers for arrays of side `dim`.
  static Kernel fastest(int dim) {
    // Named nowhere else, the class is only loaded where the module with the vectors is.
    boolean vectors = ModuleLayer.boot().findModule("jdk.incubator.vector").isPresent();
    return vectors && VectorKernel.suits(dim) ? new VectorKernel(dim) : new ScalarKernel(dim);
  }

  /// `W[k][j] = source[from + k * dim + j]` for `k < rows`, `j < cols`, and 0 elsewhere.
  void setWeights(byte[] source, int from, int rows, int cols);

  /// Copies `W` to `into[k * dim + j]`.
  void copyWeights(int[] into);

  /// `out[i][j] = (add ? out[i][j] : 0) + Σ_k a[i][k] · W[k][j]` for `i < rows`, all `j`, `k <
  /// depth`.
  ///
  /// @param aStep distance between rows of `a`, in elements
  /// @param outStep distance between rows of `out`, in elements
  void multiply(
      byte[] a,
      int aFrom,
      int aStep,
      int rows,
      int depth,
      int[] out,
      int outFrom,
      int outStep,
      boolean add);

  /// `to[i] = clamp8(round(from[i] * scale))`, with RELU when `floor` is 0 instead of -128.
  ///
  /// @param scale finite and below 2^31 in magnitude
  void scale(int[] from, int fromIndex, byte[] to, int toIndex, int count, float scale, int floor);

  /// Copies at most one row of bytes.
  void copy(byte[] from, int fromIndex, byte[] to, int toIndex, int count);

  /// The sum of two accumulator values.
  default int add(int x, int y) {
    return x + y;
  }
}
