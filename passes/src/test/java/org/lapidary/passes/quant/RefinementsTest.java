package org.lapidary.passes.quant;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.data.Offset.offset;

import java.util.Arrays;
import java.util.Optional;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

final class RefinementsTest {
  private static final int ROWS = 64;
  private static final int COLUMNS = 24;

  private static float[] weight(long seed) {
    Random random = new Random(seed);
    float[] w = new float[ROWS * COLUMNS];
    for (int i = 0; i < w.length; i++) {
      w[i] = (float) (0.05 * random.nextGaussian());
    }
    return w;
  }

  private static QuantizeOptions with(String recipe) {
    return QuantizeOptions.DEFAULT.withRecipe(Recipe.parse(recipe));
  }

  private static IntegerWeight rounded(float[] w, Optional<TwoGrids> grids, QuantizeOptions o) {
    return IntegerWeight.of(w, COLUMNS, grids, Optional.empty(), true, o);
  }

  private static double squaredError(float[] w, IntegerWeight q, Optional<TwoGrids> grids) {
    double[] real = real(q, grids);
    double error = 0;
    for (int i = 0; i < w.length; i++) {
      error += (w[i] - real[i]) * (w[i] - real[i]);
    }
    return error;
  }

  @Test
  void singleLargeWeightsAreSplitExactly() {
    float[] w = weight(1);
    w[5 * COLUMNS + 3] = 11.9f;
    w[40 * COLUMNS + 7] = -4;
    IntegerWeight plain = rounded(w, Optional.empty(), with("plain"));
    IntegerWeight split = rounded(w, Optional.empty(), with("split-weights"));
    assertThat(split.extra()).isNotEmpty().hasSizeLessThanOrEqualTo(32);
    assertThat(split.extra()).allMatch(r -> r.channel() == 5 || r.channel() == 40);
    double[] real = real(split);
    for (int i = 0; i < w.length; i++) {
      assertThat(real[i]).isCloseTo(w[i], offset(split.step() / 1.9));
    }
    assertThat(squaredError(w, split, Optional.empty()))
        .isLessThan(squaredError(w, plain, Optional.empty()) / 50);
  }

  @Test
  void evenWeightsAreNotSplit() {
    IntegerWeight q = rounded(weight(2), Optional.empty(), with("split-weights"));
    assertThat(q.extra()).isEmpty();
  }

  private static ChannelHistogram activation(double wideBy) {
    Random random = new Random(3);
    ChannelHistogram seen = new ChannelHistogram(ROWS);
    float[] row = new float[ROWS];
    for (int n = 0; n < 400; n++) {
      for (int c = 0; c < ROWS; c++) {
        row[c] = (float) (random.nextGaussian() * (c == 9 || c == 33 ? wideBy : 1));
      }
      seen.add(row);
    }
    return seen;
  }

  @Test
  void aFewWideChannelsGetTheirOwnGrid() {
    Recipe.Outliers options = new Recipe.Outliers(8, 64, 32);
    TwoGrids grids = TwoGrids.of(activation(20), options).orElseThrow();
    assertThat(grids.wide().stream().toArray()).containsExactly(9, 33);
    assertThat(grids.ratio()).isBetween(8.0, 32.0);
    assertThat(TwoGrids.of(activation(1.5), options)).isEmpty();
    assertThat(TwoGrids.of(activation(1000), options)).isEmpty(); // too many rows of weights
  }

  @Test
  void rowsOfWideChannelsStandInTheCoarseStep() {
    float[] w = weight(4);
    Optional<TwoGrids> grids = TwoGrids.of(activation(20), new Recipe.Outliers(8, 64, 32));
    IntegerWeight q = rounded(w, grids, with("plain"));
    assertThat(q.wide()).isNotEmpty().allMatch(r -> r.channel() == 9 || r.channel() == 33);
    for (int n = 0; n < COLUMNS; n++) {
      assertThat(q.main()[9 * COLUMNS + n]).isZero();
    }
    IntegerWeight whole = rounded(w, Optional.empty(), with("plain"));
    assertThat(squaredError(w, q, grids))
        .isLessThan(1.1 * squaredError(w, whole, Optional.empty()));
  }

  @Test
  void blocksOfColumnsHaveStepsOfTheirOwn() {
    float[] w = weight(6);
    for (int i = 0; i < w.length; i++) {
      w[i] *= i % COLUMNS < 8 ? 20 : 1;
    }
    IntegerWeight one = rounded(w, Optional.empty(), with("plain"));
    IntegerWeight blocks = rounded(w, Optional.empty(), with("block-scales{columns=8}"));
    assertThat(one.steps().steps()).hasSize(1);
    assertThat(blocks.steps().steps()).hasSize(COLUMNS / 8);
    double[] real = real(blocks);
    for (int i = 0; i < w.length; i++) {
      double step = blocks.steps().at(i % COLUMNS);
      boolean clipped = Math.abs(w[i]) > 127 * step;
      assertThat(real[i]).isCloseTo(w[i], offset(clipped ? 20 * step : step / 1.9));
    }
    assertThat(quietError(w, real)).isLessThan(quietError(w, real(one)) / 50);
    IntegerWeight refused =
        IntegerWeight.of(
            w, COLUMNS, Optional.empty(), Optional.empty(), false, with("block-scales{columns=8}"));
    assertThat(refused.steps().steps()).hasSize(1);
  }

  private static double[] real(IntegerWeight q) {
    return real(q, Optional.empty());
  }

  private static double[] real(IntegerWeight q, Optional<TwoGrids> grids) {
    IntegerWeight.Rows rows = q.real(COLUMNS, grids);
    return IntStream.range(0, ROWS).mapToObj(rows::row).flatMapToDouble(Arrays::stream).toArray();
  }

  /// Squared error in the columns that are not loud.
  private static double quietError(float[] w, double[] real) {
    double error = 0;
    for (int i = 0; i < w.length; i++) {
      error += i % COLUMNS < 8 ? 0 : (w[i] - real[i]) * (w[i] - real[i]);
    }
    return error;
  }

  /// Rows of an operand whose channels go together: 64 mixtures of 8 numbers, and a little noise.
  private static float[] together(long seed) {
    Random random = new Random(seed);
    float[] mix = new float[8 * ROWS];
    for (int i = 0; i < mix.length; i++) {
      mix[i] = (float) random.nextGaussian();
    }
    float[] x = new float[500 * ROWS];
    for (int row = 0; row < 500; row++) {
      for (int source = 0; source < 8; source++) {
        float s = (float) random.nextGaussian();
        for (int c = 0; c < ROWS; c++) {
          x[row * ROWS + c] += s * mix[source * ROWS + c];
        }
      }
      for (int c = 0; c < ROWS; c++) {
        x[row * ROWS + c] += (float) (0.3 * random.nextGaussian());
      }
    }
    return x;
  }

  private static double[][] moments(float[] x) {
    ChannelMoments seen = new ChannelMoments(ROWS);
    seen.add(x);
    double[][] h = new double[ROWS][ROWS];
    for (int a = 0; a < ROWS; a++) {
      for (int b = 0; b < ROWS; b++) {
        h[a][b] = seen.covariance(a, b) + seen.mean(a) * seen.mean(b);
      }
    }
    return h;
  }

  /// Squared error of the product of `x` with a rounded weight.
  private static double productError(float[] x, float[] w, double[] real) {
    double error = 0;
    for (int row = 0; row < x.length / ROWS; row++) {
      for (int n = 0; n < COLUMNS; n++) {
        double e = 0;
        for (int k = 0; k < ROWS; k++) {
          e += x[row * ROWS + k] * (w[k * COLUMNS + n] - real[k * COLUMNS + n]);
        }
        error += e * e;
      }
    }
    return error;
  }

  @Test
  void errorsOfOneChannelAreMadeUpForByOthers() {
    float[] w = weight(7);
    Optional<ErrorFeedback> feedback = Optional.of(ErrorFeedback.of(moments(together(8))));
    QuantizeOptions o = with("plain");
    IntegerWeight fed = IntegerWeight.of(w, COLUMNS, Optional.empty(), feedback, true, o);
    IntegerWeight nearest = rounded(w, Optional.empty(), o);
    float[] unseen = together(8);
    assertThat(productError(unseen, w, real(fed)))
        .isLessThan(productError(unseen, w, real(nearest)) / 3);
  }

  @Test
  void channelsThatHaveNothingInCommonAreRoundedToTheNearest() {
    float[] w = weight(9);
    double[][] h = new double[ROWS][ROWS];
    for (int k = 0; k < ROWS; k++) {
      h[k][k] = 1 + k % 5;
    }
    IntegerWeight fed =
        IntegerWeight.of(
            w, COLUMNS, Optional.empty(), Optional.of(ErrorFeedback.of(h)), true, with("plain"));
    assertThat(fed.main()).isEqualTo(rounded(w, Optional.empty(), with("plain")).main());
  }

  @Test
  void momentsDoNotDependOnTheOrderOfSamples() {
    float[] first = together(10);
    float[] second = together(11);
    ChannelMoments both = new ChannelMoments(ROWS);
    both.add(first);
    both.add(second);
    ChannelMoments merged = new ChannelMoments(ROWS);
    merged.add(second);
    ChannelMoments other = new ChannelMoments(ROWS);
    other.add(first);
    merged.merge(other);
    for (int a = 0; a < ROWS; a++) {
      for (int b = 0; b < ROWS; b++) {
        assertThat(merged.covariance(a, b)).isEqualTo(both.covariance(a, b));
      }
    }
  }
}
