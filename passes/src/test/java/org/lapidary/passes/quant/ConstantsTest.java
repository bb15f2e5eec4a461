package org.lapidary.passes.quant;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.lapidary.ir.num.IBert;
import org.lapidary.ir.num.Rounding;

final class ConstantsTest {
  private static Histogram gaussian(double deviation) {
    Random random = new Random(3);
    float[] x = new float[20_000];
    for (int i = 0; i < x.length; i++) {
      x[i] = (float) (random.nextGaussian() * deviation);
    }
    Histogram h = new Histogram();
    h.add(x);
    return h;
  }

  @ParameterizedTest
  @ValueSource(doubles = {0.01, 0.3, 1, 3, 10, 100, 3000})
  void geluNeverWrapsAndIsClose(double deviation) {
    Histogram operand = gaussian(deviation);
    double top = Math.max(0.17, operand.max());
    GeluConstants c = GeluConstants.choose(operand, top / 127, false);
    assertThat(c.fits()).isTrue();
    for (int q = -128; q < 128; q++) {
      int x = q + c.offset();
      assertThat((long) IBert.gelu(x, c.qb(), c.qc())).isEqualTo(c.product(x));
      double y = Rounding.scale8(IBert.gelu(x, c.qb(), c.qc()), c.scale()) * c.outStep();
      double real = Math.min(GeluConstants.erfGelu(x * c.step()), 127 * c.outStep());
      if (x * c.step() < operand.min() - c.step() || x * c.step() > operand.max() + c.step()) {
        continue; // never occurs, so nothing was asked of it
      }
      // A step of the result, the polynomial's own error, and a step of a coarse operand.
      assertThat(y).isCloseTo(real, within(0.5 * c.outStep() + 0.03 + 0.17 * c.step()));
    }
  }

  private static org.assertj.core.data.Offset<Double> within(double bound) {
    return org.assertj.core.data.Offset.offset(bound);
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 11, 64, 128, 512, 2048})
  void theSumOfEqualScoresFitsAtTheFinestStep(int rowLength) {
    SoftmaxConstants c = SoftmaxConstants.of(SoftmaxConstants.finestStep(rowLength));
    assertThat(c.largest() * rowLength).isLessThan(1L << 31);
    SoftmaxConstants finer = SoftmaxConstants.of(0.9 * c.step());
    assertThat(finer.largest() * rowLength).isGreaterThan(1L << 31);
  }

  @ParameterizedTest
  @ValueSource(doubles = {1e-4, 4e-4, 2e-3, 0.01, 0.05})
  void exponentialsAreCloseToReal(double step) {
    SoftmaxConstants c = SoftmaxConstants.of(step);
    for (double x = 0; x > -8; x -= 0.01) {
      int t = (int) Math.rint(x / step);
      double e = IBert.exp(t, c.qln2(), c.qln2Inv(), c.qb(), c.qc()) / (double) c.largest();
      assertThat(e).isCloseTo(Math.exp(t * step), within(0.005 + step / 4));
    }
  }

  @Test
  void maskedElementsBecomeNothing() {
    ScoreObservation seen = new ScoreObservation();
    seen.add(new float[] {1, 0, 3}, new float[] {1, 0, -1e9f}, 3);
    assertThat(seen.spread()).isEqualTo(3);
    assertThat(seen.lead()).isEqualTo(2);
    SoftmaxConstants c = SoftmaxConstants.of(1e-2);
    int mask = (int) Math.ceil(c.mask(seen) / c.step());
    int lead = (int) Math.rint(seen.lead() / c.step());
    assertThat(IBert.exp(lead - mask, c.qln2(), c.qln2Inv(), c.qb(), c.qc())).isZero();
    // Fewer than 32 halvings even for the smallest score, where the two semantics part.
    long widest = mask + (long) Math.rint(seen.spread() / c.step());
    assertThat((widest * c.qln2Inv()) >> 16).isLessThan(32);
  }
}
