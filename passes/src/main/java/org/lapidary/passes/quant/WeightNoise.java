package org.lapidary.passes.quant;

/// Mean square of what rounding a weight does to an element of its product.
///
/// @param inOne with the weight as it is
/// @param inTwo with the weight in two int8 pieces
record WeightNoise(double inOne, double inTwo) {

  /// What is to be expected if errors of different rows have nothing to do with each other.
  ///
  /// @param inOne what rounding did
  /// @param w `[K,N]`
  /// @param power mean square of the operand's channels
  static WeightNoise of(double inOne, float[] w, double[] power) {
    double high = TwoPieceWeight.step(TwoPieceWeight.largest(w));
    double low = high / TwoPieceWeight.FINER;
    double powers = 0;
    for (double p : power) {
      powers += p;
    }
    return new WeightNoise(inOne, powers * (low * low + HighAndLow.LEFT_OVER * high * high) / 12);
  }
}
