package org.lapidary.passes.quant;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Random;
import org.junit.jupiter.api.Test;

final class HistogramTest {
  private static float[] heavyTailed(long seed, int n) {
    Random random = new Random(seed);
    float[] x = new float[n];
    for (int i = 0; i < n; i++) {
      x[i] = (float) (random.nextGaussian() * Math.exp(random.nextGaussian()));
    }
    return x;
  }

  private static double fingerprint(Histogram h) {
    return h.sum(x -> Math.sin(x) + x * x);
  }

  @Test
  void mergedPartsEqualTheWholeInAnyOrder() {
    float[] all = heavyTailed(1, 30_000);
    Histogram whole = new Histogram();
    whole.add(all);
    Histogram left = new Histogram();
    left.add(all, 20_000, 30_000);
    left.add(all, 5_000, 20_000);
    Histogram right = new Histogram();
    right.add(all, 0, 5_000);
    left.merge(right);
    assertThat(left.total()).isEqualTo(whole.total());
    assertThat(left.min()).isEqualTo(whole.min());
    assertThat(left.max()).isEqualTo(whole.max());
    assertThat(fingerprint(left)).isEqualTo(fingerprint(whole));
    assertThat(left.leastSquaresStep()).isEqualTo(whole.leastSquaresStep());
  }

  @Test
  void percentileIsTheBoundOfAShare() {
    Histogram h = new Histogram();
    float[] x = new float[1000];
    for (int i = 0; i < x.length; i++) {
      x[i] = i - 500;
    }
    h.add(x);
    assertThat(h.percentile(1)).isEqualTo(500);
    assertThat(h.percentile(0.9)).isBetween(449.0, 452.0);
  }

  @Test
  void infinitiesAreNotCounted() {
    Histogram h = new Histogram();
    h.add(new float[] {1, Float.NEGATIVE_INFINITY, Float.NaN, -2});
    assertThat(h.total()).isEqualTo(2);
    assertThat(h.min()).isEqualTo(-2);
    assertThat(h.max()).isEqualTo(1);
  }

  @Test
  void leastSquaresClipsWhatIsRareButKeepsWhatIsNot() {
    Histogram uniform = new Histogram();
    Histogram rare = new Histogram();
    Random random = new Random(2);
    float[] x = new float[100_000];
    for (int i = 0; i < x.length; i++) {
      x[i] = random.nextFloat() * 2 - 1;
    }
    uniform.add(x);
    rare.add(x);
    rare.add(new float[] {8});
    assertThat(uniform.leastSquaresStep()).isBetween(0.97 / 127, 1.0 / 127);
    assertThat(rare.leastSquaresStep()).isLessThan(7.0 / 127);
    assertThat(rare.squaredError(rare.leastSquaresStep())).isLessThan(rare.squaredError(8.0 / 127));
  }

  @Test
  void nothingSeenIsNoError() {
    Histogram h = new Histogram();
    h.add(new float[] {0, 0});
    assertThat(h.absMax()).isZero();
    assertThat(QuantizeOptions.DEFAULT.step(h)).isPositive();
  }

  /// A few values far out are given up for a finer grid; values spread evenly all are kept.
  @Test
  void entropyClipsTailsAndNothingElse() {
    Histogram tail = new Histogram();
    float[] x = heavyTailed(3, 50_000);
    tail.add(x);
    assertThat(EntropyClipping.bound(tail)).isBetween(tail.percentile(0.95), 0.9 * tail.absMax());
    Histogram even = new Histogram();
    for (int i = 0; i < x.length; i++) {
      x[i] = (float) i / x.length - 0.5f;
    }
    even.add(x);
    assertThat(EntropyClipping.bound(even)).isGreaterThan(0.95 * even.absMax());
  }

  @Test
  void entropyOfAFewLevelsKeepsThemAll() {
    Histogram levels = new Histogram();
    levels.add(new float[] {-1, 0, 0.5f, 1});
    assertThat(EntropyClipping.bound(levels)).isEqualTo(1);
    assertThat(EntropyClipping.bound(new Histogram())).isZero();
  }
}
