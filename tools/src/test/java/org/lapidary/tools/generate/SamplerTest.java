package org.lapidary.tools.generate;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/// Which token comes next.
final class SamplerTest {
  private static final float[] LOGITS = {0, 2, 1, 2, -5};

  @Test
  void ofEquallyLikelyTokensTheLowerIsTaken() {
    assertThat(Sampler.greedy().next(LOGITS)).isEqualTo(1);
    assertThat(new Sampler(1, 1, 7).next(LOGITS)).isEqualTo(1);
  }

  @Test
  void tokensComeAsOftenAsTheSoftmaxSays() {
    int draws = 20_000;
    for (double temperature : new double[] {0.5, 1, 3}) {
      Sampler sampler = new Sampler(temperature, 0, 42);
      int[] count = new int[LOGITS.length];
      IntStream.range(0, draws).forEach(_ -> count[sampler.next(LOGITS)]++);
      double sum = 0;
      for (float l : LOGITS) {
        sum += Math.exp(l / temperature);
      }
      for (int i = 0; i < LOGITS.length; i++) {
        double share = Math.exp(LOGITS[i] / temperature) / sum;
        double deviation = Math.sqrt(share * (1 - share) / draws);
        assertThat(count[i] / (double) draws)
            .isBetween(share - 5 * deviation, share + 5 * deviation);
      }
    }
  }

  @Test
  void onlyTheLikeliestAreDrawn() {
    Sampler sampler = new Sampler(10, 3, 1);
    assertThat(IntStream.range(0, 1000).map(_ -> sampler.next(LOGITS)).distinct().sorted())
        .containsExactly(1, 2, 3);
  }

  @Test
  void aSeedGivesTheseDrawsOnEveryMachine() {
    Sampler sampler = new Sampler(1, 0, 2026);
    assertThat(IntStream.range(0, 20).map(_ -> sampler.next(LOGITS)).toArray())
        .containsExactly(SEED_2026);
  }

  /// Written down once; whoever changes the generator or the arithmetic changes them.
  private static final int[] SEED_2026 = {
    3, 3, 1, 3, 1, 3, 1, 3, 1, 2, 3, 1, 3, 2, 2, 3, 1, 3, 1, 3
  };
}
