package org.lapidary.passes.quant;

import java.util.function.UnaryOperator;
import org.lapidary.ir.Value;
import org.lapidary.passes.quant.Emitter.Sum;

/// A value as two int8 forms whose sum it is.
///
/// @param high the larger part
/// @param low what rounding to the high piece left
record HighAndLow(Int8 high, Int8 low) {
  /// Levels of the low piece for half a step of the high one; more would leave a clipped value no
  /// room.
  private static final int LOW_LEVELS = 64;

  /// What rounding the low piece's product to int8 leaves of the noise of the high piece alone.
  static final double LEFT_OVER = Math.pow(Emitter.PIECE_DEVIATIONS / 127, 2) / 12;

  /// Root of the mean square of a low piece, which is as often anywhere in its range.
  static final double LOW_RMS = LOW_LEVELS / Math.sqrt(3);

  /// The step of a low piece.
  ///
  /// @param high step of the high one
  static double lowStep(double high) {
    return high / (2 * LOW_LEVELS);
  }

  /// What a sum is more than its high piece, in the units of the sum.
  static Sum rest(Sum sum, Int8 high, Emitter emitter) {
    Value finished = emitter.finish(sum);
    double[] factors = new double[sum.value().type().dim(-1)];
    for (int c = 0; c < factors.length; c++) {
      factors[c] = -sum.step() / sum.step(c);
    }
    Value rest =
        emitter.refining(() ->
            emitter.add(
                finished, emitter.channels(high.value(), high.step(), factors, sum.step())));
    return new Sum(rest, sum.step(), new double[0], sum.blocks());
  }

  /// A sum in two pieces; the step of the high one is a multiple of the sum's.
  static HighAndLow of(Sum sum, double wanted, Emitter emitter) {
    double step = Math.max(1, Math.rint(wanted / sum.step())) * sum.step();
    Int8 high = Int8.plain(emitter.requantize(sum, false, step));
    Sum rest = rest(sum, high, emitter);
    return new HighAndLow(high, Int8.plain(emitter.requantize(rest, false, lowStep(step))));
  }

  HighAndLow map(UnaryOperator<Int8> change) {
    return new HighAndLow(change.apply(high), change.apply(low));
  }
}
