package org.lapidary.passes.quant;

import java.util.Comparator;
import java.util.stream.IntStream;

/// Rounds the rows of a weight one after the other, each taking over the errors of those before it
/// as far as the operand's channels go together (GPTQ, arXiv 2210.17323, after optimal brain
/// surgery): with `H = E[x xᵀ]` and `H⁻¹ = UᵀU`, U upper triangular, an error `e` of row i is made
/// up for by `w_j -= e U_ij / U_ii` in the rows j that follow. Rows of loud channels come first.
final class ErrorFeedback {
  /// Share of the mean diagonal that is added to it, so that H has an inverse.
  private static final double DAMPING = 0.01;

  private final int[] order;
  private final double[][] upper;

  private ErrorFeedback(int[] order, double[][] upper) {
    this.order = order;
    this.upper = upper;
  }

  /// From the second moments of an operand.
  ///
  /// @param h symmetric, `[K,K]`
  static ErrorFeedback of(double[][] h) {
    int n = h.length;
    double mean = IntStream.range(0, n).mapToDouble(i -> h[i][i]).average().orElse(0);
    double damping = Math.max(DAMPING * mean, 1e-30);
    int[] order =
        IntStream.range(0, n)
            .boxed()
            .sorted(Comparator.comparingDouble(i -> -h[i][i]))
            .mapToInt(i -> i)
            .toArray();
    double[][] sorted = new double[n][n];
    for (int i = 0; i < n; i++) {
      for (int j = 0; j < n; j++) {
        sorted[i][j] = h[order[i]][order[j]] + (i == j ? damping : 0);
      }
    }
    return new ErrorFeedback(order, inverse(factor(sorted)));
  }

  /// Channels in the order in which they are to be rounded.
  int[] order() {
    return order;
  }

  /// Hands the error of a row on to the rows that follow it.
  ///
  /// @param w `[K,N]`, changed
  /// @param at place of the rounded row in the order
  void spread(float[] w, int columns, int at, double[] error) {
    for (int next = at + 1; next < order.length; next++) {
      double factor = upper[at][next] / upper[at][at];
      int row = order[next] * columns;
      for (int c = 0; c < columns; c++) {
        w[row + c] -= (float) (factor * error[c]);
      }
    }
  }

  /// The upper triangular R with `R Rᵀ = h`, which is overwritten.
  private static double[][] factor(double[][] h) {
    int n = h.length;
    double[][] r = new double[n][n];
    for (int j = n - 1; j >= 0; j--) {
      double square = h[j][j];
      for (int k = j + 1; k < n; k++) {
        square -= r[j][k] * r[j][k];
      }
      r[j][j] = Math.sqrt(Math.max(square, 1e-30));
      for (int i = j - 1; i >= 0; i--) {
        double sum = h[i][j];
        for (int k = j + 1; k < n; k++) {
          sum -= r[i][k] * r[j][k];
        }
        r[i][j] = sum / r[j][j];
      }
    }
    return r;
  }

  /// The inverse of an upper triangular matrix.
  private static double[][] inverse(double[][] r) {
    int n = r.length;
    double[][] u = new double[n][n];
    for (int i = n - 1; i >= 0; i--) {
      u[i][i] = 1 / r[i][i];
      for (int k = i + 1; k < n; k++) {
        double factor = r[i][k] / r[i][i];
        for (int j = k; j < n; j++) {
          u[i][j] -= factor * u[k][j];
        }
      }
    }
    return u;
  }
}
