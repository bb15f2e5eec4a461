package org.lapidary.passes.quant;

import java.util.Arrays;
import java.util.function.DoubleUnaryOperator;
import org.jspecify.annotations.Nullable;
import org.lapidary.ir.num.Erf;

/// The constants of one GELU in integers.
///
/// The operand is moved out as int8 on a grid that is not symmetric, `x = step * (q + offset)`,
/// because GELU is 0 below about -2.5 but not bounded above, and because the polynomial wraps
/// around in 32 bits on a grid much finer than 0.03. Source: gemmini.md §7.1.
///
/// @param step real value of one step of the operand
/// @param offset added to the int8 operand, in steps
/// @param qb the polynomial's shift
/// @param qc the polynomial's constant
/// @param outStep real value of one step of the result
public record GeluConstants(double step, int offset, int qb, int qc, double outStep) {

  private static final int LEVELS = 256;

  /// I-BERT's second-order fit of erf, per root of 2: below it the polynomial is -1.
  private static final double KNEE = 1.769 * Math.sqrt(2);

  /// Ratio of -qc to qb^2 in I-BERT's fit.
  private static final double RATIO = 1 / (0.2888 * 1.769 * 1.769);

  /// The requantizing scale: real value of one unit of the polynomial's product, which is `2 qc x`
  /// for large x, over that of a step of the result. Negative.
  public float scale() {
    return (float) (step / (2.0 * qc * outStep));
  }

  /// The product before it is scaled, in exact arithmetic, for an operand in steps.
  public long product(long q) {
    long c = Math.min(Math.abs(q), -qb);
    long p = (c + qb) * (c + qb) + qc;
    return q * ((q < 0 ? -p : p) + qc);
  }

  /// Whether nothing leaves 32 bits for any int8 operand.
  public boolean fits() {
    for (int q = -128; q < 128; q++) {
      long product = product(q + offset);
      if (product != (int) product) {
        return false;
      }
    }
    return true;
  }

  /// Chooses the constants with the least mean squared error for operands so distributed.
  ///
  /// @param operand distribution of the operand
  /// @param outStep step of the result
  /// @param tanh whether the real function is the tanh approximation
  public static GeluConstants choose(Histogram operand, double outStep, boolean tanh) {
    Operands operands =
        Operands.of(operand, tanh ? GeluConstants::tanhGelu : GeluConstants::erfGelu);
    Choice best = Choice.NONE;
    for (double keep : new double[] {1, 0.95, 0.9, 0.85, 0.8, 0.7, 0.6, 0.5}) {
      for (double floor : new double[] {-2.2, -2.4, -2.6, -2.8, -3.0}) {
        double top = Math.max(operand.max() * keep, 0.5);
        double step = Math.max((top - floor) / (LEVELS - 1), finestStep(top, floor));
        int offset = (int) Math.rint(floor / step) + 128;
        best = new Levels(operands, step, offset).search(outStep, best);
      }
    }
    GeluConstants found = best.constants();
    if (found == null) {
      throw new IllegalStateException("no GELU constants fit 32 bits");
    }
    return found;
  }

  /// Below this step the product wraps around: it is about `2 qc x`, and qc about `-1/(0.1444
  /// step^2)`.
  private static double finestStep(double top, double floor) {
    double widest = Math.max(top, -floor) * 1.1;
    return Math.cbrt(2 * 1.15 * KNEE * KNEE * RATIO / 2 * widest / 0x1p31);
  }

  static double erfGelu(double x) {
    return x / 2 * (1 + Erf.erf(x / Math.sqrt(2)));
  }

  static double tanhGelu(double x) {
    return x / 2 * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x * x * x)));
  }

  /// The best constants so far and their squared error.
  private record Choice(@Nullable GeluConstants constants, double error) {
    static final Choice NONE = new Choice(null, Double.POSITIVE_INFINITY);
  }

  /// The operands that occur, how often, and what GELU makes of them.
  private record Operands(double[] x, double[] count, double[] y) {
    static Operands of(Histogram histogram, DoubleUnaryOperator gelu) {
      Histogram.Bins bins = histogram.bins();
      double[] y = Arrays.stream(bins.middles()).map(gelu).toArray();
      return new Operands(bins.middles(), bins.counts(), y);
    }
  }

  /// For each of the 256 operands on a grid: how often it occurs and what GELU is there on average.
  private static final class Levels {
    private final double step;
    private final int offset;
    private final double[] weight = new double[LEVELS];
    private final double[] mean = new double[LEVELS];
    private double variance;

    Levels(Operands operands, double step, int offset) {
      this.step = step;
      this.offset = offset;
      double[] squares = new double[LEVELS];
      for (int i = 0; i < operands.x.length; i++) {
        int q = (int) Math.clamp(Math.rint(operands.x[i] / step) - offset, -128, 127) + 128;
        double y = operands.y[i];
        weight[q] += operands.count[i];
        mean[q] += operands.count[i] * y;
        squares[q] += operands.count[i] * y * y;
      }
      for (int q = 0; q < LEVELS; q++) {
        if (weight[q] > 0) {
          mean[q] /= weight[q];
          variance += squares[q] - weight[q] * mean[q] * mean[q];
        }
      }
    }

    /// The best of this grid's constants if they are better than `best`.
    Choice search(double outStep, Choice best) {
      if (variance >= best.error()) {
        return best;
      }
      for (double knee = 0.85 * KNEE; knee < 1.2 * KNEE; knee += Math.max(step, 0.02)) {
        for (double ratio = 1; ratio < 1.25; ratio += 0.01) {
          GeluConstants candidate = constants(knee, ratio, outStep);
          double error = error(candidate, best.error());
          if (error < best.error() && candidate.fits()) {
            best = new Choice(candidate, error);
          }
        }
      }
      return best;
    }

    private GeluConstants constants(double knee, double ratio, double outStep) {
      int qb = (int) -Math.max(1, Math.rint(knee / step));
      int qc = (int) -Math.max(1, Math.rint(ratio * qb * qb));
      return new GeluConstants(step, offset, qb, qc, outStep);
    }

    /// Squared error over all operands, rounding of operand and result included; some number of at
    /// least `enough` if it is not below that.
    private double error(GeluConstants c, double enough) {
      double error = variance;
      double scale = c.scale();
      for (int i = 0; i < LEVELS && error < enough; i++) {
        if (weight[i] > 0) {
          double y =
              Math.clamp(Math.rint(c.product(i - 128 + offset) * scale), -128, 127) * c.outStep;
          error += weight[i] * (y - mean[i]) * (y - mean[i]);
        }
      }
      return error;
    }
  }
}
