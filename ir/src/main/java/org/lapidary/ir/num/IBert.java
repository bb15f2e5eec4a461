package org.lapidary.ir.num;

/// The polynomials of I-BERT in the form the accelerator computes them: 32-bit, wrapping, without
/// the shift by 14. Source: gemmini.md §7.1, §7.2 (semantics `rtl`); survey.md §4.4.
public final class IBert {
  private IBert() {}

  /// The error function's polynomial, `sgn(q) ((min(|q|, -qb) + qb)^2 + qc)` with sgn(0) = +1.
  ///
  /// @param qb minus the position where it becomes constant, negative
  /// @param qc the constant term in units of the squared scale, negative
  public static int erf(int q, int qb, int qc) {
    int clipped = Math.min(Math.abs(q), -qb);
    int p = (clipped + qb) * (clipped + qb) + qc;
    return q < 0 ? -p : p;
  }

  /// `q (erf(q) + qc)`: GELU before its requantisation.
  public static int gelu(int q, int qb, int qc) {
    return q * (erf(q, qb, qc) + qc);
  }

  /// `e^t` for `t <= 0`: `((r + qb)^2 + qc) >> z` with `z = (-t * qln2Inv) >> 16` halvings and the
  /// rest `r = t + z * qln2`; 0 once z reaches 32. The product is taken at full width and the shift
  /// is logical.
  public static int exp(int t, int qln2, int qln2Inv, int qb, int qc) {
    long z = (-(long) t * qln2Inv) >> 16;
    if (z >= Integer.SIZE) {
      return 0;
    }
    int r = t + (int) z * qln2;
    int p = (r + qb) * (r + qb) + qc;
    return p >>> z;
  }
}
