package org.lapidary.ir.eval;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Random;
import org.junit.jupiter.api.Test;
import org.lapidary.testkit.Property;

/// The twins, on sizes around every block of the fast one and on values of every magnitude.
class FloatProductTest {
  private static final int[] SIZES = {1, 2, 5, 6, 7, 15, 16, 17, 31, 32, 33, 127, 255, 256, 257};

  @Test
  void twinsComputeTheSameBits() {
    Property.holds(
        200,
        random -> {
          int m = SIZES[random.nextInt(12)];
          int k = SIZES[random.nextInt(SIZES.length)];
          int n = SIZES[random.nextInt(12)];
          int offset = random.nextInt(3);
          float[] a = values(random, offset + m * k);
          float[] b = values(random, offset + k * n);
          float[] scalar = values(random, offset + m * n);
          float[] vector = scalar.clone();
          new ScalarFloatProduct().add(a, offset, b, offset, scalar, offset, m, k, n);
          new VectorFloatProduct().add(a, offset, b, offset, vector, offset, m, k, n);
          assertThat(vector).as("%dx%dx%d", m, k, n).isEqualTo(scalar);
        });
  }

  private static float[] values(Random random, int count) {
    float[] values = new float[count];
    for (int i = 0; i < count; i++) {
      values[i] = Math.scalb(random.nextFloat() - 0.5f, random.nextInt(40) - 20);
    }
    return values;
  }
}
