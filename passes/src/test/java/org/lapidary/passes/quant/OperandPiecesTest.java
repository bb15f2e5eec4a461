package org.lapidary.passes.quant;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.lapidary.ir.Graph;
import org.lapidary.ir.op.Accumulate;
import org.lapidary.ir.op.NnOp;
import org.lapidary.passes.quant.Piece.Part;

final class OperandPiecesTest {
  private static final String OTHERS =
      "outliers, split-weights, bias-correct, softmax-scale, block-scales";

  private static QuantizedModel quantize(Graph<NnOp> graph, String recipe) {
    Calibration calibration = Calibration.collect(graph, Blocks.samples(7, 16, graph));
    QuantizeOptions options = QuantizeOptions.DEFAULT.withRecipe(Recipe.parse(recipe));
    return Quantizer.quantize(graph, calibration, options);
  }

  private static long products(QuantizedModel quantized) {
    return quantized.graph().nodes().stream()
        .filter(n -> n.op() instanceof Accumulate.MatMulI8)
        .count();
  }

  /// One channel of V is a hundred times louder than the others, and read a hundred times more
  /// softly: the floats are those of the even model, but neither the weight of V, nor V, nor what
  /// attention makes of it has any levels left for the other channels.
  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3})
  void whatEightBitsLoseTwoPiecesRestore(long seed) {
    Graph<NnOp> even = Blocks.bert(seed, x -> x);
    Graph<NnOp> loud = Blocks.bert(seed, x -> x, 100);
    QuantizedModel one = quantize(loud, OTHERS);
    QuantizedModel two = quantize(loud, OTHERS + ", two-pieces{below=0,operands=30}");
    assertThat(Blocks.decibel(loud, one)).isLessThan(8);
    assertThat(Blocks.decibel(loud, two))
        .isGreaterThan(Blocks.decibel(even, quantize(even, OTHERS)) - 1.5);
    assertThat(two.pieces().chosen().stream().map(Piece::part).collect(Collectors.toSet()))
        .containsExactlyInAnyOrder(Part.WEIGHT, Part.LEFT_OPERAND, Part.RIGHT_OPERAND);
    assertThat(two.ranges().findings()).allMatch(RangeSummary.Entry::safe);
  }

  @Test
  void whereEightBitsAreEnoughThereIsNoSecondPiece() {
    for (Graph<NnOp> graph : List.of(Blocks.bert(1, x -> x), Blocks.gpt(1))) {
      assertThat(quantize(graph, OTHERS + ", two-pieces").pieces()).isEqualTo(Pieces.NONE);
    }
    Graph<NnOp> loud = Blocks.bert(1, x -> x, 100);
    assertThat(quantize(loud, "two-pieces{operands=0}").pieces().chosen()).isEmpty();
  }

  /// Everything that can be in two pieces at once: each product, and both sides of those of
  /// activations.
  @ParameterizedTest
  @ValueSource(longs = {1, 2})
  void everyOperandInTwoPiecesIsBetterThanNone(long seed) {
    Graph<NnOp> graph = Blocks.gpt(seed);
    QuantizedModel all = quantize(graph, "two-pieces{operands=90,below=90,most=999}");
    assertThat(all.pieces().chosen()).hasSizeGreaterThan(20);
    assertThat(all.ranges().findings()).allMatch(RangeSummary.Entry::safe);
    QuantizedModel plain = quantize(graph, "plain");
    long operands = all.pieces().chosen().stream().filter(p -> p.part() != Part.SUM).count();
    assertThat(products(all)).isEqualTo(products(plain) + operands);
    assertThat(Blocks.decibel(graph, all)).isGreaterThan(Blocks.decibel(graph, plain) + 3);
  }

  @Test
  void programsThatShareACacheKeepTheirOperandsInOnePiece() {
    Graph<NnOp> loud = Blocks.bert(1, x -> x, 100);
    Calibration calibration = Calibration.collect(loud, Blocks.samples(7, 16, loud));
    QuantizedModel shared =
        Quantizer.quantize(loud, calibration, QuantizeOptions.DEFAULT, new Agreement(Map.of(), 24));
    assertThat(shared.pieces().chosen()).noneMatch(p -> p.part() != Part.SUM);
  }

  /// Two pieces are exact to a 127th of half a step, however large single elements are.
  @Test
  void aWeightInTwoPiecesClipsNothing() {
    Random random = new Random(5);
    float[] w = new float[64 * 48];
    for (int i = 0; i < w.length; i++) {
      w[i] = (float) (random.nextGaussian() * (i % 48 == 7 ? 1000 : 1));
    }
    TwoPieceWeight two = TwoPieceWeight.of(w, 48);
    for (int k = 0; k < 64; k++) {
      double[] high = two.alone().real(48, Optional.empty()).row(k);
      double[] both = two.row(k);
      for (int c = 0; c < 48; c++) {
        float x = w[k * 48 + c];
        assertThat(Math.abs(high[c] - x)).isLessThanOrEqualTo(0.5001 * two.step());
        assertThat(Math.abs(both[c] - x)).isLessThanOrEqualTo(0.5001 * two.step() / 254);
      }
    }
  }
}
