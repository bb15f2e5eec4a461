package org.lapidary.passes.quant;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.lapidary.frontend.onnx.OnnxImporter;
import org.lapidary.ir.Graph;
import org.lapidary.ir.Tensor;
import org.lapidary.ir.Value;
import org.lapidary.ir.op.Elementwise.Add;
import org.lapidary.ir.op.Elementwise.FakeQuantize;
import org.lapidary.ir.op.Elementwise.Gelu;
import org.lapidary.ir.op.Elementwise.Mul;
import org.lapidary.ir.op.Layout.Reshape;
import org.lapidary.ir.op.Layout.Transpose;
import org.lapidary.ir.op.MoveOut;
import org.lapidary.ir.op.Neural.FakeQuantizeDynamic;
import org.lapidary.ir.op.Neural.LayerNorm;
import org.lapidary.ir.op.Neural.MatMul;
import org.lapidary.ir.op.NnOp;
import org.lapidary.ir.pass.PassContext;
import org.lapidary.ir.pass.PassRunner;
import org.lapidary.passes.PassCatalog;
import org.lapidary.passes.Sketch;
import org.lapidary.passes.fuse.AttentionBlock;
import org.lapidary.testkit.Repository;

class TakeScalesTest {
  private final Sketch s = new Sketch();
  private final Value x = s.input(2, 4);

  private static Graph<NnOp> taken(Graph<NnOp> graph) {
    return new TakeScales().run(graph, new PassContext());
  }

  private Value rounded(Value value, double step) {
    return s.op(new FakeQuantize(value, (float) step, 0, -128, 127));
  }

  @Test
  void aGridBeforeAProductIsKeptBesideIt() {
    Value moved = s.op(new Reshape(rounded(x, 0.5), List.of(1, 2, 4)));
    Graph<NnOp> graph = taken(s.returns(s.op(new MatMul(moved, s.weights(4, 3)))));
    assertThat(Sketch.ops(graph)).containsExactlyInAnyOrder("fake_quantize", "reshape", "matmul");
    GivenSteps given = GivenSteps.of(graph);
    assertThat(Sketch.ops(given.graph())).containsExactly("reshape", "matmul");
    assertThat(given.steps()).containsExactly(Map.entry(x, 0.5));
  }

  @Test
  void aGridBeforeAnythingElseIsDropped() {
    Graph<NnOp> graph = taken(s.returns(s.op(new Gelu(rounded(x, 0.5), false))));
    assertThat(Sketch.ops(graph)).containsExactly("gelu");
    assertThat(GivenSteps.of(graph).steps()).isEmpty();
  }

  @Test
  void aGridOfItsOwnRangeIsDropped() {
    Value y = s.op(new MatMul(s.op(new FakeQuantizeDynamic(x)), s.weights(4, 3)));
    assertThat(Sketch.ops(taken(s.returns(y)))).containsExactly("matmul");
  }

  @Test
  void onlyTheGridNextToTheProductCounts() {
    Value first = s.op(new Transpose(rounded(x, 0.5), List.of(1, 0)));
    Value y = s.op(new MatMul(rounded(first, 0.25), s.weights(2, 3)));
    assertThat(GivenSteps.of(taken(s.returns(y))).steps()).containsExactly(Map.entry(x, 0.25));
  }

  @Test
  void aGraphWithoutGridsIsLeftAlone() {
    Graph<NnOp> graph = s.returns(s.op(new MatMul(x, s.weights(4, 3))));
    assertThat(taken(graph)).isSameAs(graph);
    assertThat(GivenSteps.of(graph).graph()).isSameAs(graph);
  }

  @Test
  void twiceIsOnce() {
    Graph<NnOp> once = taken(s.returns(s.op(new MatMul(rounded(x, 0.5), s.weights(4, 3)))));
    assertThat(taken(once)).isSameAs(once);
  }

  @Test
  void theStepBelongsToWhatIsRounded() {
    Value sum = s.op(new Add(s.op(new MatMul(x, s.weights(4, 4))), s.weights(4)));
    Value q = rounded(s.op(new Mul(sum, s.scalar(0.25))), 0.5);
    Graph<NnOp> graph = taken(s.returns(s.op(new MatMul(q, s.input(4, 2))), sum));
    assertThat(GivenSteps.of(graph).steps()).containsExactly(Map.entry(sum, 2.0));
  }

  @Test
  void anAsymmetricGridGivesItsLargerHalf() {
    Value q = s.op(new FakeQuantize(x, 0.5f, 10, 0, 255));
    Graph<NnOp> graph = taken(s.returns(s.op(new MatMul(q, s.weights(4, 2)))));
    assertThat(GivenSteps.of(graph).steps().get(x)).isCloseTo(0.5 * 245 / 127, within(1e-12));
  }

  private static Map<String, Tensor> ones(Graph<NnOp> graph) {
    Map<String, Tensor> inputs = new HashMap<>();
    for (Graph.Port port : graph.inputs()) {
      long[] elements = new long[port.type().elements()];
      Arrays.fill(elements, 1);
      inputs.put(port.name(), Tensor.i64(port.type().dims(), elements));
    }
    return inputs;
  }

  @Test
  void quantizedBertKeepsItsScales() {
    Path file = Repository.root().resolve("testdata/models/zoo/bert-script-11-qdq.onnx");
    Graph<NnOp> imported = OnnxImporter.read(file, Map.of("batch", 2, "sequence", 8)).graph();
    assertThat(Sketch.ops(imported)).contains("fake_quantize").doesNotContain("round");
    PassRunner.Outcome outcome = new PassRunner().run(imported, PassCatalog.nn());
    assertThat(outcome.whyNots()).isEmpty();
    GivenSteps given = GivenSteps.of(outcome.graph().at(NnOp.class));
    Graph<NnOp> graph = given.graph();
    assertThat(AttentionBlock.in(graph)).hasSize(2);
    assertThat(graph.nodes().stream().filter(n -> n.op() instanceof LayerNorm)).hasSize(5);
    assertThat(graph.nodes().stream().filter(n -> n.op() instanceof Gelu)).hasSize(2);
    // q, k, v, the context and the GELU of two layers
    assertThat(given.steps()).hasSize(10);
    Calibration calibration = Calibration.collect(graph, List.of(ones(graph)));
    calibration.give(given.steps());
    QuantizedModel model = Quantizer.quantize(graph, calibration, QuantizeOptions.DEFAULT);
    List<Double> used =
        model.graph().nodes().stream()
            .filter(n -> n.op() instanceof MoveOut)
            .map(n -> n.result().type().scale())
            .toList();
    given
        .steps()
        .forEach((value, step) ->
            assertThat(used).anySatisfy(u -> assertThat(u).isCloseTo(step, within(step * 1e-6))));
  }
}
