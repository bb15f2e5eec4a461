package org.lapidary.passes.quant;

/// The constants of one softmax in integers: I-BERT's second-order fit of exp on a grid of step
/// `step`, `exp(p) = a (p + b)^2 + c` for p in (-ln 2, 0]. Source: gemmini.md §7.2.
///
/// The machine's formulas truncate; rounding is nearer, and any integers are allowed.
///
/// @param step real value of one step of the scores
/// @param qln2 ln 2 in steps
/// @param qln2Inv 65536 / qln2
/// @param qb b in steps
/// @param qc c / a in squared steps
public record SoftmaxConstants(double step, int qln2, int qln2Inv, int qb, int qc) {
  private static final double A = 0.3585;
  private static final double B = 1.353;
  private static final double C = 0.344;

  /// What exp(0) is in integers, times the squared step.
  private static final double UNIT = B * B + C / A;

  /// After this many halvings the largest exponential is 0, and the two semantics of the shift
  /// still agree.
  static final int MAX_HALVINGS = 31;

  /// A masked element may keep this share of one that is not.
  private static final double NEGLIGIBLE = 1e-5;

  /// What canonical masks take from a score, at most.
  static final double LARGEST_MASK = 10_000;

  /// The constants for scores of that step.
  public static SoftmaxConstants of(double step) {
    int qln2 = (int) Math.max(1, Math.rint(Math.log(2) / step));
    return new SoftmaxConstants(
        step,
        qln2,
        (int) Math.max(1, Math.rint(65536.0 / qln2)),
        (int) Math.rint(B / step),
        (int) Math.rint(C / (A * step * step)));
  }

  /// The next finer constants. For the same scores they are those of a softer softmax, which takes
  /// what one step stands for to be less.
  SoftmaxConstants softer() {
    return of(Math.log(2) / (qln2 + 1));
  }

  /// The finest step for which the sum over a row of equal scores stays in 32 bits.
  ///
  /// @param rowLength number of scores in a row
  public static double finestStep(int rowLength) {
    return Math.sqrt(1.01 * rowLength * UNIT / 0x1p31);
  }

  /// The largest value of one exponential, that of the row's maximum.
  public long largest() {
    return (long) qb * qb + qc;
  }

  /// Halvings after which the largest exponential is 0.
  public int halvingsToZero() {
    return 64 - Long.numberOfLeadingZeros(largest());
  }

  /// What a mask must take from a score, in real units.
  ///
  /// So much that masked elements become exactly 0, if the row then still spans fewer than 32
  /// halvings, on which all models of the machine agree; else as much as that allows, as long as
  /// what is left is negligible.
  public double mask(ScoreObservation seen) {
    double zero = halvingsToZero() * Math.log(2) + seen.lead() + 0.5;
    double agreed = MAX_HALVINGS * Math.log(2) - seen.spread() - 0.5;
    double negligible = -Math.log(NEGLIGIBLE) + seen.lead();
    if (zero <= agreed) {
      return zero;
    }
    return agreed >= negligible ? agreed : zero;
  }

  /// What a mask must take from a score, in real units, so that a masked element becomes exactly 0
  /// whatever q and k are.
  ///
  /// Scores lie within `±largestScore` steps, so a masked one is at least `mask - 2 largestScore`
  /// below the largest visible one; that must be as many halvings as there are bits. More than
  /// 10,000 is never needed: no two scores differ by nearly as much.
  ///
  /// @param largestScore absolute value of a product of q and k, in steps
  public double exactMask(long largestScore) {
    long steps = 2 * largestScore + (halvingsToZero() + 1L) * (qln2 + 1L);
    return Math.min(LARGEST_MASK, steps * step);
  }
}
