package org.lapidary.passes.quant;

import java.io.Serializable;
import java.util.Arrays;
import java.util.function.DoubleUnaryOperator;

/// How often real values occurred, in bins of equal width over `[-2^e, 2^e)`.
///
/// The range doubles when a larger value comes, and two neighbouring bins become one, so that the
/// memory is constant and the result depends neither on the order of the values nor on how they
/// were shared out between histograms that are merged later. Infinities and NaN are not counted.
public final class Histogram implements Serializable {
  private static final long serialVersionUID = 1;

  private static final int BINS = 8192;
  private static final int HALF = BINS / 2;

  /// Smallest range: below this all values are as good as zero.
  private static final int SMALLEST_EXPONENT = -40;

  private static final int CLIP_CANDIDATES = 64;

  /// Values whose bins are found at a time.
  private static final int BLOCK = 1024;

  private final long[] counts = new long[BINS];
  private int exponent = SMALLEST_EXPONENT;
  private long total;
  private double min;
  private double max;

  /// Counts the elements `[from, to)`.
  public void add(float[] values, int from, int to) {
    float low = Float.POSITIVE_INFINITY;
    float high = Float.NEGATIVE_INFINITY;
    for (int i = from; i < to; i++) {
      low = Math.min(low, values[i]);
      high = Math.max(high, values[i]);
    }
    if (Float.isFinite(low) && Float.isFinite(high)) {
      widen(low, high);
      count(values, from, to);
    } else if (from < to) {
      float[] finite = finite(values, from, to);
      add(finite, 0, finite.length);
    }
  }

  private static float[] finite(float[] values, int from, int to) {
    float[] kept = new float[to - from];
    int n = 0;
    for (int i = from; i < to; i++) {
      if (Float.isFinite(values[i])) {
        kept[n++] = values[i];
      }
    }
    return Arrays.copyOf(kept, n);
  }

  /// Finding the bins of a block first, the compiler does with vectors.
  private void count(float[] values, int from, int to) {
    int[] bins = new int[Math.min(BLOCK, to - from)];
    double perUnit = 1 / binWidth();
    for (int start = from; start < to; start += BLOCK) {
      int n = Math.min(BLOCK, to - start);
      for (int i = 0; i < n; i++) {
        bins[i] = HALF + (int) Math.floor(values[start + i] * perUnit);
      }
      for (int i = 0; i < n; i++) {
        counts[bins[i]]++;
      }
    }
    total += to - from;
  }

  /// Counts all elements.
  public void add(float[] values) {
    add(values, 0, values.length);
  }

  /// Adds what another histogram has counted.
  public void merge(Histogram other) {
    if (other.total == 0) {
      return;
    }
    widen(other.min, other.max);
    int shift = exponent - other.exponent;
    for (int i = 0; i < BINS; i++) {
      counts[HALF + ((i - HALF) >> shift)] += other.counts[i];
    }
    total += other.total;
  }

  /// Number of values counted.
  public long total() {
    return total;
  }

  /// Smallest value, or 0 if there was none.
  public double min() {
    return min;
  }

  /// Largest value, or 0 if there was none.
  public double max() {
    return max;
  }

  /// Largest absolute value.
  public double absMax() {
    return Math.max(Math.abs(min), Math.abs(max));
  }

  /// Smallest bound that the absolute values of the given share do not exceed, to a bin.
  ///
  /// @param share for example 0.9999
  public double percentile(double share) {
    long allowed = (long) Math.floor(total * (1 - share));
    long beyond = 0;
    for (int i = HALF - 1; i >= 0; i--) {
      beyond += counts[HALF + i] + counts[HALF - 1 - i];
      if (beyond > allowed) {
        return Math.min(absMax(), (i + 1) * binWidth());
      }
    }
    return 0;
  }

  /// The step of a symmetric int8 grid with the least mean squared error.
  public double leastSquaresStep() {
    double largest = absMax();
    Bins bins = bins();
    double best = largest / 127;
    double bestError = Double.POSITIVE_INFINITY;
    for (int k = 0; k < CLIP_CANDIDATES; k++) {
      // down to an eighth of the range, in equal ratios
      double step = largest / 127 * Math.pow(8, -(double) k / CLIP_CANDIDATES);
      double error = bins.squaredError(step);
      if (error < bestError) {
        bestError = error;
        best = step;
      }
    }
    return best;
  }

  /// Sum of the squared differences between the values and their nearest points on `[-128, 127] *
  /// step`.
  public double squaredError(double step) {
    return bins().squaredError(step);
  }

  /// The bins that are not empty, in ascending order: the values they stand for, and how many.
  record Bins(double[] middles, double[] counts) {
    double squaredError(double step) {
      double perStep = 1 / step;
      double sum = 0;
      for (int i = 0; i < middles.length; i++) {
        double x = middles[i];
        double nearest = Math.max(-128, Math.min(Math.rint(x * perStep), 127)) * step;
        sum += counts[i] * ((x - nearest) * (x - nearest));
      }
      return sum;
    }
  }

  Bins bins() {
    int n = (int) Arrays.stream(counts).filter(count -> count != 0).count();
    Bins bins = new Bins(new double[n], new double[n]);
    int[] filled = new int[1];
    forEach((middle, count) -> {
      bins.middles[filled[0]] = middle;
      bins.counts[filled[0]++] = (double) count;
    });
    return bins;
  }

  /// Sum of `f(x)` over all values, each taken as the middle of its bin.
  public double sum(DoubleUnaryOperator f) {
    double[] sum = new double[1];
    forEach((x, count) -> sum[0] += count * f.applyAsDouble(x));
    return sum[0];
  }

  /// Mean of `f(x)` over all values; 0 if there was none.
  double mean(DoubleUnaryOperator f) {
    return sum(f) / Math.max(1, total);
  }

  double meanSquare() {
    return mean(x -> x * x);
  }

  /// What is done with a bin.
  interface BinVisitor {
    void visit(double middle, long count);
  }

  /// Visits the bins that are not empty, in ascending order.
  void forEach(BinVisitor visitor) {
    double width = binWidth();
    int first = total == 0 ? BINS : HALF + (int) Math.floor(min / width);
    for (int i = first; i < BINS; i++) {
      if (counts[i] != 0) {
        visitor.visit((i - HALF + 0.5) * width, counts[i]);
      }
    }
  }

  /// How many absolute values lie in each bin from 0 on.
  long[] magnitudes() {
    long[] magnitudes = new long[HALF];
    Arrays.setAll(magnitudes, i -> counts[HALF + i] + counts[HALF - 1 - i]);
    return magnitudes;
  }

  /// Width of a bin.
  double binWidth() {
    return Math.scalb(1.0, exponent) / HALF;
  }

  private void widen(double low, double high) {
    min = total == 0 ? low : Math.min(min, low);
    max = total == 0 ? high : Math.max(max, high);
    int needed = Math.max(SMALLEST_EXPONENT, Math.getExponent(absMax()) + 1);
    if (needed <= exponent) {
      return;
    }
    int shift = Math.min(31, needed - exponent);
    exponent = needed;
    long[] old = counts.clone();
    Arrays.fill(counts, 0);
    for (int i = 0; i < BINS; i++) {
      counts[HALF + ((i - HALF) >> shift)] += old[i];
    }
  }
}
