package org.lapidary.ir.eval;

/// Products of f32 matrices. Two twins compute the same bits: [ScalarFloatProduct], the reference,
/// and [VectorFloatProduct]. The order of the sum is part of the meaning, so that calibration gives
/// the same scales on every machine.
sealed interface FloatProduct permits ScalarFloatProduct, VectorFloatProduct {
  /// The faster twin where this Java runtime has vectors.
  static FloatProduct fastest() {
    // Named nowhere else, the class is only loaded where the module with the vectors is.
    return ModuleLayer.boot().findModule("jdk.incubator.vector").isPresent()
        ? new VectorFloatProduct()
        : new ScalarFloatProduct();
  }

  /// `out[i][j] = fma(a[i][K-1], b[K-1][j], … fma(a[i][0], b[0][j], out[i][j]) …)`: one fused
  /// multiply-add after another along the inner axis.
  ///
  /// @param a `[m,k]` from `aAt` on
  /// @param b `[k,n]` from `bAt` on
  /// @param out `[m,n]` from `outAt` on
  void add(float[] a, int aAt, float[] b, int bAt, float[] out, int outAt, int m, int k, int n);
}
