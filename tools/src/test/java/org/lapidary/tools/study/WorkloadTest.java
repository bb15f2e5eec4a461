package org.lapidary.tools.study;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// Workloads against the published tables of arXiv 2302.14017, and two ways of counting against
/// each other.
class WorkloadTest {
  private static final TransformerShape BERT = TransformerShape.BERT_BASE;
  private static final TransformerShape TINY =
      new TransformerShape("tiny", 3, 48, 4, 12, 192, TransformerShape.Order.AFTER_SUM);

  @ParameterizedTest
  @CsvSource({"128, 22.42, 159.72", "512, 97.02, 231.02", "4096, 1323.66, 117.96"})
  void totalsAreThoseOfTable3(int length, double gflops, double intensity) {
    Count total = Workload.closedForm(BERT, length).total();
    assertThat(total.flops() / 1e9).isCloseTo(gflops, within(0.005));
    assertThat(total.intensity()).isCloseTo(intensity, within(0.005));
  }

  @ParameterizedTest
  @CsvSource({"256, 46", "1024, 214", "2048, 505"})
  void totalsAreThoseOfFigure4(int length, double gflops) {
    assertThat(Workload.closedForm(BERT, length).total().flops() / 1e9)
        .isCloseTo(gflops, within(0.5));
  }

  @ParameterizedTest
  @CsvSource({"128, 22.42, 167.14", "512, 96.94, 303.59", "4096, 1318.83, 276.00"})
  void fourHeadsAreThoseOfTable10(int length, double gflops, double intensity) {
    TransformerShape four =
        new TransformerShape("4 heads", 12, 768, 4, 192, 3072, TransformerShape.Order.AFTER_SUM);
    Count total = Workload.closedForm(four, length).total();
    assertThat(total.flops() / 1e9).isCloseTo(gflops, within(0.005));
    assertThat(total.intensity()).isCloseTo(intensity, within(0.15));
  }

  @ParameterizedTest
  @CsvSource({
    "128, PROJECTIONS, 7.25, 192.00",
    "128, ACT_TO_ACT, 0.60, 63.62",
    "128, FFN, 14.50, 211.86",
    "512, PROJECTIONS, 28.99, 438.86",
    "512, ACT_TO_ACT, 9.62, 101.95",
    "512, FFN, 57.98, 558.54",
    "512, OTHER, 0.42, 2.73",
    "4096, PROJECTIONS, 231.93, 702.17",
    "4096, ACT_TO_ACT, 616.02, 123.63",
    "4096, FFN, 463.86, 1068.52",
    "4096, OTHER, 11.85, 2.16"
  })
  void classesAreThoseOfTable3(int length, OperatorClass c, double gflops, double intensity) {
    Count count = Workload.closedForm(BERT, length).of(c);
    assertThat(count.flops() / 1e9).isCloseTo(gflops, within(0.006));
    assertThat(count.intensity()).isCloseTo(intensity, within(0.015));
  }

  @ParameterizedTest
  @CsvSource({"128, 22.12, 11.08", "512, 92.15, 46.17", "4096, 1012.04, 507.80"})
  void generationIsThatOfTable11(int length, double gflops, double gbytes) {
    Count total = Workload.generation(TransformerShape.GPT2, length).total();
    assertThat(total.flops() / 1e9).isCloseTo(gflops, within(0.0005 * gflops));
    assertThat(total.bytes() / 1e9).isCloseTo(gbytes, within(0.0005 * gbytes));
  }

  /// The published totals of BERT-Large lack exactly one projection per layer.
  @ParameterizedTest
  @CsvSource({"128, 73", "256, 149", "512, 310", "1024, 673", "2048, 1554", "4096, 3942"})
  void thePublishedLargeModelLacksAProjection(int length, double gflops) {
    TransformerShape s = TransformerShape.BERT_LARGE;
    long projection = 2L * s.layers() * s.model() * s.model() * length;
    assertThat((Workload.closedForm(s, length).total().flops() - projection) / 1e9)
        .isCloseTo(gflops, within(0.9));
  }

  /// Products agree to the byte; what is no product has 18 bytes per element by the rule and 17 in
  /// the survey, besides LayerNorm's two vectors.
  @Test
  void theGraphCountsWhatTheClosedFormSays() {
    int length = 40;
    Workload counted = Workload.of(TransformerGraph.layers(TINY, length, 1), TINY.layers());
    Workload closed = Workload.closedForm(TINY, length);
    for (OperatorClass c : OperatorClass.values()) {
      if (c != OperatorClass.OTHER) {
        assertThat(counted.of(c)).as(c.label()).isEqualTo(closed.of(c));
      }
    }
    Count other = counted.of(OperatorClass.OTHER);
    assertThat(other.flops()).isEqualTo(closed.of(OperatorClass.OTHER).flops());
    assertThat(other.bytes() - closed.of(OperatorClass.OTHER).bytes())
        .isEqualTo(TINY.layers() * (long) TINY.model() * (length + 4));
  }

  @Test
  void layersOfAGraphAddUp() {
    Workload one = Workload.of(TransformerGraph.layers(TINY, 16, 1), 3);
    assertThat(Workload.of(TransformerGraph.layers(TINY, 16, 3), 1)).isEqualTo(one);
  }

  @Test
  void headsMayBeFewerAndNarrower() {
    TransformerShape kept = TINY.keeping(2, 3, 8, 80);
    Workload counted = Workload.of(TransformerGraph.layers(kept, 16, 2), 1);
    Workload closed = Workload.closedForm(kept, 16);
    assertThat(counted.of(OperatorClass.PROJECTIONS))
        .isEqualTo(closed.of(OperatorClass.PROJECTIONS));
    assertThat(counted.of(OperatorClass.FFN)).isEqualTo(closed.of(OperatorClass.FFN));
    assertThat(kept.layerMacs(16)).isEqualTo(4 * 48 * 24 * 16 + 2 * 24 * 256 + 2 * 48 * 80 * 16);
  }

  @Test
  void convolutionsAreThoseOfResNet50() {
    assertThat(ResNet50.convolutions()).hasSize(53);
    assertThat(ResNet50.total(ResNet50.convolutions()).flops() / 2e9).isCloseTo(4.09, within(0.01));
    assertThat(ResNet50.total(ResNet50.asSurveyed()).flops() / 1e9)
        .isCloseTo(Published.RESNET50_CONVOLUTIONS.gflops(), within(0.02));
    assertThat(ResNet50.convolution("conv5_2c").count().intensity())
        .isCloseTo(Published.RESNET50_LEAST, within(0.005));
    assertThat(ResNet50.convolution("conv3_2b").count().intensity())
        .isCloseTo(Published.RESNET50_MOST, within(0.005));
  }
}
