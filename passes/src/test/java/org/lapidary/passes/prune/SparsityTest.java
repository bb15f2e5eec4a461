package org.lapidary.passes.prune;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Arrays;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.lapidary.passes.prune.PruneRecipe.Blocks;
import org.lapidary.passes.prune.PruneRecipe.Score;
import org.lapidary.passes.prune.PruneRecipe.Weights;

final class SparsityTest {
  private static final int DEPTH = 150;
  private static final int OUTPUTS = 40;

  /// Rows whose channels are mixtures of fewer sources, so that one can stand in for another.
  private static Rows correlated(int count) {
    Random random = new Random(3);
    int sources = DEPTH / 3;
    float[] mix = gaussians(random, sources * DEPTH);
    float[] elements = new float[count * DEPTH];
    for (int r = 0; r < count; r++) {
      float[] source = gaussians(random, sources);
      for (int i = 0; i < sources; i++) {
        for (int c = 0; c < DEPTH; c++) {
          elements[r * DEPTH + c] += source[i] * mix[i * DEPTH + c];
        }
      }
    }
    return new Rows(count, DEPTH, elements);
  }

  private static float[] gaussians(Random random, int count) {
    float[] out = new float[count];
    for (int i = 0; i < count; i++) {
      out[i] = (float) random.nextGaussian();
    }
    return out;
  }

  private static Rows product(Rows x, float[] weight) {
    float[] y = new float[x.count() * OUTPUTS];
    for (int r = 0; r < x.count(); r++) {
      for (int k = 0; k < DEPTH; k++) {
        for (int o = 0; o < OUTPUTS; o++) {
          y[r * OUTPUTS + o] += x.elements()[r * DEPTH + k] * weight[k * OUTPUTS + o];
        }
      }
    }
    return new Rows(x.count(), OUTPUTS, y);
  }

  private static Sparsity sparsity(String recipe, Score score) {
    PruneRecipe read = PruneRecipe.parse(recipe);
    PruneRecipe wanted = score == Score.MAGNITUDE ? read.byMagnitude() : read;
    return wanted
        .get(Weights.class)
        .map(Sparsity::of)
        .or(() -> wanted.get(Blocks.class).map(Sparsity::of))
        .orElseThrow();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "weights{keep=0.5}",
        "weights{keep=0.3}",
        "weights{pattern=2:4}",
        "blocks{rows=8,columns=8,keep=0.5}"
      })
  void theOthersTakeOverWhatTheZerosDid(String recipe) {
    Rows x = correlated(400);
    float[] weight = gaussians(new Random(4), DEPTH * OUTPUTS);
    Rows target = product(x, weight);
    double magnitude = error(x, target, weight, sparsity(recipe, Score.MAGNITUDE));
    assertThat(error(x, target, weight, sparsity(recipe, Score.LEAST_SQUARES)))
        .isPositive()
        .isLessThan(0.7 * magnitude);
  }

  private static double error(Rows x, Rows target, float[] weight, Sparsity sparsity) {
    float[] thin = SparseFit.of(x, target, weight, sparsity);
    return target.plus(product(x, thin), -1).squares() / target.squares();
  }

  @Test
  void ofEveryRunSoManyStay() {
    for (Score score : Score.values()) {
      float[] thin = thin("weights{pattern=1:4}", score);
      for (int o = 0; o < OUTPUTS; o++) {
        for (int k = 0; k < DEPTH; k += 4) {
          int column = o;
          assertThat(
                  IntStream.range(k, Math.min(DEPTH, k + 4))
                      .filter(i -> thin[i * OUTPUTS + column] != 0)
                      .count())
              .isEqualTo(1);
        }
      }
    }
  }

  @Test
  void blocksAreZeroOrWhole() {
    for (Score score : Score.values()) {
      float[] thin = thin("blocks{rows=16,columns=16,keep=0.4}", score);
      int zero = 0;
      int blocks = 0;
      for (int k = 0; k < DEPTH; k += 16) {
        for (int o = 0; o < OUTPUTS; o += 16) {
          int rows = Math.min(16, DEPTH - k);
          int columns = Math.min(16, OUTPUTS - o);
          int from = k * OUTPUTS + o;
          long zeros =
              IntStream.range(0, rows * columns)
                  .filter(i -> thin[from + i / columns * OUTPUTS + i % columns] == 0)
                  .count();
          assertThat(zeros).isIn(0L, (long) rows * columns);
          zero += zeros > 0 ? 1 : 0;
          blocks++;
        }
      }
      assertThat((double) zero / blocks).isBetween(0.5, 0.6);
    }
  }

  private static float[] thin(String recipe, Score score) {
    Rows x = correlated(400);
    float[] weight = gaussians(new Random(4), DEPTH * OUTPUTS);
    return SparseFit.of(x, product(x, weight), weight, sparsity(recipe, score));
  }

  @Test
  void theSmallestGoByMagnitudeAndNothingElseChanges() {
    float[] weight = gaussians(new Random(4), DEPTH * OUTPUTS);
    float[] thin = thin("weights{keep=0.25}", Score.MAGNITUDE);
    double bound =
        IntStream.range(0, weight.length)
            .mapToDouble(i -> Math.abs(weight[i]))
            .sorted()
            .skip(weight.length * 3L / 4)
            .findFirst()
            .orElseThrow();
    for (int i = 0; i < weight.length; i++) {
      assertThat(thin[i]).isEqualTo(Math.abs(weight[i]) < bound ? 0 : weight[i]);
    }
  }

  @Test
  void whatKeepsAllChangesNothing() {
    float[] weight = gaussians(new Random(4), DEPTH * OUTPUTS);
    assertThat(thin("weights{keep=1}", Score.MAGNITUDE)).isEqualTo(weight);
    Rows x = correlated(400);
    float[] fitted = thin("weights{keep=1}", Score.LEAST_SQUARES);
    Rows target = product(x, weight);
    assertThat(target.plus(product(x, fitted), -1).squares()).isLessThan(1e-6 * target.squares());
  }

  @Test
  void oneShareForBothIsRefused() {
    assertThatThrownBy(() -> PruneRecipe.parse("weights, blocks"))
        .hasMessageContaining("do not go together");
    for (String wrong : Arrays.asList("2", "5:4", "two:4")) {
      assertThatThrownBy(() -> PruneRecipe.parse("weights{pattern=" + wrong + "}"))
          .hasMessageContaining("n of m as n:m");
    }
    assertThatThrownBy(() -> PruneRecipe.parse("blocks{rows=0}")).hasMessageContaining("0 x 16");
    PruneRecipe recipe = PruneRecipe.parse("heads, weights{pattern=2:4}");
    assertThat(PruneRecipe.parse(recipe.toString())).isEqualTo(recipe);
  }
}
