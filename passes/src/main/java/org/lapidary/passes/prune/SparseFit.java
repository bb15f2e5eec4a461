package org.lapidary.passes.prune;

import org.ejml.data.DMatrixRMaj;
import org.ejml.dense.row.CommonOps_DDRM;
import org.ejml.dense.row.factory.DecompositionFactory_DDRM;
import org.ejml.dense.row.factory.LinearSolverFactory_DDRM;
import org.ejml.interfaces.decomposition.CholeskyDecomposition_F64;
import org.ejml.interfaces.linsol.LinearSolverDense;
import org.lapidary.passes.prune.PruneRecipe.Score;

/// Zeros in the weights of one product `Y = X W`.
///
/// By least squares: the weights start as those that give the target best, `H⁻¹C` with `H = XᵀX +
/// λI` and `C = XᵀT + λW`. Then row after row, with `H⁻¹ = L Lᵀ`, a weight that goes costs `(w /
/// L_ii)²`, and what it leaves is taken over by the rows after it: `W_j -= L_ji w / L_ii`. Source:
/// Frantar and Alistarh, SparseGPT, 2023.
final class SparseFit {
  /// `λ` over the mean of H's diagonal.
  private static final double RIDGE = 0.01;

  private SparseFit() {}

  /// The new weights, row-major `[x.width, target.width]`.
  ///
  /// @param x operand of the product as it is now
  /// @param target what the product should give
  /// @param weight as it was
  static float[] of(Rows x, Rows target, float[] weight, Sparsity sparsity) {
    int depth = x.width();
    int outputs = target.width();
    double[] start = new double[weight.length];
    double[] factor;
    if (sparsity.score() == Score.MAGNITUDE) {
      for (int i = 0; i < weight.length; i++) {
        start[i] = weight[i];
      }
      factor = CommonOps_DDRM.identity(depth).data;
    } else {
      factor = best(x, target, weight, start);
    }
    eliminate(start, factor, depth, outputs, sparsity);
    float[] rounded = new float[start.length];
    for (int i = 0; i < rounded.length; i++) {
      rounded[i] = (float) start[i];
    }
    return rounded;
  }

  /// Puts the best dense weights into `start` and gives the factor `L` of `H⁻¹`.
  private static double[] best(Rows x, Rows target, float[] weight, double[] start) {
    int depth = x.width();
    DMatrixRMaj hessian = DMatrixRMaj.wrap(depth, depth, x.transposedTimes(x));
    double[] cross = x.transposedTimes(target);
    double ridge = Math.max(1e-12, RIDGE * CommonOps_DDRM.trace(hessian) / depth);
    for (int i = 0; i < depth; i++) {
      hessian.add(i, i, ridge);
    }
    for (int i = 0; i < weight.length; i++) {
      cross[i] += ridge * weight[i];
    }
    LinearSolverDense<DMatrixRMaj> solver = LinearSolverFactory_DDRM.chol(depth);
    CholeskyDecomposition_F64<DMatrixRMaj> cholesky = DecompositionFactory_DDRM.chol(depth, true);
    DMatrixRMaj inverse = new DMatrixRMaj(depth, depth);
    boolean definite = solver.setA(hessian);
    if (definite) {
      solver.solve(
          DMatrixRMaj.wrap(depth, target.width(), cross),
          DMatrixRMaj.wrap(depth, target.width(), start));
      solver.invert(inverse);
      definite = cholesky.decompose(inverse);
    }
    if (!definite) {
      throw new IllegalStateException("a ridge makes every Gram matrix positive definite");
    }
    return cholesky.getT(null).data;
  }

  private static void eliminate(
      double[] weight, double[] factor, int depth, int outputs, Sparsity sparsity) {
    int band = sparsity.band(depth);
    for (int from = 0; from < depth; from += band) {
      int to = Math.min(depth, from + band);
      double[] worth = new double[(to - from) * outputs];
      for (int i = 0; i < worth.length; i++) {
        int row = from + i / outputs;
        double scaled = weight[from * outputs + i] / factor[row * depth + row];
        worth[i] = scaled * scaled;
      }
      boolean[] gone = sparsity.gone(worth, outputs);
      for (int row = from; row < to; row++) {
        remove(weight, factor, row, depth, outputs, gone, (row - from) * outputs);
      }
    }
  }

  /// Makes a row's weights that go zero, and moves what they did to the rows after it.
  private static void remove(
      double[] weight,
      double[] factor,
      int row,
      int depth,
      int outputs,
      boolean[] gone,
      int goneAt) {
    double[] lost = new double[outputs];
    for (int o = 0; o < outputs; o++) {
      if (gone[goneAt + o]) {
        lost[o] = weight[row * outputs + o] / factor[row * depth + row];
        weight[row * outputs + o] = 0;
      }
    }
    for (int after = row + 1; after < depth; after++) {
      double share = factor[after * depth + row];
      for (int o = 0; o < outputs && share != 0; o++) {
        weight[after * outputs + o] -= share * lost[o];
      }
    }
  }
}
