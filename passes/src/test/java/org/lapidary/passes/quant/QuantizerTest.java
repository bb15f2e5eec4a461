package org.lapidary.passes.quant;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.lapidary.ir.DType;
import org.lapidary.ir.Data;
import org.lapidary.ir.Graph;
import org.lapidary.ir.Graph.Node;
import org.lapidary.ir.Tensor;
import org.lapidary.ir.TensorType;
import org.lapidary.ir.eval.Evaluator;
import org.lapidary.ir.op.Accumulate;
import org.lapidary.ir.op.Elementwise;
import org.lapidary.ir.op.HostBridge;
import org.lapidary.ir.op.Layout;
import org.lapidary.ir.op.MoveOut;
import org.lapidary.ir.op.Neural;
import org.lapidary.ir.op.NnOp;
import org.lapidary.ir.op.Op;
import org.lapidary.ir.op.QOp;
import org.lapidary.ir.pass.Verifier;
import org.lapidary.ir.text.IrPrinter;
import org.lapidary.passes.quant.QuantizeOptions.Nonlinear;

final class QuantizerTest {
  private static QuantizedModel quantize(Graph<NnOp> graph, QuantizeOptions options) {
    Calibration calibration = Calibration.collect(graph, Blocks.samples(7, 16, graph));
    return Quantizer.quantize(graph, calibration, options);
  }

  private static Graph<NnOp> bert(long seed) {
    return Blocks.bert(seed, UnaryOperator.identity());
  }

  private static long count(Graph<Op> graph, Class<? extends Op> type) {
    return graph.nodes().stream().filter(node -> type.isInstance(node.op())).count();
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3})
  void bertInIntegersIsCloseToFloat(long seed) {
    Graph<NnOp> graph = bert(seed);
    assertThat(Blocks.decibel(graph, quantize(graph, QuantizeOptions.DEFAULT))).isGreaterThan(25);
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3})
  void gptInIntegersIsCloseToFloat(long seed) {
    Graph<NnOp> graph = Blocks.gpt(seed);
    assertThat(Blocks.decibel(graph, quantize(graph, QuantizeOptions.DEFAULT))).isGreaterThan(25);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "block-scales{columns=16,below=90}",
        "round-weights",
        "block-scales{columns=16,below=90}, round-weights"
      })
  void weightsAreRoundedBetter(String recipe) {
    Recipe better = Recipe.parse(recipe);
    for (Graph<NnOp> graph : List.of(bert(4), Blocks.gpt(4))) {
      Calibrator calibrator = new Calibrator(graph, Data::load, better.moments());
      Blocks.samples(7, 16, graph).forEach(calibrator::add);
      QuantizeOptions options = QuantizeOptions.DEFAULT.withRecipe(better);
      QuantizedModel quantized = Quantizer.quantize(graph, calibrator.calibration(), options);
      boolean blocks = recipe.startsWith("block");
      assertThat(count(quantized.graph(), MoveOut.RequantizeBlocks.class) > 0).isEqualTo(blocks);
      assertThat(quantized.ranges().canOverflow()).isZero();
      QuantizedModel plain = quantize(graph, QuantizeOptions.DEFAULT.withRecipe(Recipe.PLAIN));
      assertThat(Blocks.decibel(graph, quantized))
          .isGreaterThan(Blocks.decibel(graph, plain) - 0.5);
    }
  }

  /// Each piece more lowers the noise with which a sum joins the stream.
  @Test
  void aSumTooCoarseForOnePieceEntersTheStreamInTwo() {
    Graph<NnOp> graph = Blocks.gpt(1, 3000);
    QuantizeOptions one = QuantizeOptions.DEFAULT.withRecipe(Recipe.PLAIN);
    QuantizeOptions two = one.withRecipe(Recipe.parse("two-pieces{below=90}"));
    QuantizedModel coarse = quantize(graph, one);
    QuantizedModel fine = quantize(graph, two);
    assertThat(coarse.pieces().chosen()).isEmpty();
    assertThat(fine.pieces().chosen()).hasSizeGreaterThan(2);
    assertThat(fine.ranges().findings()).allMatch(RangeSummary.Entry::safe);
    assertThat(Blocks.decibel(graph, fine)).isGreaterThan(Blocks.decibel(graph, coarse) + 0.5);
    List<Piece> few =
        quantize(graph, one.withRecipe(Recipe.parse("two-pieces{below=90,most=1}")))
            .pieces()
            .chosen();
    assertThat(few).hasSize(1);
    assertThat(few.getFirst().node()).isEqualTo(fine.pieces().chosen().getFirst().node());
  }

  /// One step for the whole residual stream would leave the first rows two or three levels.
  @Test
  void aStreamThatGrowsBeginsAnewInACoarserStep() {
    Graph<NnOp> graph = Blocks.gpt(1, 3000);
    QuantizedModel quantized = quantize(graph, QuantizeOptions.DEFAULT);
    List<Double> steps =
        quantized.graph().nodes().stream()
            .filter(n -> n.op() instanceof MoveOut.LayerNormI32)
            .map(n -> ((MoveOut.LayerNormI32) n.op()).x().type().scale())
            .distinct()
            .toList();
    assertThat(steps).hasSize(2);
    assertThat(steps.getLast()).isGreaterThan(20 * steps.getFirst());
    assertThat(Blocks.decibel(graph, quantized)).isGreaterThan(25);
    assertThat(quantized.ranges().findings()).allMatch(RangeSummary.Entry::safe);
  }

  @Test
  void nothingIsFloatBetweenTheFirstNormAndTheHead() {
    QuantizedModel quantized = quantize(bert(1), QuantizeOptions.DEFAULT);
    Verifier.require(quantized.graph(), Op.class);
    assertThat(quantized.whyNots()).isEmpty();
    List<? extends Op> ops = quantized.graph().nodes().stream().map(Node::op).toList();
    int first = ops.indexOf(ops.stream().filter(MoveOut.class::isInstance).findFirst().get());
    int last =
        ops.indexOf(ops.stream().filter(Elementwise.Tanh.class::isInstance).findFirst().get());
    // The mask's arithmetic may stand anywhere; it depends on the inputs only.
    assertThat(ops.subList(first, last))
        .allMatch(op ->
            op instanceof QOp || op instanceof Elementwise.Sub || op instanceof Elementwise.Mul);
    assertThat(count(quantized.graph(), MoveOut.LayerNormI32.class)).isEqualTo(5);
    assertThat(count(quantized.graph(), MoveOut.SoftmaxI32.class)).isEqualTo(2);
    assertThat(count(quantized.graph(), MoveOut.GeluI32.class)).isEqualTo(2);
    assertThat(count(quantized.graph(), Neural.LayerNorm.class)).isZero();
  }

  @Test
  void theHeadAfterThePoolerIsTheHosts() {
    QuantizedModel quantized = quantize(bert(1), QuantizeOptions.DEFAULT);
    assertThat(count(quantized.graph(), Neural.MatMul.class)).isEqualTo(1);
    assertThat(quantized.placements())
        .anyMatch(p ->
            p.op().equals("nn.tanh")
                && p.where() == Placement.Where.HOST
                && p.reason().startsWith("head"));
  }

  @Test
  void everyRangeIsProvedOrObservedWithMargin() {
    for (Graph<NnOp> graph : List.of(bert(4), Blocks.gpt(4))) {
      RangeSummary ranges = quantize(graph, QuantizeOptions.DEFAULT).ranges();
      assertThat(ranges.canOverflow()).isZero();
      assertThat(ranges.proved()).isGreaterThan(30);
      assertThat(ranges.findings()).hasSize(ranges.observed()).allMatch(RangeSummary.Entry::safe);
    }
  }

  @Test
  void unknownOperationsGoBackToTheHostWithAReason() {
    Graph<NnOp> graph = Blocks.withSine(5);
    QuantizedModel quantized = quantize(graph, QuantizeOptions.DEFAULT.withRecipe(Recipe.PLAIN));
    assertThat(quantized.whyNots()).hasSize(1);
    assertThat(quantized.whyNots().getFirst().condition()).contains("nn.sin");
    assertThat(count(quantized.graph(), Accumulate.MatMulI8.class)).isEqualTo(2);
    assertThat(Blocks.decibel(graph, quantized)).isGreaterThan(25);
  }

  @Test
  void rowsOfAnEarlierStepJoinInTheStepOfTheRest() {
    Graph<NnOp> graph = Blocks.cached(5);
    float[] past = new float[8 * 48];
    for (int i = 0; i < past.length; i++) {
      past[i] = (float) Math.sin(i);
    }
    Map<String, Tensor> sample = new HashMap<>(Blocks.samples(7, 1, bert(1)).getFirst());
    sample.remove("attention_mask");
    sample.put("past", Tensor.f32(List.of(1, 8, 48), past));
    QuantizedModel quantized =
        Quantizer.quantize(
            graph, Calibration.collect(graph, List.of(sample)), QuantizeOptions.DEFAULT);
    assertThat(quantized.whyNots()).isEmpty();
    assertThat(count(quantized.graph(), HostBridge.Dequantize.class)).isEqualTo(1);
    assertThat(Evaluator.run(quantized.graph(), sample)).containsOnlyKeys("y");
  }

  @Test
  void theBaselineKeepsOnlyProductsOnTheAccelerator() {
    Graph<NnOp> graph = bert(6);
    QuantizedModel host = quantize(graph, QuantizeOptions.DEFAULT.withNonlinear(Nonlinear.HOST));
    assertThat(count(host.graph(), Accumulate.MatMulI8.class)).isGreaterThanOrEqualTo(16);
    assertThat(count(host.graph(), Neural.LayerNorm.class)).isEqualTo(5);
    assertThat(count(host.graph(), Neural.Softmax.class)).isEqualTo(2);
    assertThat(count(host.graph(), Elementwise.Gelu.class)).isEqualTo(2);
    assertThat(host.graph().nodes().stream().map(Node::op))
        .noneMatch(op ->
            op instanceof MoveOut.LayerNormI32
                || op instanceof MoveOut.SoftmaxI32
                || op instanceof MoveOut.GeluI32);
    assertThat(Blocks.decibel(graph, host)).isGreaterThan(25);
  }

  @Test
  void theSameInputsGiveTheSameText() {
    Graph<NnOp> graph = bert(7);
    String once = IrPrinter.print(quantize(graph, QuantizeOptions.DEFAULT).graph());
    assertThat(IrPrinter.print(quantize(graph, QuantizeOptions.DEFAULT).graph())).isEqualTo(once);
  }

  @Test
  void calibrationInPartsQuantizesTheSame() {
    Graph<NnOp> graph = Blocks.gpt(8);
    List<Map<String, Tensor>> samples = Blocks.samples(7, 9, graph);
    Calibration whole = Calibration.collect(graph, samples);
    Calibration parts = Calibration.collect(graph, samples.subList(4, 9));
    parts.merge(Calibration.collect(graph, samples.subList(0, 4)));
    assertThat(parts.samples()).isEqualTo(9);
    assertThat(IrPrinter.print(Quantizer.quantize(graph, parts, QuantizeOptions.DEFAULT).graph()))
        .isEqualTo(
            IrPrinter.print(Quantizer.quantize(graph, whole, QuantizeOptions.DEFAULT).graph()));
  }

  @Test
  void weightsAreBytes() {
    QuantizedModel quantized = quantize(bert(9), QuantizeOptions.DEFAULT);
    for (Node<Op> node : quantized.graph().nodes()) {
      if (node.op() instanceof Layout.Const(var data) && data.type().dtype() == DType.I8) {
        assertThat(data.load().bytes()).doesNotContain((byte) -128);
        assertThat(nonZero(data.load().bytes())).isPositive();
      }
    }
    assertThat(quantized.graph().nodes())
        .noneMatch(n -> n.op() instanceof Layout.Const(var d) && isFloatMatrix(d.type()));
  }

  private static long nonZero(byte[] bytes) {
    return java.util.stream.IntStream.range(0, bytes.length).filter(i -> bytes[i] != 0).count();
  }

  /// A weight that stayed real: of the embeddings' width, which is not the vocabulary's, or wider.
  private static boolean isFloatMatrix(TensorType type) {
    return type.dtype() == DType.F32
        && type.rank() == 2
        && type.dim(0) >= 48
        && type.dim(0) != Blocks.VOCABULARY
        && type.dim(1) > 4;
  }
}
