package org.lapidary.passes.quant;

import java.util.Optional;
import java.util.stream.IntStream;
import org.lapidary.ir.Value;

/// What the channels of a product's operand are like, before gamma and beta; zeros where that is
/// not known.
///
/// @param mean of each channel
/// @param squares mean square of each channel
record OperandMoments(double[] mean, double[] squares) {
  /// Channels with a smaller gamma carry nothing.
  private static final double SMALLEST_GAMMA = 1e-6;

  /// From what calibration saw of the operand, gamma and beta included.
  ///
  /// @param gamma per channel, or empty for 1
  /// @param beta per channel, or empty for 0
  static OperandMoments of(Calibration calibration, Value operand, double[] gamma, double[] beta) {
    int n = operand.type().dim(-1);
    double[] mean = new double[n];
    double[] squares = new double[n];
    Optional<ChannelHistogram> seen = calibration.ofChannels(operand);
    for (int c = 0; c < n && seen.isPresent(); c++) {
      double g = gamma.length == 0 ? 1 : gamma[c];
      double b = beta.length == 0 ? 0 : beta[c];
      if (Math.abs(g) >= SMALLEST_GAMMA) {
        double m = seen.get().mean(c);
        mean[c] = (m - b) / g;
        squares[c] = Math.max(0, seen.get().meanSquare(c) - 2 * b * m + b * b) / (g * g);
      }
    }
    return new OperandMoments(mean, squares);
  }

  /// Mean square of each channel's distance from what is taken care of: its mean, or nothing.
  double[] power(boolean centred) {
    return IntStream.range(0, mean.length)
        .mapToDouble(c -> centred ? Math.max(0, squares[c] - mean[c] * mean[c]) : squares[c])
        .toArray();
  }
}
