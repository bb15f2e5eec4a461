package org.lapidary.ir.num;

import java.util.Arrays;
import java.util.function.DoubleUnaryOperator;

/// The Gauss error function to about ten digits: its values at multiples of 1/64 from the power
/// series, and Taylor's formula of fourth order from the nearest of them.
public final class Erf {
  private static final int STEPS_PER_UNIT = 64;

  /// Beyond this the function is 1 to the last bit of a double.
  private static final int END = 6;

  private static final double DERIVATIVE_AT_0 = 2 / Math.sqrt(Math.PI);
  private static final double[] VALUES = table(Erf::series);
  private static final double[] SLOPES = table(Erf::derivative);

  private Erf() {}

  public static double erf(double x) {
    double a = Math.abs(x);
    if (!(a < END)) {
      return Double.isNaN(x) ? x : Math.signum(x);
    }
    int step = (int) Math.rint(a * STEPS_PER_UNIT);
    double x0 = (double) step / STEPS_PER_UNIT;
    double h = a - x0;
    double square = x0 * x0;
    double third = (2 * square - 1) / 3;
    double fourth = x0 * (3 - 2 * square) / 6;
    double y = VALUES[step] + SLOPES[step] * h * (1 + h * (-x0 + h * (third + h * fourth)));
    return Math.copySign(y, x);
  }

  private static double[] table(DoubleUnaryOperator f) {
    double[] values = new double[END * STEPS_PER_UNIT + 1];
    Arrays.setAll(values, i -> f.applyAsDouble((double) i / STEPS_PER_UNIT));
    return values;
  }

  private static double derivative(double x) {
    return DERIVATIVE_AT_0 * Elementary.exp(-x * x);
  }

  /// `2/sqrt(pi) e^(-x^2) (x + 2x^3/3 + 4x^5/15 + …)`: all terms positive, nothing cancels.
  private static double series(double x) {
    double term = x;
    double sum = x;
    for (int n = 1; term > sum * 1e-17; n++) {
      term *= 2 * x * x / (2 * n + 1);
      sum += term;
    }
    return derivative(x) * sum;
  }
}
