package org.lapidary.ir.num;

/// Rounding, saturation and integer square root, as the accelerator does them. Source: gemmini.md
/// §6.1 under the semantics `rtl`.
public final class Rounding {
  private Rounding() {}

  /// `v` as float32 (nearest even) times the float32 `scale` (nearest even), rounded to an integer
  /// (ties to even) and saturated to int8. A product that is not a number gives 127, an infinite
  /// one saturates by its sign.
  public static byte scale8(int v, float scale) {
    float product = (float) v * scale;
    if (Float.isNaN(product)) {
      return Byte.MAX_VALUE;
    }
    return saturate8((long) Math.rint(product));
  }

  /// Clamps to [-128, 127].
  public static byte saturate8(long v) {
    return (byte) Math.clamp(v, Byte.MIN_VALUE, Byte.MAX_VALUE);
  }

  /// Clamps to the range of 32 bits.
  public static int saturate32(long v) {
    return Math.clamp(v, Integer.MIN_VALUE, Integer.MAX_VALUE);
  }

  /// Keeps the low 32 bits, as an accumulator does that overflows.
  public static int wrap32(long v) {
    return (int) v;
  }

  /// `v / 2^bits` rounded to the nearest integer, ties to even. `bits` may be 0 to 31.
  public static int roundShift(int v, int bits) {
    if (bits < 0 || bits > 31) {
      throw new IllegalArgumentException("shift by " + bits);
    }
    if (bits == 0) {
      return v;
    }
    int floor = v >> bits;
    long rest = v - ((long) floor << bits);
    long half = 1L << (bits - 1);
    boolean up = rest > half || (rest == half && (floor & 1) == 1);
    return up ? floor + 1 : floor;
  }

  /// `round(v)` to an integer, ties to even, clamped to `[low, high]`; not-a-number becomes 0.
  public static long roundClamp(double v, long low, long high) {
    return Math.clamp((long) Math.rint(v), low, high);
  }

  /// The largest integer whose square does not exceed `v`, by Newton's iteration from above.
  /// Source: I-BERT, algorithm 4.
  public static int isqrt(int v) {
    if (v < 0) {
      throw new IllegalArgumentException("square root of " + v);
    }
    if (v == 0) {
      return 0;
    }
    int bits = Integer.SIZE - Integer.numberOfLeadingZeros(v);
    int x = 1 << ((bits + 1) / 2);
    while (true) {
      int next = (x + v / x) >> 1;
      if (next >= x) {
        return x;
      }
      x = next;
    }
  }
}
