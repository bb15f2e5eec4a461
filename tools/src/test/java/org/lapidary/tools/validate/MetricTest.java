package org.lapidary.tools.validate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.lapidary.ir.Tensor;
import org.lapidary.tools.validate.Task.Verdict;

final class MetricTest {
  private static Example labels(int... labels) {
    return new Example(List.of(), List.of(labels.length), labels, 0);
  }

  private static Verdict lm(Example example, float... logits) {
    Tensor t = Tensor.f32(List.of(1, logits.length / 2, 2), logits);
    return Task.LM.judge(example, List.of(Map.of("logits", t)));
  }

  @Test
  void nextTokensCountWhereThereIsATarget() {
    Example example = labels(1, 0, -1);
    Verdict v = lm(example, 0, 2, 0, 1, 9, 9);

    double loss = (Math.log1p(Math.exp(-2)) + Math.log1p(Math.exp(1))) / 2;
    List<Example> one = List.of(example);
    assertThat(Metric.ACCURACY.of(one, List.of(v), List.of(v))).isEqualTo(0.5);
    assertThat(Metric.EXACT.of(one, List.of(v), List.of(v))).isZero();
    assertThat(Metric.LOSS.of(one, List.of(v), List.of(v))).isCloseTo(loss, within(1e-12));
    assertThat(Metric.PERPLEXITY.of(one, List.of(v), List.of(v)))
        .isCloseTo(Math.exp(loss), within(1e-12));
  }

  @Test
  void ranksOfEqualValuesAreTheirMean() {
    assertThat(Metric.ranks(new double[] {3, 1, 3, 2})).containsExactly(2.5, 0, 2.5, 1);
  }

  @Test
  void correlationsAreThoseOfTheTextbook() {
    double[] a = {1, 2, 3, 4, 5};
    double[] b = {5, 6, 7, 8, 7};
    // scipy.stats: pearsonr 0.8320502943378437, spearmanr 0.8207826816681233
    assertThat(Metric.pearson(a, b)).isCloseTo(0.8320502943378437, within(1e-12));
    assertThat(Metric.pearson(Metric.ranks(a), Metric.ranks(b)))
        .isCloseTo(0.8207826816681233, within(1e-12));
  }

  @Test
  void aSentenceVectorIsTheMeanOverRealTokens() {
    Example pair = new Example(List.of(Map.of(), Map.of()), List.of(2, 1), new int[0], 1);
    Tensor a = Tensor.f32(List.of(1, 3, 2), 1, 0, 0, 1, 100, 100);
    Tensor b = Tensor.f32(List.of(1, 3, 2), 3, 3, -9, 9, 9, -9);

    Verdict v = Task.EMBED.judge(pair, List.of(Map.of("h", a), Map.of("h", b)));

    assertThat(v.similarity()).isCloseTo(1, within(1e-12));
    assertThat(v.vector()).hasSize(4);
  }

  @Test
  void aSingleNumberIsTheSimilarityOfAPair() {
    Example pair = new Example(List.of(Map.of()), List.of(2), new int[0], 4);
    Tensor score = Tensor.f32(List.of(1, 1), 3.5f);

    assertThat(Task.STS.judge(pair, List.of(Map.of("logits", score))).similarity()).isEqualTo(3.5);
  }
}
