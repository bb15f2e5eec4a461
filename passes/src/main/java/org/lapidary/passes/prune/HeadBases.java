package org.lapidary.passes.prune;

import java.util.function.IntFunction;
import java.util.stream.IntStream;
import org.ejml.data.DMatrixRMaj;
import org.ejml.dense.row.CommonOps_DDRM;
import org.ejml.dense.row.SingularOps_DDRM;
import org.ejml.dense.row.factory.DecompositionFactory_DDRM;
import org.ejml.interfaces.decomposition.CholeskyDecomposition_F64;
import org.ejml.interfaces.decomposition.SingularValueDecomposition_F64;

/// Fewer channels within heads, from what queries, keys and results of heads are on calibration
/// rows.
///
/// * Queries and keys meet in scores `q kᵀ` alone, and what a score has in common with all others
///   of its query the softmax cancels. With second moments `E qqᵀ = L_q L_qᵀ`, and `E kkᵀ = L_k
///   L_kᵀ` of keys less their mean in their sample, the scores of rank `r` that differ least, `E (q
///   M kᵀ - q kᵀ)²`, are those of `L_qᵀ M L_k = [L_qᵀ L_k]_r`, cut off after `r` singular values.
/// * Values pass the softmax's weights and meet the output's weights `W`. With the covariance `L
///   Lᵀ` of what a head gives, the `r` combinations of its channels that explain most of its share
///   of the output are `L⁻ᵀ U_r`, of `LᵀW = U Σ Vᵀ`.
final class HeadBases {
  /// What is added to moments, over the mean of their diagonal.
  private static final double RIDGE = 1e-4;

  private final int[] heads;
  private final int width;

  HeadBases(int[] heads, int width) {
    this.heads = heads;
    this.width = width;
  }

  /// For queries and for keys.
  record Compared(Basis queries, Basis keys) {}

  /// For values, and the rows of the output's weights that belong to what is left, row-major.
  record Valued(Basis values, float[] weight) {}

  /// Bases in which queries and keys lose least.
  ///
  /// @param queries of all heads, `[rows, heads * width]`
  /// @param keys likewise, less their mean in each sample
  Compared compared(Rows queries, Rows keys, int left) {
    double[][] forQueries = new double[heads.length][];
    double[][] forKeys = new double[heads.length][];
    for (int h = 0; h < heads.length; h++) {
      DMatrixRMaj q = root(queries.columns(heads[h] * width, width));
      DMatrixRMaj k = root(keys.columns(heads[h] * width, width));
      DMatrixRMaj product = new DMatrixRMaj(width, width);
      CommonOps_DDRM.multTransA(q, k, product);
      Singular singular = Singular.of(product);
      IntFunction<Double> size = i -> Math.sqrt(singular.values[i]);
      forQueries[h] = leading(q, singular.left, left, size);
      forKeys[h] = leading(k, singular.right, left, size);
    }
    return new Compared(
        new Basis(width, left, heads, forQueries), new Basis(width, left, heads, forKeys));
  }

  /// The basis in which values lose least.
  ///
  /// @param context what all heads give, `[rows, heads * width]`, less its mean
  /// @param weight of the output, of those heads alone, row-major
  Valued valued(Rows context, float[] weight, int left) {
    int outputs = weight.length / (heads.length * width);
    double[][] forValues = new double[heads.length][];
    float[] outer = new float[heads.length * left * outputs];
    for (int h = 0; h < heads.length; h++) {
      DMatrixRMaj c = root(context.columns(heads[h] * width, width));
      DMatrixRMaj own = new DMatrixRMaj(width, outputs);
      for (int i = 0; i < own.data.length; i++) {
        own.data[i] = weight[h * width * outputs + i];
      }
      DMatrixRMaj scaled = new DMatrixRMaj(width, outputs);
      CommonOps_DDRM.multTransA(c, own, scaled);
      DMatrixRMaj squares = new DMatrixRMaj(width, width);
      CommonOps_DDRM.multTransB(scaled, scaled, squares);
      DMatrixRMaj u = Singular.of(squares).left;
      forValues[h] = leading(c, u, left, _ -> 1.0);
      DMatrixRMaj rows = new DMatrixRMaj(width, outputs);
      CommonOps_DDRM.multTransA(u, scaled, rows);
      for (int i = 0; i < left * outputs; i++) {
        outer[h * left * outputs + i] = (float) rows.data[i];
      }
    }
    return new Valued(new Basis(width, left, heads, forValues), outer);
  }

  /// `L` of `E xxᵀ = L Lᵀ`.
  private static DMatrixRMaj root(Rows x) {
    DMatrixRMaj moments = DMatrixRMaj.wrap(x.width(), x.width(), x.transposedTimes(x));
    CommonOps_DDRM.divide(moments, Math.max(1, x.count()));
    double ridge = Math.max(1e-12, RIDGE * CommonOps_DDRM.trace(moments) / x.width());
    for (int i = 0; i < x.width(); i++) {
      moments.add(i, i, ridge);
    }
    CholeskyDecomposition_F64<DMatrixRMaj> cholesky =
        DecompositionFactory_DDRM.chol(x.width(), true);
    if (!cholesky.decompose(moments)) {
      throw new IllegalStateException("a ridge makes every Gram matrix positive definite");
    }
    return cholesky.getT(null);
  }

  /// The first columns of `L⁻ᵀ U`, each times its size, row-major.
  private static double[] leading(
      DMatrixRMaj root, DMatrixRMaj u, int count, IntFunction<Double> size) {
    DMatrixRMaj inverse = new DMatrixRMaj(root.numRows, root.numRows);
    CommonOps_DDRM.invert(root, inverse);
    DMatrixRMaj all = new DMatrixRMaj(root.numRows, root.numRows);
    CommonOps_DDRM.multTransA(inverse, u, all);
    return IntStream.range(0, root.numRows * count)
        .mapToDouble(i -> all.get(i / count, i % count) * size.apply(i % count))
        .toArray();
  }

  /// A singular value decomposition, the largest values first.
  private record Singular(DMatrixRMaj left, double[] values, DMatrixRMaj right) {
    static Singular of(DMatrixRMaj matrix) {
      SingularValueDecomposition_F64<DMatrixRMaj> svd =
          DecompositionFactory_DDRM.svd(matrix.numRows, matrix.numCols, true, true, false);
      if (!svd.decompose(matrix.copy())) {
        throw new IllegalStateException("a finite matrix has singular values");
      }
      DMatrixRMaj u = svd.getU(null, false);
      DMatrixRMaj w = svd.getW(null);
      DMatrixRMaj v = svd.getV(null, false);
      SingularOps_DDRM.descendingOrder(u, false, w, v, false);
      double[] values = new double[Math.min(matrix.numRows, matrix.numCols)];
      for (int i = 0; i < values.length; i++) {
        values[i] = w.get(i, i);
      }
      return new Singular(u, values, v);
    }

    @Override
    public boolean equals(Object other) {
      return this == other;
    }

    @Override
    public int hashCode() {
      return System.identityHashCode(this);
    }

    @Override
    public String toString() {
      return values.length + " singular values";
    }
  }
}
