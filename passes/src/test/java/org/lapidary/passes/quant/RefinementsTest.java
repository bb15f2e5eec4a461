package org.lapidary.passes.quant;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Optional;
import java.util.Random;
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

  private static double squaredError(float[] w, IntegerWeight q, Optional<TwoGrids> grids) {
    double[] real = IntegerWeight.real(q, COLUMNS, grids);
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
    IntegerWeight plain = IntegerWeight.of(w, COLUMNS, Optional.empty(), with("plain"));
    IntegerWeight split = IntegerWeight.of(w, COLUMNS, Optional.empty(), with("split-weights"));
    assertThat(split.extra()).isNotEmpty().hasSizeLessThanOrEqualTo(32);
    assertThat(split.extra()).allMatch(r -> r.channel() == 5 || r.channel() == 40);
    double[] real = IntegerWeight.real(split, COLUMNS, Optional.empty());
    for (int i = 0; i < w.length; i++) {
      assertThat(real[i]).isCloseTo(w[i], org.assertj.core.data.Offset.offset(split.step() / 1.9));
    }
    assertThat(squaredError(w, split, Optional.empty()))
        .isLessThan(squaredError(w, plain, Optional.empty()) / 50);
  }

  @Test
  void evenWeightsAreNotSplit() {
    IntegerWeight q = IntegerWeight.of(weight(2), COLUMNS, Optional.empty(), with("split-weights"));
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
    IntegerWeight q = IntegerWeight.of(w, COLUMNS, grids, with("plain"));
    assertThat(q.wide()).isNotEmpty().allMatch(r -> r.channel() == 9 || r.channel() == 33);
    for (int n = 0; n < COLUMNS; n++) {
      assertThat(q.main()[9 * COLUMNS + n]).isZero();
    }
    IntegerWeight whole = IntegerWeight.of(w, COLUMNS, Optional.empty(), with("plain"));
    assertThat(squaredError(w, q, grids))
        .isLessThan(1.1 * squaredError(w, whole, Optional.empty()));
  }
}
