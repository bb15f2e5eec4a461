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

  /// The fewest wide channels that lower the squared error by the gain that is asked for, if there
  /// are any.
  static Optional<TwoGrids> of(ChannelHistogram seen, Recipe.Outliers options) {
    BitSet all = new BitSet();
    all.set(0, seen.channels());
    double whole = seen.squaredError(all, seen.leastSquaresStep(all));
    List<Integer> widest =
        IntStream.range(0, seen.channels())
            .boxed()
            .sorted(Comparator.comparingDouble(c -> -seen.absMax(c)))
            .toList();
    for (int count = 1; count <= Math.min(options.channels(), seen.channels() / 4); count *= 2) {
      BitSet wide = new BitSet();
      widest.subList(0, count).forEach(wide::set);
      BitSet rest = (BitSet) all.clone();
      rest.andNot(wide);
      double fine = seen.leastSquaresStep(rest);
      double coarse = seen.leastSquaresStep(wide);
      double error = seen.squaredError(rest, fine) + seen.squaredError(wide, coarse);
      boolean affordable = count * coarse / fine <= options.rows();
      if (coarse > fine && affordable && 10 * Math.log10(whole / error) >= options.gain()) {
        return Optional.of(new TwoGrids(fine, coarse, wide));
      }
    }
    return Optional.empty();
  }
}
