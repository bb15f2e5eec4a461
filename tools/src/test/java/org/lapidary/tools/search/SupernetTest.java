package org.lapidary.tools.search;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.lapidary.frontend.onnx.OnnxImporter;
import org.lapidary.ir.DiagnosticException;
import org.lapidary.ir.Graph;
import org.lapidary.ir.GraphBuilder;
import org.lapidary.ir.Tensor;
import org.lapidary.ir.TensorType;
import org.lapidary.ir.eval.Evaluator;
import org.lapidary.ir.op.Elementwise;
import org.lapidary.ir.op.NnOp;
import org.lapidary.tools.compile.CalibrationSet;
import org.lapidary.tools.compile.CompileOptions;
import org.lapidary.tools.compile.InputBinding;
import org.lapidary.tools.compile.Lapidary;
import org.lapidary.tools.reference.OnnxRuntimeModel;
import org.lapidary.tools.validate.DataOptions;
import org.lapidary.tools.validate.Example;
import org.lapidary.tools.validate.Metric;
import org.lapidary.tools.validate.Task;
import org.lapidary.tools.validate.TaskData;

/// Sub-networks of shipped models.
class SupernetTest {
  static final Path MODELS = Path.of(System.getProperty("lapidary.root", ".."), "testdata/models");
  static final Path SUPERNET = MODELS.resolve("supernet-java");
  static final int LENGTH = 64;

  static Graph<NnOp> canonical(Path model, int length) {
    return canonical(model, Map.of("batch", 1, "sequence", length));
  }

  private static Graph<NnOp> canonical(Path model, Map<String, Integer> dims) {
    CompileOptions options = CompileOptions.of(dims);
    Graph<NnOp> imported = OnnxImporter.read(model, options.dims()).graph();
    return Lapidary.canonicalize(model, imported, options).graph().at(NnOp.class);
  }

  private static List<Example> examples(int count) {
    try (OnnxRuntimeModel model = OnnxRuntimeModel.load(SUPERNET.resolve("model.onnx"))) {
      InputBinding binding = InputBinding.of("supernet", model.inputs(), Map.of(), LENGTH);
      DataOptions options = DataOptions.of(Optional.empty(), count, LENGTH);
      return TaskData.read(SUPERNET, Task.LM, options).examples(binding, Task.LM);
    }
  }

  private static Tensor logits(Map<String, Tensor> outputs) {
    return Objects.requireNonNull(outputs.get("logits"));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = ';',
      value = {
        "supernet-java; 96:6x256,6x256,6x256,6x256; 80:5x224,4x100; 16",
        "bert-reviews; 128:4x512,4x512,4x512,4x512; 96:3x300,1x512,4x1; 16",
        "gpt-reviews; 128:4x512,4x512,4x512,4x512; 1:1x1; 16"
      })
  void theLargestSliceIsTheModelItselfAndSmallerOnesRun(
      String name, String largest, String smaller, int length) {
    Graph<NnOp> graph = canonical(MODELS.resolve(name).resolve("model.onnx"), length);
    Supernet supernet = Supernet.of(graph);
    assertThat(supernet.largest()).hasToString(largest);
    Map<String, Tensor> sample = CalibrationSet.synthetic(graph).samples().getFirst();
    Map<String, Tensor> whole = Evaluator.run(supernet.slice(supernet.largest()), sample);
    assertThat(whole).isEqualTo(Evaluator.run(graph, sample));
    Map<String, Tensor> part = Evaluator.run(supernet.slice(Genome.parse(smaller)), sample);
    assertThat(logits(part).type()).isEqualTo(logits(whole).type());
    assertThat(part).isNotEqualTo(whole);
  }

  /// The manifest has what PyTorch measured when it cut the weights itself.
  @Test
  void subNetworksAreThoseThatWereTrained() throws IOException {
    JsonNode measured =
        new ObjectMapper().readTree(SUPERNET.resolve("manifest.json").toFile()).get("sub_networks");
    Supernet supernet = Supernet.of(canonical(SUPERNET.resolve("model.onnx"), LENGTH));
    Quality quality =
        new MeasuredQuality(
            supernet, Task.LM, Metric.PERPLEXITY, examples(measured.get("windows").asInt()));
    assertThat(measured.get("perplexity").size()).isGreaterThan(4);
    measured
        .get("perplexity")
        .properties()
        .forEach(e ->
            assertThat(quality.of(Genome.parse(e.getKey())))
                .as(e.getKey())
                .isCloseTo(e.getValue().asDouble(), within(1e-4)));
  }

  @Test
  void aWrittenSliceReadsBackAsTheSameFunction(@TempDir Path folder) throws IOException {
    Supernet supernet = Supernet.of(canonical(SUPERNET.resolve("model.onnx"), LENGTH));
    Genome genome = Genome.parse("64:2x96,5x128");
    Path file = folder.resolve("sub.onnx");
    supernet.write(genome, file);
    Graph<NnOp> slice = supernet.slice(genome);
    Map<String, Tensor> sample = CalibrationSet.synthetic(slice).samples().getFirst();
    Map<String, Tensor> expected = Evaluator.run(slice, sample);
    assertThat(Evaluator.run(canonical(file, Map.of()), sample)).isEqualTo(expected);
    try (OnnxRuntimeModel model = OnnxRuntimeModel.load(file)) {
      float[] theirs = logits(model.run(sample)).f32();
      float[] ours = logits(expected).f32();
      for (int i = 0; i < ours.length; i++) {
        assertThat(theirs[i]).isCloseTo(ours[i], within(1e-4f));
      }
    }
    try (var files = Files.list(folder)) {
      assertThat(files).containsExactly(file);
    }
  }

  @Test
  void whatIsNoPartOfTheSupernetIsRefused() {
    Supernet supernet = Supernet.of(canonical(SUPERNET.resolve("model.onnx"), 16));
    assertThat(supernet.problem(Genome.parse("96:6x256"))).isEmpty();
    for (String wrong : List.of("97:6x256", "96:7x256", "96:6x257", "0:1x1", "96:6x0")) {
      assertThat(supernet.problem(Genome.parse(wrong))).as(wrong).isPresent();
    }
    assertThat(supernet.problem(Genome.parse("96:6x256,6x256,6x256,6x256,6x256")))
        .hasValueSatisfying(p -> assertThat(p).contains("more layers"));
  }

  @Test
  void aModelWithoutLayersIsNoSupernet() {
    GraphBuilder<NnOp> builder = new GraphBuilder<>("plain");
    var x = builder.input("x", TensorType.of(org.lapidary.ir.DType.F32, 2, 4));
    builder.result("y", builder.emit(new Elementwise.Relu(x)));
    assertThatThrownBy(() -> Supernet.of(builder.build()))
        .isInstanceOf(DiagnosticException.class)
        .hasMessageContaining("no single residual stream");
  }
}
