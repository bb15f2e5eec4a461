package org.lapidary.ir.num;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import java.util.Random;
import java.util.function.DoubleUnaryOperator;
import org.junit.jupiter.api.Test;

class ElementaryTest {
  private static final double RELATIVE_ERROR = 4e-15;

  /// Against the functions of the specified mathematics library.
  private static void agrees(
      DoubleUnaryOperator ours, DoubleUnaryOperator theirs, double low, double high) {
    Random random = new Random(7);
    for (int i = 0; i < 20_000; i++) {
      double x = low + random.nextDouble() * (high - low);
      double y = theirs.applyAsDouble(x);
      assertThat(ours.applyAsDouble(x))
          .as("at %s", x)
          .isCloseTo(y, within(Math.abs(y) * RELATIVE_ERROR));
    }
  }

  @Test
  void functionsOfTheLibrary() {
    agrees(Elementary::exp, StrictMath::exp, -707, 708);
    agrees(Elementary::exp, StrictMath::exp, -1, 1);
    agrees(Elementary::log, StrictMath::log, 1e-45, 1e-30);
    agrees(Elementary::log, StrictMath::log, 0.5, 2);
    agrees(Elementary::log, StrictMath::log, 1, 1e38);
    agrees(Elementary::logOnePlus, StrictMath::log1p, 0, 1);
    agrees(Elementary::tanh, StrictMath::tanh, -0.02, 0.02);
    agrees(Elementary::tanh, StrictMath::tanh, -30, 30);
    agrees(x -> Elementary.power(x, 6), x -> StrictMath.pow(x, 3), -9, 9);
    agrees(x -> Elementary.power(x, -4), x -> StrictMath.pow(x, -2), -9, 9);
    agrees(x -> Elementary.power(x, 1), Math::sqrt, 0, 1e9);
  }

  @Test
  void ends() {
    double infinity = Double.POSITIVE_INFINITY;
    assertThat(Elementary.exp(0)).isEqualTo(1);
    assertThat(Elementary.exp(infinity)).isEqualTo(infinity);
    assertThat(Elementary.exp(-infinity)).isEqualTo(0);
    assertThat(Elementary.exp(Double.NaN)).isNaN();
    assertThat(Elementary.log(1)).isEqualTo(0);
    assertThat(Elementary.log(0)).isEqualTo(-infinity);
    assertThat(Elementary.log(-1)).isNaN();
    assertThat(Elementary.log(infinity)).isEqualTo(infinity);
    assertThat(Elementary.tanh(infinity)).isEqualTo(1);
    assertThat(Elementary.tanh(-21)).isEqualTo(-1);
    assertThat(Elementary.tanh(Double.NaN)).isNaN();
    assertThat(1 / Elementary.tanh(-0.0)).isEqualTo(-infinity);
    assertThat(Elementary.power(-infinity, 1)).isEqualTo(infinity);
    assertThat(Elementary.power(Double.NaN, 0)).isEqualTo(1);
    assertThat(Elementary.isSimpleExponent(0.25)).isFalse();
  }

  @Test
  void allAtOnceIsTheSameAsOneByOne() {
    double[] x = new Random(5).doubles(1000, -720, 720).toArray();
    x[3] = Double.NEGATIVE_INFINITY;
    x[4] = Double.NaN;
    x[5] = -0.0;
    double[] together = x.clone();
    Elementary.exp(together);
    assertThat(together).isEqualTo(Arrays.stream(x).map(Elementary::exp).toArray());
  }
}
