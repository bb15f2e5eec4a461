package org.lapidary.sim;

/// The machine's scalar arithmetic. Plain `int` operations wrap, as the machine's do.
///
/// Source: gemmini.md §6.1, §7.1, §7.2.
final class Numerics {
  private static final float TWO_TO_63 = 0x1p63f;

  private Numerics() {}

  /// Clamps to int8.
  static int sat8(int x) {
    return Math.max(Byte.MIN_VALUE, Math.min(Byte.MAX_VALUE, x));
  }

  /// `x * s`, rounded to the nearest integer, ties to even, clamped to int8.
  ///
  /// @param saturatingNaN whether NaN gives 127 and huge products clamp by sign (hardware), instead
  ///   of all giving -128 (an x86 conversion)
  static int scale8(int x, float s, boolean saturatingNaN) {
    float product = (float) x * s;
    if (Float.isNaN(product)) {
      return saturatingNaN ? Byte.MAX_VALUE : Byte.MIN_VALUE;
    }
    if (Math.abs(product) >= TWO_TO_63 && !saturatingNaN) {
      return Byte.MIN_VALUE;
    }
    // An int8 bound is an integer, so that clamping first does not change what rounding gives.
    return (int) Math.rint(Math.max(Byte.MIN_VALUE, Math.min(Byte.MAX_VALUE, product)));
  }

  /// `x / 2^n`, rounded to the nearest integer, ties to even.
  static int roundingShift(int x, int n) {
    if (n == 0) {
      return x;
    }
    int floor = x >> n;
    int half = x >> (n - 1) & 1;
    boolean above = (x & ((1 << (n - 1)) - 1)) != 0;
    return floor + (half & ((above ? 1 : 0) | (floor & 1)));
  }

  /// Clamps to a signed number of the given width.
  static int clip(int x, int bits) {
    int limit = 1 << (bits - 1);
    return Math.max(-limit, Math.min(limit - 1, x));
  }

  /// The i-GELU polynomial.
  static int igelu(int q, int qb, int qc) {
    int sign = q < 0 ? -1 : 1;
    int clipped = Math.min(Math.abs(q), -qb);
    int p = (clipped + qb) * (clipped + qb) + qc;
    return q * (sign * p + qc);
  }

  /// i-exp of a non-positive `q`.
  ///
  /// @param saturating whether far negative values give 0 (hardware), instead of shifting modulo 32
  static int iexp(int q, int qb, int qc, int qln2, int qln2Inv, boolean saturating) {
    if (!saturating) {
      int z = (-q * qln2Inv) >> 16;
      int e = exponentPolynomial(q, z, qb, qc, qln2);
      return e >> z;
    }
    long shifts = (-(long) q * qln2Inv) >> 16;
    int z = (int) shifts;
    int e = exponentPolynomial(q, z, qb, qc, qln2);
    return (shifts & 0xFFE0) != 0 ? 0 : e >>> (z & 31);
  }

  private static int exponentPolynomial(int q, int z, int qb, int qc, int qln2) {
    int r = q + z * qln2;
    return (r + qb) * (r + qb) + qc;
  }
}
