package org.lapidary.passes.quant;

import java.util.List;

/// A weight in two int8 pieces: `step * (high + low / FINER)`. The step is that of the largest
/// element, so that nothing is clipped; single huge elements cost the others nothing, since the low
/// piece has levels for what they are rounded by.
///
/// @param high `[K,N]`
/// @param low `[K,N]`
/// @param columns N
/// @param step real value of one unit of the high piece
record TwoPieceWeight(byte[] high, byte[] low, int columns, double step) {
  private static final int LARGEST = 127;

  /// Levels of the low piece in one unit of the high one: rounding is off by half of one at most.
  static final int FINER = 2 * LARGEST;

  /// Rounds a weight.
  ///
  /// @param w `[K,N]`
  static TwoPieceWeight of(float[] w, int columns) {
    double step = step(largest(w));
    byte[] high = new byte[w.length];
    byte[] low = new byte[w.length];
    for (int i = 0; i < w.length; i++) {
      double units = w[i] / step;
      high[i] = (byte) Math.clamp(Math.rint(units), -LARGEST, LARGEST);
      low[i] = (byte) Math.clamp(Math.rint((units - high[i]) * FINER), -LARGEST, LARGEST);
    }
    return new TwoPieceWeight(high, low, columns, step);
  }

  /// The largest magnitude.
  static double largest(float[] w) {
    double largest = 0;
    for (float x : w) {
      largest = Math.max(largest, Math.abs(x));
    }
    return largest;
  }

  /// The step of the high piece.
  static double step(double largest) {
    return Math.max(largest / LARGEST, 1e-12);
  }

  /// The high piece, as a weight that is nothing else.
  IntegerWeight alone() {
    ColumnSteps one = new ColumnSteps(columns, new double[] {step}, new boolean[] {false});
    return new IntegerWeight(high, one, List.of(), List.of());
  }

  /// The real numbers that both stand for in row `k`.
  double[] row(int k) {
    double[] row = new double[columns];
    for (int c = 0; c < columns; c++) {
      int i = k * columns + c;
      row[c] = step * (high[i] + (double) low[i] / FINER);
    }
    return row;
  }
}
