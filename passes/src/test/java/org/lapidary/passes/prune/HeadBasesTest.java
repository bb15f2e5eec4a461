package org.lapidary.passes.prune;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Random;
import org.junit.jupiter.api.Test;

final class HeadBasesTest {
  private static final int ROWS = 200;
  private static final int WIDTH = 8;
  private static final int[] SECOND_OF_TWO = {1};

  private final Random random = new Random(7);

  /// Rows of two heads, in whose channels there are only `rank` independent ones.
  private float[] rows(int rank) {
    float[] mixing = new float[rank * 2 * WIDTH];
    for (int i = 0; i < mixing.length; i++) {
      mixing[i] = (float) random.nextGaussian();
    }
    float[] rows = new float[ROWS * 2 * WIDTH];
    for (int row = 0; row < ROWS; row++) {
      for (int r = 0; r < rank; r++) {
        double independent = random.nextGaussian();
        for (int c = 0; c < 2 * WIDTH; c++) {
          rows[row * 2 * WIDTH + c] += (float) (independent * mixing[r * 2 * WIDTH + c]);
        }
      }
    }
    return rows;
  }

  private static Rows asRows(float[] elements) {
    return new Rows(ROWS, elements.length / ROWS, elements);
  }

  private static double dot(
      float[] a, int rowA, float[] b, int rowB, int from, int count, int all) {
    double sum = 0;
    for (int c = from; c < from + count; c++) {
      sum += a[rowA * all + c] * b[rowB * all + c];
    }
    return sum;
  }

  /// Mean squared difference of the second head's scores from what they were.
  private static double error(float[] queries, float[] keys, HeadBases.Compared compared) {
    float[] q = compared.queries().apply(queries, 2 * WIDTH);
    float[] k = compared.keys().apply(keys, 2 * WIDTH);
    int left = compared.keys().to();
    double sum = 0;
    for (int i = 0; i < ROWS; i++) {
      for (int j = 0; j < ROWS; j++) {
        double before = dot(queries, i, keys, j, WIDTH, WIDTH, 2 * WIDTH);
        double after = dot(q, i, k, j, 0, left, left);
        sum += (before - after) * (before - after);
      }
    }
    return sum / (ROWS * ROWS);
  }

  @Test
  void scoresOfLowRankStay() {
    float[] queries = rows(WIDTH);
    float[] keys = rows(3);
    HeadBases bases = new HeadBases(SECOND_OF_TWO, WIDTH);
    assertThat(error(queries, keys, bases.compared(asRows(queries), asRows(keys), 3)))
        .isLessThan(1e-6);
    assertThat(error(queries, keys, bases.compared(asRows(queries), asRows(keys), 2)))
        .as("a rank less is not enough")
        .isGreaterThan(1e-2);
  }

  @Test
  void scoresDifferLessThanWithTheBestChannels() {
    float[] queries = rows(WIDTH);
    float[] keys = rows(WIDTH);
    double fitted =
        error(
            queries,
            keys,
            new HeadBases(SECOND_OF_TWO, WIDTH).compared(asRows(queries), asRows(keys), WIDTH - 1));
    for (int gone = 0; gone < WIDTH; gone++) {
      int missing = gone;
      int[] chosen = java.util.stream.IntStream.range(0, WIDTH).filter(c -> c != missing).toArray();
      Basis some = Basis.some(WIDTH, SECOND_OF_TWO, new int[][] {chosen});
      assertThat(fitted).isLessThan(error(queries, keys, new HeadBases.Compared(some, some)));
    }
  }

  @Test
  void outputsOfLowRankStay() {
    float[] context = rows(WIDTH);
    int outputs = 5;
    float[] weight = new float[WIDTH * outputs];
    for (int o = 0; o < outputs; o++) {
      for (int i = 0; i < WIDTH; i++) {
        weight[i * outputs + o] = (i + 1) * (o % 2 == 0 ? 1 : -i) * 0.1f;
      }
    }
    HeadBases.Valued valued =
        new HeadBases(SECOND_OF_TWO, WIDTH).valued(asRows(context), weight, 2);
    float[] narrow = valued.values().apply(context, 2 * WIDTH);
    for (int row = 0; row < ROWS; row++) {
      for (int o = 0; o < outputs; o++) {
        double before = 0;
        for (int i = 0; i < WIDTH; i++) {
          before += context[row * 2 * WIDTH + WIDTH + i] * weight[i * outputs + o];
        }
        double after = 0;
        for (int i = 0; i < 2; i++) {
          after += narrow[row * 2 + i] * valued.weight()[i * outputs + o];
        }
        assertThat(after).isCloseTo(before, within(1e-3));
      }
    }
  }
}
