package org.lapidary.ir.num;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.math.BigInteger;
import org.junit.jupiter.api.Test;
import org.lapidary.testkit.Property;

class IBertTest {
  /// Survey.md §4.4: the reference shifts the polynomial right by 14 and adds Z, which leaves the
  /// polynomial itself for us to be compared in.
  @Test
  void goldenErf() {
    int[] q = {-6000, -3200, -1500, -700, -250, -40, 0, 40, 250, 700, 1500, 3200, 6000};
    int[] golden = {
      6000, 3200, 93000, 139300, 77500, 14840, 0, -19040, -134250, -453600, -1177500, -2707200,
      -5076000
    };
    for (int i = 0; i < q.length; i++) {
      int y = IBert.erf(q[i], -2502, -6925073) >> 14;
      assertThat(q[i] * (y - 423)).as("q = %d", q[i]).isEqualTo(golden[i]);
    }
  }

  @Test
  void geluWrapsAt32Bits() {
    // qc of a fine scale: 2^17 (p + qc) leaves 32 bits, and the low ones remain.
    int q = 1 << 17;
    long wide = (long) q * (IBert.erf(q, -2502, -6925073) - 6925073L);
    assertThat(wide).isLessThan(Integer.MIN_VALUE);
    assertThat(IBert.gelu(q, -2502, -6925073)).isEqualTo((int) wide);
  }

  /// Gemmini.md §7.1: S = 0.8 gives qb = -3, qc = -10.
  @Test
  void geluOfACoarseScaleByHand() {
    assertThat(IBert.gelu(0, -3, -10)).isZero();
    assertThat(IBert.gelu(1, -3, -10)).isEqualTo(4 - 10 - 10);
    assertThat(IBert.gelu(-1, -3, -10)).isEqualTo(-(-(4 - 10) - 10));
    assertThat(IBert.gelu(5, -3, -10)).isEqualTo(5 * (-10 - 10));
    assertThat(IBert.gelu(-5, -3, -10)).isZero();
    assertThat(IBert.gelu(Integer.MIN_VALUE, -3, -10)).isEqualTo(Integer.MIN_VALUE);
  }

  @Test
  void geluApproximatesTheRealFunction() {
    double scale = 1e-3;
    double step = scale / Math.sqrt(2);
    int qb = (int) (-1.769 / step);
    double erfScale = -0.2888 * step * step;
    int qc = (int) (1 / erfScale);
    for (int q = -4000; q <= 4000; q += 13) {
      double x = q * scale;
      double real = x / 2 * (1 + Erf.erf(x / Math.sqrt(2)));
      // The product is taken in 64 bits here: at this scale it leaves 32 bits beyond |x| = 0.15.
      double ours = (double) q * (IBert.erf(q, qb, qc) + qc) * scale * erfScale / 2;
      assertThat(ours).as("gelu(%s)", x).isCloseTo(real, within(0.019));
    }
  }

  /// Gemmini.md §7.2: S = 0.05 gives 13, 5041, 27, 383.
  @Test
  void expOfACoarseScale() {
    assertThat(IBert.exp(0, 13, 5041, 27, 383)).isEqualTo(27 * 27 + 383);
    double one = 27 * 27 + 383;
    for (int t = 0; t >= -400; t--) {
      assertThat(IBert.exp(t, 13, 5041, 27, 383) / one).isCloseTo(Math.exp(t * 0.05), within(0.05));
    }
  }

  @Test
  void expIsZeroBeyond32Halvings() {
    assertThat(IBert.exp(-13 * 31, 13, 5041, 27, 383)).isZero();
    assertThat(IBert.exp(-13 * 40, 13, 5041, 27, 383)).isZero();
    assertThat(IBert.exp(-2_000_000_000, 13, 5041, 27, 383)).isZero();
    // A product beyond 32 bits does not wrap.
    assertThat(IBert.exp(-900_000, 13, 5041, 27, 383)).isZero();
  }

  /// The same formulas in unbounded integers, reduced to 32 bits at the end: what wrapping means.
  @Test
  void allArithmeticWrapsAt32Bits() {
    BigInteger modulus = BigInteger.TWO.pow(32);
    Property.holds(
        2000,
        random -> {
          int q = random.nextInt() >> random.nextInt(32);
          int qb = -(random.nextInt() >>> (1 + random.nextInt(31)));
          int qc = random.nextInt() >> random.nextInt(32);
          BigInteger clipped = big(Math.min(Math.abs((long) q), -(long) qb));
          BigInteger p = clipped.add(big(qb)).pow(2).add(big(qc));
          BigInteger erf = q < 0 ? p.negate() : p;
          BigInteger gelu = big(q).multiply(erf.add(big(qc)));
          assertThat(IBert.erf(q, qb, qc)).isEqualTo(erf.mod(modulus).intValue());
          assertThat(IBert.gelu(q, qb, qc)).isEqualTo(gelu.mod(modulus).intValue());
        });
  }

  @Test
  void expHalvesWhatThePolynomialGives() {
    Property.holds(
        2000,
        random -> {
          double scale = Math.scalb(1 + random.nextDouble(), -3 - random.nextInt(8));
          int qln2 = (int) (0.693147 / scale);
          int qln2Inv = 65536 / qln2;
          int qb = (int) (1.353 / scale);
          int qc = (int) (0.344 / (0.3585 * scale * scale));
          int t = -random.nextInt(40 * qln2);
          BigInteger z = big(-(long) t).multiply(big(qln2Inv)).shiftRight(16);
          BigInteger r = big(t).add(z.multiply(big(qln2)));
          BigInteger p = r.add(big(qb)).pow(2).add(big(qc));
          BigInteger expected = p.shiftRight(z.intValue());
          assertThat(p.bitLength()).as("no overflow at scale %s", scale).isLessThan(32);
          assertThat(big(IBert.exp(t, qln2, qln2Inv, qb, qc))).isEqualTo(expected);
        });
  }

  private static BigInteger big(long v) {
    return BigInteger.valueOf(v);
  }
}
