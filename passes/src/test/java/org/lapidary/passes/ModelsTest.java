package org.lapidary.passes;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Random;
import java.util.function.IntUnaryOperator;
import java.util.stream.IntStream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.lapidary.frontend.onnx.OnnxImporter;
import org.lapidary.ir.DType;
import org.lapidary.ir.Graph;
import org.lapidary.ir.Tensor;
import org.lapidary.ir.TensorType;
import org.lapidary.ir.op.Elementwise.Gelu;
import org.lapidary.ir.op.Neural.LayerNorm;
import org.lapidary.ir.op.NnOp;
import org.lapidary.ir.op.Op;
import org.lapidary.ir.pass.PassRunner;
import org.lapidary.ir.text.IrPrinter;
import org.lapidary.passes.fuse.AttentionBlock;
import org.lapidary.testkit.Repository;

/// Models that people and exporters made, through the whole `nn` pipeline: every block is
/// recognised, nothing is left to explain, and the graph computes what it did.
class ModelsTest {

  /// File, dimensions, and how many layer normalisations, GELUs and attention blocks it has.
  @ParameterizedTest
  @CsvSource(
      textBlock =
          """
          bert-reviews/model.onnx,          batch=1 sequence=16, 9, 4, 4
          gpt-reviews/model.onnx,           batch=1 sequence=16, 9, 4, 4
          zoo/albert-script-14.onnx,        batch=2 sequence=8,  5, 2, 2
          zoo/bert-dynamo-18.onnx,          batch=2 sequence=8,  5, 2, 2
          zoo/bert-script-11.onnx,          batch=2 sequence=8,  5, 2, 2
          zoo/bert-sdpa-script-14.onnx,     batch=2 sequence=8,  5, 2, 2
          zoo/distilbert-script-17.onnx,    batch=2 sequence=8,  5, 2, 2
          zoo/electra-dynamo-20.onnx,       batch=1 sequence=8,  5, 3, 2
          zoo/gpt2-past-script-14.onnx,     batch=2 sequence=3 past=4 past_and_sequence=7, 5, 2, 2
          zoo/gpt2-past-script-14.onnx,     batch=1 sequence=8 past=0 past_and_sequence=8, 5, 2, 2
          zoo/gpt2-script-11.onnx,          batch=1 sequence=8,  5, 2, 2
          zoo/gpt2-sdpa-dynamo-20.onnx,     batch=2 sequence=8,  5, 2, 2
          zoo/gptneo-script-14.onnx,        batch=2 sequence=8,  5, 2, 2
          zoo/opt-script-17.onnx,           batch=2 sequence=8,  5, 0, 2
          zoo/roberta-script-14.onnx,       batch=2 sequence=8,  5, 2, 2
          """)
  void shippedModelIsRecognised(
      String file, String dims, int layerNorms, int gelus, int attentions) {
    Path path = Repository.root().resolve("testdata/models").resolve(file);
    Graph<NnOp> graph = check(path, dims, layerNorms, gelus, attentions);
    Graph<NnOp> imported = OnnxImporter.read(path, dims(dims)).graph();
    assertThat(IrPrinter.print(new PassRunner().run(imported, PassCatalog.nn()).graph()))
        .as("the pipeline is deterministic")
        .isEqualTo(IrPrinter.print(graph));
    assertThat(IrPrinter.print(new PassRunner().run(graph, PassCatalog.nn()).graph()))
        .as("the pipeline is idempotent")
        .isEqualTo(IrPrinter.print(graph));
  }

  @ParameterizedTest
  @CsvSource(
      textBlock =
          """
          bert-tiny-sst2/model.onnx,             batch=1 seq=16,   5, 2, 2
          capp-gpt2/model.onnx, \
            batch_size=1 sequence_length=8 past_sequence_length=0 past_sequence_length + sequence_length=8, 9, 4, 4
          llm-viz-nano-sort/nano_sort.onnx,      batch=1 seq=11,   7, 3, 3
          makemore-induction/induction.onnx,     batch=1 seq=16,   5, 2, 2
          shakespeare-gpt/torchscript_opset14.onnx, batch=2 sequence=16, 9, 4, 4
          shakespeare-gpt/torchscript_opset17.onnx, '', 9, 4, 4
          shakespeare-gpt/dynamo_opset20.onnx,   sequence=16,      9, 4, 4
          zoo-vespa/random_encoder.onnx,         batch=1 tokens=8, 2, 0, 1
          zoo-vespa/random_encoder.onnx,         batch=3 tokens=8, 2, 0, 1
          zoo-vespa/random_decoder.onnx, \
            batch=1 target_tokens=6 source_tokens=6, 3, 0, 2
          zoo-vespa/dummy_transformer.onnx,      batch=2 tokens=8, 4, 0, 2
          zoo-ort-transformers/TFBertForQuestionAnswering.onnx, batch_size=1, 49, 24, 24
          zoo-ort-transformers/gpt2_past.onnx,   batch_size=1 seq_len=4, 25, 12, 12
          """)
  void sharedModelIsRecognised(
      String file, String dims, int layerNorms, int gelus, int attentions) {
    Path path = Repository.shared("models").resolve(file);
    assumeTrue(Files.exists(path), Repository.absent(path));
    check(path, dims, layerNorms, gelus, attentions);
  }

  private static Graph<NnOp> check(
      Path path, String dims, int layerNorms, int gelus, int attentions) {
    Graph<NnOp> imported = OnnxImporter.read(path, dims(dims)).graph();
    PassRunner.Outcome outcome = new PassRunner().run(imported, PassCatalog.nn());
    Graph<NnOp> graph = nn(outcome.graph());
    assertThat(outcome.whyNots()).isEmpty();
    assertThat(count(LayerNorm.class, graph)).as("layer normalisations").isEqualTo(layerNorms);
    assertThat(count(Gelu.class, graph)).as("GELUs").isEqualTo(gelus);
    assertThat(AttentionBlock.in(graph)).as("attention blocks").hasSize(attentions);
    Sketch.requireSame(imported, graph, inputs(imported));
    return graph;
  }

  @SuppressWarnings("unchecked") // every pass of the pipeline gives this level
  private static Graph<NnOp> nn(Graph<? extends Op> graph) {
    return (Graph<NnOp>) graph;
  }

  private static long count(Class<? extends NnOp> kind, Graph<NnOp> graph) {
    return graph.nodes().stream().filter(n -> kind.isInstance(n.op())).count();
  }

  /// `batch=1 a + b=2` by name; a name may hold spaces.
  private static Map<String, Integer> dims(String text) {
    Map<String, Integer> dims = new LinkedHashMap<>();
    for (String binding : text.isEmpty() ? new String[0] : text.split("(?<=\\d) (?=\\w)")) {
      String[] parts = binding.split("=");
      dims.put(parts[0], Integer.parseInt(parts[1]));
    }
    return dims;
  }

  /// Small token ids; masks in which the last token of a row is padding; one sentence of a pair.
  private static Map<String, Tensor> inputs(Graph<NnOp> graph) {
    Map<String, Tensor> inputs = Sketch.generated(graph, new Random(5));
    for (Graph.Port port : graph.inputs()) {
      int row = port.type().dim(-1);
      if (port.name().contains("mask") && port.type().dtype().isInteger()) {
        inputs.put(port.name(), integers(port.type(), i -> row > 1 && (i + 1) % row == 0 ? 0 : 1));
      } else if (port.name().contains("type_ids")) {
        inputs.put(port.name(), integers(port.type(), _ -> 0));
      }
    }
    return inputs;
  }

  private static Tensor integers(TensorType type, IntUnaryOperator element) {
    IntStream elements = IntStream.range(0, type.elements()).map(element);
    return type.dtype() == DType.I64
        ? Tensor.of(type, elements.asLongStream().toArray())
        : Tensor.of(type, elements.toArray());
  }
}
