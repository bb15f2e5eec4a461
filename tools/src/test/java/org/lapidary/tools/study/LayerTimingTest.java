package org.lapidary.tools.study;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.lapidary.gemmini.cost.Baseline;
import org.lapidary.gemmini.cost.HostWork;
import org.lapidary.gemmini.search.TilingCache;
import org.lapidary.ir.Graph;
import org.lapidary.ir.Tensor;
import org.lapidary.ir.TensorType;
import org.lapidary.ir.eval.Evaluator;
import org.lapidary.ir.op.NnOp;
import org.lapidary.machine.GemminiParams;
import org.lapidary.tools.study.TransformerShape.Order;

/// Two layers stand for many; the baseline counts what the survey counts.
class LayerTimingTest {
  private static final int LENGTH = 64;

  private static TransformerShape shape(Order order) {
    return new TransformerShape("small", 4, 128, 2, 64, 512, order);
  }

  @ParameterizedTest
  @EnumSource
  void layersAddUp(Order order) {
    Target target = Target.best(GemminiParams.load("survey"), TilingCache.inMemory());
    TransformerShape shape = shape(order);
    LayerTiming two = LayerTiming.of(target.compile(QuantizedLayers.of(shape, LENGTH).integer()));
    long four = target.cycles(QuantizedLayers.of(shape, LENGTH, shape.layers()).integer());
    assertThat((double) two.cycles(shape.layers())).isCloseTo((double) four, within(0.005 * four));
    assertThat(two.kernels().values().stream().mapToLong(c -> c).sum())
        .isEqualTo(two.secondLayer());
  }

  /// A last layer of which a classifier reads one row computes keys and values of all rows, the
  /// rest of a sixteenth or less; layers in front of it cost what they did.
  @Test
  void theLastLayerComputesWhatIsRead() {
    Target target = Target.best(GemminiParams.load("survey"), TilingCache.inMemory());
    TransformerShape shape = shape(Order.AFTER_SUM);
    QuantizedLayers read = QuantizedLayers.readByClassifier(shape, LENGTH);
    assertThat(read.integer().results().getFirst().value().type().dims())
        .containsExactly(1, 1, shape.model());
    LayerTiming narrow = LayerTiming.of(target.compile(read.integer()), read.layers());
    long whole =
        LayerTiming.of(target.compile(QuantizedLayers.of(shape, LENGTH).integer()))
            .cycles(shape.layers());
    long saved = whole - narrow.cycles(shape.layers());
    assertThat(saved).isBetween(narrow.secondLayer() / 2, narrow.secondLayer());
  }

  @ParameterizedTest
  @EnumSource
  void theBaselineCountsEveryElementOnce(Order order) {
    TransformerShape shape = shape(order);
    Baseline baseline = QuantizedLayers.of(shape, LENGTH).baseline(1000);
    long state = (long) LENGTH * shape.model();
    long scores = (long) shape.heads() * LENGTH * LENGTH;
    long inner = (long) LENGTH * shape.ffn();
    Map<HostWork, Long> perLayer =
        Map.of(
            HostWork.SOFTMAX,
            scores,
            HostWork.GELU,
            inner,
            HostWork.LAYERNORM,
            2 * state,
            HostWork.RESIDUAL,
            2 * state,
            HostWork.DEQUANTIZE,
            6 * state + scores + inner,
            HostWork.QUANTIZE,
            3 * state + scores + inner);
    perLayer.forEach((work, elements) ->
        assertThat(baseline.elements())
            .as(work.label())
            .containsEntry(work, shape.layers() * elements));
    assertThat(baseline.matmulCycles()).isEqualTo(4000);
  }

  /// What an element costs follows from the survey's shares of 8.04 G cycles.
  @Test
  void costsFollowFromPublishedShares() {
    TransformerShape s = TransformerShape.BERT_BASE;
    int length = 512;
    double products = s.layers() * s.layerMacs(length) / 256.0 / 0.69;
    double cycles = products / 0.034;
    double state = (double) s.layers() * length * s.model();
    double scores = (double) s.layers() * s.heads() * length * length;
    double inner = (double) s.layers() * length * s.ffn();
    assertCost(HostWork.SOFTMAX, "softmax", cycles, scores);
    assertCost(HostWork.GELU, "GELU", cycles, inner);
    assertCost(HostWork.LAYERNORM, "LayerNorm", cycles, 2 * state);
    assertCost(HostWork.RESIDUAL, "residual add", cycles, 2 * state);
    double conversions = 9 * state + 2 * scores + 2 * inner;
    assertCost(HostWork.QUANTIZE, "conversions", cycles, conversions);
    assertCost(HostWork.DEQUANTIZE, "conversions", cycles, conversions);
  }

  /// The sum of our terms lies below the whole pie by what the labels leave out, by what our
  /// products take less, and by rounding; 50× is what the array never waiting would win over the
  /// most generous reading that does not contradict itself.
  @Test
  void readingsOfTheSharesDifferByWhatTheyLeaveOut() {
    long products = 192_931_188;
    long state = 12L * 512 * 768;
    long scores = 12L * 12 * 512 * 512;
    long inner = 12L * 512 * 3072;
    Baseline terms =
        new Baseline(
            Map.of(
                HostWork.SOFTMAX,
                scores,
                HostWork.GELU,
                inner,
                HostWork.LAYERNORM,
                2 * state,
                HostWork.RESIDUAL,
                2 * state,
                HostWork.DEQUANTIZE,
                6 * state + scores + inner,
                HostWork.QUANTIZE,
                3 * state + scores + inner),
            products);
    Waterfall w = new Waterfall(TransformerShape.BERT_BASE, 512, 20, terms, terms, List.of());
    List<BaselineReading> all = BaselineReading.of(w);
    double ours = all.getFirst().cycles();
    double pie = all.get(1).cycles();
    assertThat(ours).isEqualTo((double) terms.cycles());
    double unlabelled = (1 - 0.93 - 0.034) * pie;
    double fasterProducts = 0.034 * pie - products;
    double rounding = 0.93 * pie - (terms.cycles() - products);
    assertThat(pie - ours).isCloseTo(unlabelled + fasterProducts + rounding, within(1.0));
    assertThat(unlabelled / 1e6).isCloseTo(289, within(1.0));
    assertThat(fasterProducts / 1e6).isCloseTo(81, within(1.0));
    assertThat(Math.abs(rounding) / 1e6).isLessThan(60);
    assertThat(all)
        .extracting(r -> Math.round(10 * r.limit(w)) / 10.0)
        .containsExactly(40.3, 42.6, 36.2, 50.0, 144.9);
  }

  private static void assertCost(HostWork work, String share, double cycles, double elements) {
    double percent = Published.BASELINE_SHARES.getOrDefault(share, 0);
    assertThat(percent / 100 * cycles / elements)
        .as(work.label())
        .isCloseTo(work.cyclesPerElement(), within(0.51));
  }

  @Test
  void everyStepIsTimedAndNoneBeatsTheArray() {
    TransformerShape shape = shape(Order.AFTER_SUM);
    QuantizedLayers layers = QuantizedLayers.of(shape, LENGTH);
    Kept kept = new Kept(shape.keeping(4, 2, 32, 256), true);
    Waterfall waterfall = Waterfall.of(layers, Optional.of(kept), 20, TilingCache.inMemory());
    assertThat(waterfall.steps())
        .extracting(Waterfall.Step::key)
        .containsExactly("integer", "sram", "mapping", "fusion", "pruning");
    assertThat(waterfall.step("unread")).isEqualTo(waterfall.step("fusion"));
    assertThat(waterfall.readBaseline()).isEqualTo(waterfall.baseline());
    for (Waterfall.Step step : waterfall.steps().subList(0, 4)) {
      assertThat(step.cycles()).as(step.key()).isGreaterThan(waterfall.arrayBound());
      assertThat(waterfall.speedup(step)).isGreaterThan(1);
    }
    assertThat(waterfall.step("mapping").cycles()).isLessThan(waterfall.step("sram").cycles());
    assertThat(waterfall.step("fusion").cycles()).isLessThan(waterfall.step("mapping").cycles());
    assertThat(waterfall.step("pruning").cycles()).isLessThan(waterfall.step("fusion").cycles());
  }

  @Test
  void withoutPruningItsStepIsTheOneBefore() {
    TransformerShape shape = shape(Order.AFTER_SUM);
    QuantizedLayers layers = QuantizedLayers.of(shape, 16);
    Waterfall whole = Waterfall.of(layers, Optional.empty(), 20, TilingCache.inMemory());
    assertThat(whole.step("pruning")).isEqualTo(whole.step("fusion"));
    Optional<Kept> all = Optional.of(new Kept(shape, false));
    Waterfall read = Waterfall.of(layers, all, 20, TilingCache.inMemory());
    assertThat(read.steps().getLast().key()).isEqualTo("unread");
    assertThat(read.step("pruning")).isEqualTo(read.step("unread"));
  }

  /// Rows that nobody reads are a step between fusion and pruning, over the baseline that computes
  /// them; what a host that leaves them out as well would save is what the last layer is but for
  /// keys and values.
  @Test
  void unreadRowsAreAStepOfTheirOwn() {
    TransformerShape shape = shape(Order.AFTER_SUM);
    QuantizedLayers layers = QuantizedLayers.of(shape, LENGTH);
    Optional<Kept> kept = Optional.of(new Kept(shape.keeping(4, 2, 32, 256), false));
    Waterfall w = Waterfall.of(layers, kept, 20, TilingCache.inMemory());
    assertThat(w.steps())
        .extracting(Waterfall.Step::key)
        .containsExactly("integer", "sram", "mapping", "fusion", "unread", "pruning");
    Waterfall.Step unread = w.step("unread");
    assertThat(unread.cycles()).isBetween(w.readBound(), w.step("fusion").cycles());
    assertThat(w.step("pruning").cycles()).isLessThan(unread.cycles());
    assertThat(w.arrayBound() - w.readBound())
        .isEqualTo((shape.layerMacs(LENGTH) - shape.layerMacs(LENGTH, 1)) / 256);

    Map<HostWork, Long> all = w.baseline().elements();
    Map<HostWork, Long> read = w.readBaseline().elements();
    long rows = LENGTH - 1;
    Map<HostWork, Long> left =
        Map.of(
            HostWork.SOFTMAX,
            rows * shape.heads() * LENGTH,
            HostWork.GELU,
            rows * shape.ffn(),
            HostWork.LAYERNORM,
            rows * 2 * shape.model(),
            HostWork.RESIDUAL,
            rows * 2 * shape.model(),
            HostWork.DEQUANTIZE,
            rows * (4L * shape.model() + (long) shape.heads() * LENGTH + shape.ffn()),
            HostWork.QUANTIZE,
            rows * (2L * shape.model() + (long) shape.heads() * LENGTH + shape.ffn()));
    left.forEach((work, elements) ->
        assertThat(all.getOrDefault(work, 0L) - read.getOrDefault(work, 0L))
            .as(work.label())
            .isEqualTo(elements));
    assertThat(w.readBaseline().matmulCycles()).isLessThan(w.baseline().matmulCycles());

    BaselineReading terms = BaselineReading.of(w).getFirst();
    assertThat(terms.speedup(w, "unread")).isEqualTo(w.speedup(unread));
    assertThat(terms.readSpeedup(w))
        .isCloseTo((double) w.readBaseline().cycles() / unread.cycles(), within(1e-9 * w.length()));
    assertThat(BaselineReading.reaching((int) w.speedup(unread), w))
        .contains("terms (used here)", "after fusion")
        .doesNotContain("“terms (used here)” after fusion");
  }

  /// The row that is read has the values it had, bit for bit in real numbers.
  @Test
  void leavingOutUnreadRowsChangesNoAnswer() {
    TransformerShape shape = shape(Order.AFTER_SUM);
    Graph<NnOp> whole = TransformerGraph.layers(shape, 16, 3, 1);
    Graph<NnOp> read = QuantizedLayers.readByClassifier(shape, 16).real();
    TensorType type = whole.inputs().getFirst().type();
    float[] hidden = new float[type.elements()];
    for (int i = 0; i < hidden.length; i++) {
      hidden[i] = (float) Math.sin(i);
    }
    Map<String, Tensor> inputs = Map.of(TransformerGraph.INPUT, Tensor.of(type, hidden));
    assertThat(read.nodes()).isNotEqualTo(whole.nodes());
    assertThat(Evaluator.run(read, inputs)).isEqualTo(Evaluator.run(whole, inputs));
  }
}
