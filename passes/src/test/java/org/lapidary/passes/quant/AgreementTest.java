package org.lapidary.passes.quant;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.lapidary.ir.num.IBert;
import org.lapidary.testkit.Property;

/// What programs of one model agree on.
final class AgreementTest {
  @Test
  void aMaskedScoreBecomesNothingWhateverQAndKAre() {
    Property.holds(
        2000,
        random -> {
          int depth = 1 + random.nextInt(128);
          double finest = SoftmaxConstants.finestStep(1 + random.nextInt(2048));
          SoftmaxConstants c = SoftmaxConstants.of(finest * (1 + 9 * random.nextDouble()));
          int largest = depth * 128 * 128;
          double bound = c.exactMask(largest);
          int mask = (int) Math.ceil(bound / c.step());
          // As far apart as two scores can be, or as far as 10,000 leaves room for.
          int apart =
              bound < SoftmaxConstants.LARGEST_MASK
                  ? 2 * largest
                  : Math.min(2 * largest, mask - (c.halvingsToZero() + 1) * (c.qln2() + 1));
          for (int closer : new int[] {apart, apart / 2, 0, -apart}) {
            assertThat(IBert.exp(closer - mask, c.qln2(), c.qln2Inv(), c.qb(), c.qc()))
                .as("mask %d, %d nearer, %s", mask, closer, c)
                .isZero();
          }
        });
  }

  @Test
  void aMaskIsNoLargerThanItMustBe() {
    SoftmaxConstants c = SoftmaxConstants.of(SoftmaxConstants.finestStep(128));
    int largest = 16 * 128 * 128;
    int mask = (int) Math.ceil(c.exactMask(largest) / c.step());
    int tooFew = 2 * c.qln2();
    assertThat(IBert.exp(2 * largest + 3 * tooFew - mask, c.qln2(), c.qln2Inv(), c.qb(), c.qc()))
        .isPositive();
  }
}
