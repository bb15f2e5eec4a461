package org.lapidary.tools.blame;

/// How near a quantized value comes to the real one, over all elements of all samples. Sums only:
/// parts of the samples can be added.
public final class Fidelity {
  /// Bins of the histogram; the middle one holds no error.
  static final int BINS = 33;

  private static final int MIDDLE = BINS / 2;
  private static final double BINS_PER_STEP = 4;

  private double signal;
  private double noise;
  private double product;
  private double quantizedSquares;
  private long elements;
  private long saturated;
  private final long[] histogram = new long[BINS];

  /// Takes one element.
  ///
  /// @param unit what errors are counted in
  void add(double real, double quantized, double unit) {
    double error = quantized - real;
    signal += real * real;
    noise += error * error;
    product += real * quantized;
    quantizedSquares += quantized * quantized;
    elements++;
    double bin = MIDDLE + Math.rint(error / unit * BINS_PER_STEP);
    histogram[(int) Math.clamp(bin, 0, BINS - 1)]++;
  }

  void addSaturated(long count) {
    saturated += count;
  }

  void add(Fidelity other) {
    signal += other.signal;
    noise += other.noise;
    product += other.product;
    quantizedSquares += other.quantizedSquares;
    elements += other.elements;
    saturated += other.saturated;
    for (int i = 0; i < BINS; i++) {
      histogram[i] += other.histogram[i];
    }
  }

  /// Signal over noise in decibels; 200 where there is no noise.
  double sqnr() {
    return noise == 0 ? 200 : Math.max(-200, 10 * Math.log10(signal / noise));
  }

  double cosine() {
    double norm = Math.sqrt(signal * quantizedSquares);
    return norm == 0 ? (signal == quantizedSquares ? 1 : 0) : product / norm;
  }

  /// Noise power over signal power.
  double relativeNoise() {
    return signal == 0 ? 0 : noise / signal;
  }

  long elements() {
    return elements;
  }

  /// Integers at an end of the int8 range.
  long saturated() {
    return saturated;
  }

  /// Errors in quarters of a unit, from -4 to 4 units, what is beyond in the outermost bins.
  long[] histogram() {
    return histogram.clone();
  }
}
