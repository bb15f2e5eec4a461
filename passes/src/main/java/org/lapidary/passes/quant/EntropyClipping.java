package org.lapidary.passes.quant;

/// The bound at which clipping loses least information: the one with the least Kullback-Leibler
/// divergence of the distribution on an int8 grid from the clipped real distribution.
///
/// Source: S. Migacz, "8-bit Inference with TensorRT", GTC 2017.
final class EntropyClipping {
  /// Positive levels of int8, zero included.
  private static final int LEVELS = 128;

  /// Bounds tried are this many bins apart.
  private static final int STRIDE = 32;

  private EntropyClipping() {}

  /// The best bound of the absolute values.
  static double bound(Histogram values) {
    long[] magnitudes = values.magnitudes();
    int used = magnitudes.length;
    while (used > 0 && magnitudes[used - 1] == 0) {
      used--;
    }
    int best = used;
    double bestDivergence = Double.POSITIVE_INFINITY;
    for (int bins = LEVELS; bins < used + STRIDE; bins += STRIDE) {
      double divergence = divergence(magnitudes, Math.min(bins, used));
      if (divergence < bestDivergence) {
        bestDivergence = divergence;
        best = Math.min(bins, used);
      }
    }
    return best == used ? values.absMax() : best * values.binWidth();
  }

  /// Divergence of the grid over the first `bins` bins from the distribution clipped to them, whose
  /// last bin holds everything beyond.
  private static double divergence(long[] magnitudes, int bins) {
    double inside = 0;
    double all = 0;
    for (int i = 0; i < magnitudes.length; i++) {
      all += magnitudes[i];
      inside += i < bins ? magnitudes[i] : 0;
    }
    double sum = 0;
    for (int level = 0; level < LEVELS; level++) {
      int from = (int) ((long) level * bins / LEVELS);
      int to = (int) ((long) (level + 1) * bins / LEVELS);
      double mass = 0;
      int occupied = 0;
      for (int i = from; i < to; i++) {
        mass += magnitudes[i];
        occupied += magnitudes[i] > 0 ? 1 : 0;
      }
      for (int i = from; i < to; i++) {
        double p = magnitudes[i] + (i == bins - 1 ? all - inside : 0);
        // A level's mass spread evenly over its bins that are not empty; a last bin that only holds
        // what was clipped counts as nearly impossible.
        double q = magnitudes[i] > 0 ? mass / occupied : Double.MIN_NORMAL;
        sum += p > 0 ? p / all * Math.log(p / all / (q / inside)) : 0;
      }
    }
    return sum;
  }
}
