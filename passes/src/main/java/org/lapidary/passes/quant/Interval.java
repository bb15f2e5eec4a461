package org.lapidary.passes.quant;

import java.util.Arrays;
import org.lapidary.ir.Tensor;

/// Integers from `low` to `high` for each channel of the last axis.
///
/// @param low one number per channel, or a single one for all
/// @param high as many
record Interval(long[] low, long[] high) {
  static final Interval BYTE = of(-128, 127);

  /// The same bounds for all channels.
  static Interval of(long low, long high) {
    return new Interval(new long[] {low}, new long[] {high});
  }

  /// What the channels of a constant are.
  static Interval of(Tensor t) {
    if (t.elements() == 0) {
      return of(0, 0);
    }
    int channels = t.type().rank() == 0 ? 1 : t.type().dim(-1);
    long[] low = new long[channels];
    long[] high = new long[channels];
    Arrays.fill(low, Long.MAX_VALUE);
    Arrays.fill(high, Long.MIN_VALUE);
    for (int i = 0; i < t.elements(); i++) {
      low[i % channels] = Math.min(low[i % channels], t.asLong(i));
      high[i % channels] = Math.max(high[i % channels], t.asLong(i));
    }
    return new Interval(low, high);
  }

  int channels() {
    return low.length;
  }

  long low(int channel) {
    return low[low.length == 1 ? 0 : channel];
  }

  long high(int channel) {
    return high[high.length == 1 ? 0 : channel];
  }

  long lowest() {
    return Arrays.stream(low).min().orElse(0);
  }

  long highest() {
    return Arrays.stream(high).max().orElse(0);
  }

  double largest() {
    return (double) Math.max(Math.abs(lowest()), Math.abs(highest()));
  }

  /// The same bounds for all channels, as wide as the widest.
  Interval uniform() {
    return of(lowest(), highest());
  }

  /// All sums of a number of each.
  Interval plus(Interval other) {
    return combine(other, (a, b, c) -> a.low(c) + b.low(c), (a, b, c) -> a.high(c) + b.high(c));
  }

  /// Everything in either.
  Interval hull(Interval other) {
    return combine(
        other,
        (a, b, c) -> Math.min(a.low(c), b.low(c)),
        (a, b, c) -> Math.max(a.high(c), b.high(c)));
  }

  /// All products of a number of each.
  Interval times(Interval other) {
    return combine(
        other,
        (a, b, c) ->
            Math.min(
                Math.min(a.low(c) * b.low(c), a.low(c) * b.high(c)),
                Math.min(a.high(c) * b.low(c), a.high(c) * b.high(c))),
        (a, b, c) ->
            Math.max(
                Math.max(a.low(c) * b.low(c), a.low(c) * b.high(c)),
                Math.max(a.high(c) * b.low(c), a.high(c) * b.high(c))));
  }

  /// All sums of `n` of them, in any order and of any part of them.
  Interval sums(int n) {
    return of(Math.min(0, lowest() * n), Math.max(0, highest() * n));
  }

  boolean fits() {
    return lowest() >= Integer.MIN_VALUE && highest() <= Integer.MAX_VALUE;
  }

  /// The channel in which the magnitude is largest.
  int widest() {
    int widest = 0;
    for (int c = 1; c < channels(); c++) {
      widest = magnitude(c) > magnitude(widest) ? c : widest;
    }
    return widest;
  }

  private long magnitude(int channel) {
    return Math.max(Math.abs(low(channel)), Math.abs(high(channel)));
  }

  private interface Bound {
    long of(Interval a, Interval b, int channel);
  }

  private Interval combine(Interval other, Bound lower, Bound upper) {
    boolean same = channels() == other.channels() || channels() == 1 || other.channels() == 1;
    Interval a = same ? this : uniform();
    Interval b = same ? other : other.uniform();
    int n = Math.max(a.channels(), b.channels());
    long[] l = new long[n];
    long[] h = new long[n];
    for (int c = 0; c < n; c++) {
      l[c] = lower.of(a, b, c);
      h[c] = upper.of(a, b, c);
    }
    return new Interval(l, h);
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof Interval(var l, var h)
        && Arrays.equals(low, l)
        && Arrays.equals(high, h);
  }

  @Override
  public int hashCode() {
    return Arrays.hashCode(low) * 31 + Arrays.hashCode(high);
  }

  @Override
  public String toString() {
    return "[" + lowest() + ", " + highest() + "]";
  }
}
