package org.lapidary.ir.num;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.math.RoundingMode;
import java.util.Random;
import org.junit.jupiter.api.Test;

class RoundingTest {
  private static final BigDecimal LOW = BigDecimal.valueOf(-128);
  private static final BigDecimal HIGH = BigDecimal.valueOf(127);

  /// `scale8` by exact decimal arithmetic, float32 rounding aside.
  private static byte exactScale8(int v, float scale) {
    float product = new BigDecimal((float) v).multiply(new BigDecimal(scale)).floatValue();
    BigDecimal rounded = new BigDecimal(product).setScale(0, RoundingMode.HALF_EVEN);
    return rounded.max(LOW).min(HIGH).byteValue();
  }

  @Test
  void scale8OfEveryInt8AtManyScales() {
    float[] scales = {0f, 1f, -1f, 0.5f, 0.25f, 1.5f, 0.1f, 127f, 1e-30f, 3e38f, 0.33333334f};
    for (int v = Byte.MIN_VALUE; v <= Byte.MAX_VALUE; v++) {
      for (float scale : scales) {
        if (Float.isFinite((float) v * scale)) {
          assertThat(Rounding.scale8(v, scale)).isEqualTo(exactScale8(v, scale));
        }
      }
    }
  }

  @Test
  void scale8OfLargeSumsRoundsThroughFloat32() {
    Random random = new Random(1);
    for (int i = 0; i < 20_000; i++) {
      int v = random.nextInt() >> random.nextInt(32);
      float scale = (float) Math.scalb(random.nextDouble() * 2 - 1, -random.nextInt(32));
      assertThat(Rounding.scale8(v, scale))
          .as("%d * %s", v, scale)
          .isEqualTo(exactScale8(v, scale));
    }
    // 2^24 + 1 is not a float32: it becomes 2^24 before the multiplication.
    assertThat(Rounding.scale8(16_777_217, 0x1p-23f)).isEqualTo((byte) 2);
    assertThat(Rounding.scale8(16_777_219, 0x1p-18f * 0.75f)).isEqualTo((byte) 48);
  }

  @Test
  void scale8TiesGoToEven() {
    assertThat(Rounding.scale8(1, 0.5f)).isEqualTo((byte) 0);
    assertThat(Rounding.scale8(3, 0.5f)).isEqualTo((byte) 2);
    assertThat(Rounding.scale8(5, 0.5f)).isEqualTo((byte) 2);
    assertThat(Rounding.scale8(-1, 0.5f)).isEqualTo((byte) 0);
    assertThat(Rounding.scale8(-3, 0.5f)).isEqualTo((byte) -2);
    assertThat(Rounding.scale8(255, 0.5f)).isEqualTo((byte) 127);
    assertThat(Rounding.scale8(-257, 0.5f)).isEqualTo((byte) -128);
  }

  @Test
  void scale8OfWhatIsNotFinite() {
    assertThat(Rounding.scale8(1, Float.NaN)).isEqualTo((byte) 127);
    assertThat(Rounding.scale8(0, Float.POSITIVE_INFINITY)).isEqualTo((byte) 127);
    assertThat(Rounding.scale8(5, Float.POSITIVE_INFINITY)).isEqualTo((byte) 127);
    assertThat(Rounding.scale8(-5, Float.POSITIVE_INFINITY)).isEqualTo((byte) -128);
    assertThat(Rounding.scale8(5, Float.NEGATIVE_INFINITY)).isEqualTo((byte) -128);
    assertThat(Rounding.scale8(Integer.MAX_VALUE, 3e38f)).isEqualTo((byte) 127);
    assertThat(Rounding.scale8(Integer.MIN_VALUE, 3e38f)).isEqualTo((byte) -128);
    assertThat(Rounding.scale8(-7, -0f)).isEqualTo((byte) 0);
  }

  @Test
  void saturationKeepsWhatFits() {
    for (int v = -1000; v <= 1000; v++) {
      int expected = v < -128 ? -128 : v > 127 ? 127 : v;
      assertThat(Rounding.saturate8(v)).isEqualTo((byte) expected);
    }
    assertThat(Rounding.saturate8(Long.MAX_VALUE)).isEqualTo((byte) 127);
    assertThat(Rounding.saturate8(Long.MIN_VALUE)).isEqualTo((byte) -128);
    assertThat(Rounding.saturate32(1L << 31)).isEqualTo(Integer.MAX_VALUE);
    assertThat(Rounding.saturate32(-(1L << 31) - 1)).isEqualTo(Integer.MIN_VALUE);
    assertThat(Rounding.saturate32(-5)).isEqualTo(-5);
    assertThat(Rounding.wrap32(1L << 31)).isEqualTo(Integer.MIN_VALUE);
    assertThat(Rounding.wrap32((1L << 32) + 7)).isEqualTo(7);
  }

  @Test
  void roundShiftOfEveryShift() {
    Random random = new Random(2);
    for (int bits = 0; bits < 32; bits++) {
      for (int v = Short.MIN_VALUE; v <= Short.MAX_VALUE; v += 7) {
        assertRoundShift(v, bits);
      }
      for (int i = 0; i < 500; i++) {
        assertRoundShift(random.nextInt(), bits);
      }
      assertRoundShift(Integer.MAX_VALUE, bits);
      assertRoundShift(Integer.MIN_VALUE, bits);
    }
    assertThatThrownBy(() -> Rounding.roundShift(1, 32)).hasMessage("shift by 32");
    assertThatThrownBy(() -> Rounding.roundShift(1, -1)).hasMessage("shift by -1");
  }

  private static void assertRoundShift(int v, int bits) {
    long expected = (long) Math.rint(Math.scalb((double) v, -bits));
    if (Rounding.roundShift(v, bits) != expected) {
      assertThat(Rounding.roundShift(v, bits)).as("%d >> %d", v, bits).isEqualTo((int) expected);
    }
  }

  @Test
  void roundClampTiesGoToEven() {
    assertThat(Rounding.roundClamp(2.5, -127, 127)).isEqualTo(2);
    assertThat(Rounding.roundClamp(-3.5, -127, 127)).isEqualTo(-4);
    assertThat(Rounding.roundClamp(1e30, -127, 127)).isEqualTo(127);
    assertThat(Rounding.roundClamp(Double.NEGATIVE_INFINITY, -127, 127)).isEqualTo(-127);
    assertThat(Rounding.roundClamp(Double.NaN, -127, 127)).isZero();
  }

  @Test
  void isqrtIsTheFloorOfTheRoot() {
    for (int v = 0; v < 100_000; v++) {
      assertIsFloorOfRoot(v);
    }
    for (int root = 1; root <= 46_340; root++) {
      assertIsFloorOfRoot(root * root);
      assertIsFloorOfRoot(root * root - 1);
    }
    assertIsFloorOfRoot(Integer.MAX_VALUE);
    // The golden LayerNorm of survey.md §4.6 has this sum of squares.
    assertThat(Rounding.isqrt(15_326_719)).isEqualTo(3914);
    assertThatThrownBy(() -> Rounding.isqrt(-1)).hasMessage("square root of -1");
  }

  private static void assertIsFloorOfRoot(int v) {
    int expected = BigInteger.valueOf(v).sqrt().intValue();
    if (Rounding.isqrt(v) != expected) {
      assertThat(Rounding.isqrt(v)).as("isqrt(%d)", v).isEqualTo(expected);
    }
  }
}
