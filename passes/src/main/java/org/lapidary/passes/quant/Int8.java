package org.lapidary.passes.quant;

import java.util.Arrays;
import java.util.Optional;
import java.util.function.UnaryOperator;
import org.lapidary.ir.Value;

/// An int8 form of a value: `real = gamma * step * q + beta` for each channel.
///
/// @param value i8
/// @param step real value of one unit, which may differ from that of the type
/// @param gamma per channel of the last axis, or empty for 1
/// @param beta per channel of the last axis, or empty for 0
/// @param wide where the wide channels are to be read
record Int8(Value value, double step, double[] gamma, double[] beta, Optional<Wide> wide) {

  /// The same real numbers on a coarser grid, for the channels that are too wide for the fine one.
  ///
  /// @param value i8
  /// @param grids the two steps and the wide channels; the fine step is that of the whole
  record Wide(Value value, TwoGrids grids) {}

  static Int8 plain(Value value) {
    return new Int8(value, value.type().scale(), new double[0], new double[0], Optional.empty());
  }

  Int8 withWide(Optional<Wide> coarse) {
    return new Int8(value, step, gamma, beta, coarse);
  }

  Int8 withAffine(double[] newGamma, double[] newBeta) {
    return new Int8(value, step, newGamma, newBeta, wide);
  }

  /// Whether gamma is 1, beta 0 and one grid enough.
  boolean isPlain() {
    return !isAffine() && wide.isEmpty();
  }

  boolean isAffine() {
    return gamma.length != 0;
  }

  Optional<TwoGrids> grids() {
    return wide.map(Wide::grids);
  }

  Int8 times(double factor) {
    return new Int8(
        value,
        step * factor,
        gamma,
        Arrays.stream(beta).map(b -> b * factor).toArray(),
        wide.map(w -> new Wide(w.value, w.grids.times(factor))));
  }

  /// Moved by an operation that keeps the channels.
  Int8 map(UnaryOperator<Value> move) {
    return new Int8(
        move.apply(value),
        step,
        gamma,
        beta,
        wide.map(w -> new Wide(move.apply(w.value), w.grids)));
  }

  /// Gamma for the channels read on the fine grid, 0 for the others.
  ///
  /// @param channels their number
  double[] fineGamma(int channels) {
    return gamma(channels, false);
  }

  /// Gamma for the channels read on the coarse grid, 0 for the others.
  double[] wideGamma(int channels) {
    return gamma(channels, true);
  }

  private double[] gamma(int channels, boolean onCoarse) {
    double[] row = new double[channels];
    for (int c = 0; c < channels; c++) {
      boolean isWide = wide.isPresent() && wide.get().grids().wide().get(c);
      row[c] = isWide == onCoarse ? (isAffine() ? gamma[c] : 1) : 0;
    }
    return row;
  }
}
