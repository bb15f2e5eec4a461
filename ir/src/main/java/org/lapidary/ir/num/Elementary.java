package org.lapidary.ir.num;

/// Exponential, logarithm and hyperbolic tangent in double, made of nothing but operations that
/// every machine and language rounds alike, so that the C we generate computes the same bits.
/// [Math] promises an error bound instead, and the C library not even that.
///
/// Relative error below 4e-15, far less than what rounding to f32 costs. Results that f32 cannot
/// tell from zero or infinity are zero or infinity.
public final class Elementary {
  private static final double LN_2 = 0x1.62e42fefa39efp-1;

  /// The first 32 bits of ln 2, so that its small multiples are exact, and the rest.
  private static final double LN_2_HIGH = 0x1.62e42feep-1;

  private static final double LN_2_LOW = 0x1.a39ef35793c76p-33;

  private static final double OVERFLOW = 709;
  private static final double UNDERFLOW = -708;

  /// `1/n!`, as many as suffice for a rest of at most ln 2 / 2.
  private static final double[] INVERSE_FACTORIALS = inverseFactorials(14);

  /// Terms of the series that suffice for arguments of at most 1/3.
  private static final int ATANH_TERMS = 16;

  /// Below this the first terms of tanh's series are better than the difference from 1.
  private static final double TANH_SMALL = 0.08;

  /// From here on tanh is 1 to the last bit of a double.
  private static final double TANH_END = 20;

  private static final long MANTISSA = (1L << 52) - 1;
  private static final int BIAS = 1023;

  private Elementary() {}

  /// `e^x`: two to the power of the nearest integer to `x / ln 2`, times the series of the rest.
  public static double exp(double x) {
    if (x > OVERFLOW) {
      return Double.POSITIVE_INFINITY;
    }
    if (x < UNDERFLOW) {
      return 0;
    }
    if (Double.isNaN(x)) {
      return x;
    }
    double k = Math.rint(x / LN_2);
    double rest = x - k * LN_2_HIGH - k * LN_2_LOW;
    double sum = 0;
    for (int n = INVERSE_FACTORIALS.length - 1; n >= 0; n--) {
      sum = INVERSE_FACTORIALS[n] + rest * sum;
    }
    return sum * twoTo((long) k);
  }

  /// `e^x` of every number, in place: the same bits as one by one, but each step is taken for all
  /// of them, which the compiler does with vectors.
  public static void exp(double[] x) {
    double[] power = new double[x.length];
    double[] rest = new double[x.length];
    double[] sum = new double[x.length];
    for (int i = 0; i < x.length; i++) {
      power[i] = Math.rint(x[i] / LN_2);
      rest[i] = x[i] - power[i] * LN_2_HIGH - power[i] * LN_2_LOW;
    }
    for (int term = INVERSE_FACTORIALS.length - 1; term >= 0; term--) {
      double factor = INVERSE_FACTORIALS[term];
      for (int i = 0; i < x.length; i++) {
        sum[i] = factor + rest[i] * sum[i];
      }
    }
    for (int i = 0; i < x.length; i++) {
      boolean ordinary = x[i] >= UNDERFLOW && x[i] <= OVERFLOW;
      x[i] = ordinary ? sum[i] * twoTo((long) power[i]) : exp(x[i]);
    }
  }

  private static double twoTo(long k) {
    return Double.longBitsToDouble((k + BIAS) << 52);
  }

  /// `ln x`, by the exponent and the area function of a mantissa between `sqrt(1/2)` and `sqrt 2`.
  public static double log(double x) {
    if (Double.isNaN(x) || x < 0) {
      return Double.NaN;
    }
    if (x == 0) {
      return Double.NEGATIVE_INFINITY;
    }
    if (x == Double.POSITIVE_INFINITY) {
      return x;
    }
    long bits = Double.doubleToRawLongBits(x);
    double exponent = (double) ((bits >> 52) - BIAS);
    double mantissa = Double.longBitsToDouble((bits & MANTISSA) | ((long) BIAS << 52));
    if (mantissa > 1.4142135) {
      mantissa /= 2;
      exponent += 1;
    }
    double rest = 2 * atanh((mantissa - 1) / (mantissa + 1));
    return exponent * LN_2_HIGH + (exponent * LN_2_LOW + rest);
  }

  /// `ln(1 + x)` for x from 0 to 1.
  public static double logOnePlus(double x) {
    return 2 * atanh(x / (2 + x));
  }

  /// `tanh x`.
  public static double tanh(double x) {
    double a = Math.abs(x);
    double square = x * x;
    if (a < TANH_SMALL) {
      double tail = 62.0 / 2835 + square * (-1382.0 / 155925);
      return x
          * (1
              + square * (-1.0 / 3 + square * (2.0 / 15 + square * (-17.0 / 315 + square * tail))));
    }
    if (a > TANH_END) {
      return Math.copySign(1, x);
    }
    return Math.copySign(1 - 2 / (exp(2 * a) + 1), x);
  }

  /// `x^y` for the exponents that models have: small integers and one half.
  public static double power(double x, int twiceY) {
    if (twiceY == 1) {
      return x == Double.NEGATIVE_INFINITY ? Double.POSITIVE_INFINITY : Math.sqrt(x + 0.0);
    }
    int times = Math.abs(twiceY / 2);
    double product = 1;
    for (int i = 0; i < times; i++) {
      product *= x;
    }
    return twiceY < 0 ? 1 / product : product;
  }

  /// Whether [#power] has this exponent.
  public static boolean isSimpleExponent(double y) {
    return y == 0.5 || (y == Math.rint(y) && Math.abs(y) <= 8);
  }

  private static double[] inverseFactorials(int last) {
    double[] inverse = new double[last + 1];
    long factorial = 1;
    for (int n = 0; n <= last; n++) {
      factorial *= Math.max(1, n);
      inverse[n] = 1.0 / factorial;
    }
    return inverse;
  }

  /// `x + x^3/3 + x^5/5 + …` for `|x| <= 1/3`.
  private static double atanh(double x) {
    double square = x * x;
    double sum = 0;
    for (int n = ATANH_TERMS; n > 0; n--) {
      sum = square * (sum + 1.0 / (2 * n + 1));
    }
    return x * (1 + sum);
  }
}
