package org.lapidary.passes.quant;

import java.util.function.IntFunction;

/// Mean square of what rounding a weight does to an element of its product.
///
/// @param inOne with the weight as it is
/// @param inTwo with the weight in two int8 pieces
record WeightNoise(double inOne, double inTwo) {

  /// What is to be expected if errors of different rows have nothing to do with each other.
  ///
  /// @param w `[K,N]`
  /// @param rounded what stands for its rows
  /// @param power mean square of the operand's channels
  static WeightNoise of(float[] w, IntFunction<double[]> rounded, double[] power) {
    int columns = w.length / power.length;
    double one = 0;
    double largest = 0;
    double powers = 0;
    for (int k = 0; k < power.length; k++) {
      double squares = 0;
      double[] row = rounded.apply(k);
      for (int c = 0; c < columns; c++) {
        float x = w[k * columns + c];
        squares += (x - row[c]) * (x - row[c]);
        largest = Math.max(largest, Math.abs(x));
      }
      one += power[k] * squares;
      powers += power[k];
    }
    double high = TwoPieceWeight.step(largest);
    double low = high / TwoPieceWeight.FINER;
    double two = powers * (low * low + HighAndLow.LEFT_OVER * high * high) / 12;
    return new WeightNoise(one / columns, two);
  }
}
