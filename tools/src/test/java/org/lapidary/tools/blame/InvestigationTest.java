package org.lapidary.tools.blame;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.lapidary.gemmini.GemminiCompiler;
import org.lapidary.ir.Graph;
import org.lapidary.ir.Tensor;
import org.lapidary.ir.eval.Evaluator;
import org.lapidary.ir.op.NnOp;
import org.lapidary.ir.op.OpInfo;
import org.lapidary.passes.quant.Calibration;
import org.lapidary.passes.quant.QuantizedModel;
import org.lapidary.passes.quant.Quantizer;
import org.lapidary.tools.compile.CalibrationSet;
import org.lapidary.tools.compile.CompileOptions;
import org.lapidary.tools.compile.Compiled;
import org.lapidary.tools.compile.InputBinding;
import org.lapidary.tools.compile.Lapidary;
import org.lapidary.tools.data.SampleSet;
import org.lapidary.tools.reference.OnnxRuntimeModel;
import org.lapidary.tools.validate.DataOptions;
import org.lapidary.tools.validate.Example;
import org.lapidary.tools.validate.Metric;
import org.lapidary.tools.validate.Task;
import org.lapidary.tools.validate.TaskData;

final class InvestigationTest {
  private static final Path BERT =
      Path.of(System.getProperty("lapidary.root", ".."), "testdata/models/bert-reviews");
  private static final Map<String, Integer> SIZES = Map.of("batch", 1, "sequence", 32);
  private static final int SAMPLES = 1;

  private static final Compiled SOUND =
      Lapidary.compile(
          BERT.resolve("model.onnx"),
          CompileOptions.of(SIZES).withThreads(1).withCalibration(g -> calibration(g)));

  private static CalibrationSet calibration(Graph<NnOp> graph) {
    SampleSet set = SampleSet.read(BERT.resolve("calibration"));
    return CalibrationSet.of(
        "shipped", graph, IntStream.range(0, 8).mapToObj(set::sample).toList());
  }

  private static List<Example> examples() {
    try (OnnxRuntimeModel model = OnnxRuntimeModel.load(BERT.resolve("model.onnx"))) {
      InputBinding binding = InputBinding.of("bert", model.inputs(), SIZES, 32);
      DataOptions options = DataOptions.of(Optional.empty(), SAMPLES, 32);
      return TaskData.read(BERT, Task.CLASSIFY, options).examples(binding, Task.CLASSIFY);
    }
  }

  /// The same model with one range a sixteenth of what it should be.
  private static Compiled broken(Graph.Node<NnOp> node) {
    Graph<NnOp> graph = SOUND.canonical();
    Calibration calibration = Calibration.collect(graph, SOUND.calibration().samples());
    double largest = calibration.of(node.result()).absMax();
    calibration.give(Map.of(node.result(), largest / 127 / 16));
    CompileOptions options = CompileOptions.of(SIZES);
    QuantizedModel model = Quantizer.quantize(graph, calibration, options.quantization());
    return new Compiled(
        SOUND.model(),
        SOUND.imported(),
        graph,
        SOUND.pruned(),
        SOUND.outcome(),
        SOUND.calibration(),
        model,
        GemminiCompiler.compile(model.graph(), options.machine(), options.semantics()),
        SOUND.steps());
  }

  private static Graph.Node<NnOp> node(String op, int which) {
    return SOUND.canonical().nodes().stream()
        .filter(n -> OpInfo.of(n.op()).name().equals(op))
        .toList()
        .get(which);
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 2})
  void aBrokenRangeIsNamedFirst(int layer) {
    Graph.Node<NnOp> fault = node("nn.gelu", layer);

    Investigation found =
        Investigation.of(broken(fault), Task.CLASSIFY, Metric.LOSS, examples(), 1, _ -> {});

    Verdict first = found.verdicts().getFirst();
    assertThat(first.suspect().node()).isEqualTo(fault.loc().node());
    assertThat(found.firstGuilty()).isEqualTo(fault.loc().node());
    assertThat(first.saturation()).isGreaterThan(0.05);
    assertThat(first.without().noise()).isLessThan(found.quantized().noise() / 4);
    String page = new BlameReport("<bert>", found).page();
    assertThat(page).contains("&lt;bert&gt;").contains("class=\"guilty\"").doesNotContain("http");
  }

  @Test
  void everythingQuantizedIsTheQuantizedModel() {
    Hybrid hybrid = new Hybrid(SOUND);
    Fidelity beside = new Fidelity();
    Fidelity beyond = new Fidelity();
    for (Example example : examples()) {
      Map<String, Tensor> inputs = example.inputs().getFirst();
      var known = hybrid.inFloat(inputs);
      Tensor real = hybrid.results(known).values().iterator().next();
      Tensor mixed =
          hybrid.results(hybrid.values(inputs, _ -> true, known)).values().iterator().next();
      Tensor exact = Evaluator.run(SOUND.quantized().graph(), inputs).values().iterator().next();
      for (int i = 0; i < exact.elements(); i++) {
        beside.add(exact.asDouble(i), mixed.asDouble(i), 1);
        beyond.add(real.asDouble(i), exact.asDouble(i), 1);
      }
    }
    // Not bit for bit: between two nodes the numbers go through f32.
    assertThat(beside.relativeNoise()).isLessThan(beyond.relativeNoise() / 4);
  }

  @Test
  void nothingQuantizedIsTheFloatModel() {
    Hybrid hybrid = new Hybrid(SOUND);
    Map<String, Tensor> inputs = examples().getFirst().inputs().getFirst();

    assertThat(hybrid.results(hybrid.inFloat(inputs)))
        .isEqualTo(Evaluator.run(SOUND.canonical(), inputs));
  }
}
