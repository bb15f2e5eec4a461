package org.lapidary.passes.quant;

import java.util.BitSet;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;

/// Two int8 grids for one value: a fine one, and a coarse one for the few channels that are much
/// wider than the others. One step for all would either clip those or leave the rest a handful of
/// levels.
///
/// @param fine step of most channels
/// @param coarse step of the wide channels
/// @param wide the wide channels
record TwoGrids(double fine, double coarse, BitSet wide) {

  double ratio() {
    return coarse / fine;
  }

  TwoGrids times(double factor) {
    return new TwoGrids(fine * factor, coarse * factor, wide);
  }

  /// Decibels by which a further grid must lower the error.
  private static final double LEAST_GAIN = 3;

  /// The fewest wide channels that give the others the signal to noise that is asked for, or the
  /// best number of them; nothing if one grid is good enough or two are hardly better.
  static Optional<TwoGrids> of(ChannelHistogram seen, Recipe.Outliers options) {
    BitSet all = new BitSet();
    all.set(0, seen.channels());
    double one = seen.leastSquaresStep(all);
    List<Integer> widest =
        IntStream.range(0, seen.channels())
            .boxed()
            .sorted(Comparator.comparingDouble(c -> -seen.absMax(c)))
            .toList();
    double noiseOfOne = seen.squaredError(all, one);
    Optional<TwoGrids> best = Optional.empty();
    double bestNoise = Double.POSITIVE_INFINITY;
    for (int count = 1; count <= Math.min(options.channels(), seen.channels() / 4); count *= 2) {
      BitSet wide = new BitSet();
      widest.subList(0, count).forEach(wide::set);
      BitSet rest = (BitSet) all.clone();
      rest.andNot(wide);
      double signal = seen.energy(rest);
      double before = decibel(signal, noiseOfOne);
      if (before >= options.below()) {
        continue;
      }
      TwoGrids grids = new TwoGrids(seen.leastSquaresStep(rest), seen.leastSquaresStep(wide), wide);
      double noise = seen.squaredError(rest, grids.fine) + seen.squaredError(wide, grids.coarse);
      boolean affordable = grids.ratio() > 1 && count * grids.ratio() <= options.rows();
      boolean worthIt = decibel(signal, noise) - before >= LEAST_GAIN;
      if (affordable && worthIt && noise < bestNoise / 1.5) {
        best = Optional.of(grids);
        bestNoise = noise;
      }
    }
    return best;
  }

  private static double decibel(double signal, double noise) {
    return 10 * Math.log10(signal / Math.max(noise, 1e-30));
  }
}
