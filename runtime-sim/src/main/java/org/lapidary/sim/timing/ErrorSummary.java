package org.lapidary.sim.timing;

import java.util.Arrays;

/// Absolute errors of predicted against measured cycles, in per cent.
///
/// @param rows how many workloads
/// @param mean arithmetic mean
/// @param p90 nine in ten workloads are no further off
/// @param worst largest
public record ErrorSummary(int rows, double mean, double p90, double worst) {
  /// Summarises absolute errors; there has to be at least one.
  public static ErrorSummary of(double[] errors) {
    double[] sorted = errors.clone();
    Arrays.sort(sorted);
    int n = sorted.length;
    double sum = 0;
    for (double e : sorted) {
      sum += e;
    }
    int ninth = (int) Math.ceil(0.9 * n) - 1;
    return new ErrorSummary(n, sum / n, sorted[ninth], sorted[n - 1]);
  }
}
