package org.lapidary.ir.num;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;

class ErfTest {
  /// Values of Abramowitz and Stegun, table 7.1, and of the error function beyond it.
  @Test
  void publishedValues() {
    assertThat(Erf.erf(0)).isEqualTo(0);
    assertThat(Erf.erf(0.02)).isCloseTo(0.0225645747, within(1e-10));
    assertThat(Erf.erf(0.5)).isCloseTo(0.5204998778, within(1e-10));
    assertThat(Erf.erf(1)).isCloseTo(0.8427007929497149, within(1e-10));
    assertThat(Erf.erf(-1.5)).isCloseTo(-0.9661051464753108, within(1e-10));
    assertThat(Erf.erf(2)).isCloseTo(0.9953222650189527, within(1e-10));
    assertThat(Erf.erf(3)).isCloseTo(0.9999779095030014, within(1e-10));
  }

  @Test
  void endsAtOne() {
    assertThat(Erf.erf(7)).isEqualTo(1);
    assertThat(Erf.erf(Double.NEGATIVE_INFINITY)).isEqualTo(-1);
    assertThat(Erf.erf(Double.NaN)).isNaN();
    assertThat(1 / Erf.erf(-0.0)).isEqualTo(Double.NEGATIVE_INFINITY);
  }

  /// Against Simpson's rule on the integral that defines it.
  @Test
  void isTheIntegralOfTheBellCurve() {
    for (double x = 0.003; x < 6; x += 0.0137) {
      int n = 2000;
      double h = x / n;
      double sum = 1 + Math.exp(-x * x);
      for (int i = 1; i < n; i++) {
        sum += (i % 2 == 1 ? 4 : 2) * Math.exp(-(i * h) * (i * h));
      }
      assertThat(Erf.erf(x))
          .as("erf(%s)", x)
          .isCloseTo(2 / Math.sqrt(Math.PI) * sum * h / 3, within(1e-10));
    }
  }
}
