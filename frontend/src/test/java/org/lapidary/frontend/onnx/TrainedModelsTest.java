package org.lapidary.frontend.onnx;

import static org.assertj.core.api.Assertions.assertThat;

import ai.onnxruntime.OrtException;
import java.nio.file.Path;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.lapidary.ir.op.OpInfo;

/// Trained models, each exporter and size of cache, give what ONNX Runtime gives.
class TrainedModelsTest {
  @Test
  void theShippedClassifier() throws OrtException {
    Path model = Shared.root().resolve("testdata/models/bert-reviews/model.onnx");
    Agreement.check(model, Map.of("batch", 1, "sequence", 64));
  }

  @ParameterizedTest
  @CsvSource({
    "bert-tiny-sst2/model.onnx, batch=1 seq=64",
    "bert-tiny-sst2/model.onnx, batch=3 seq=11",
    "capp-gpt2/model.onnx, batch_size=1 sequence_length=16 past_sequence_length=0",
    "capp-gpt2/model.onnx, batch_size=1 sequence_length=1 past_sequence_length=16",
    "capp-gpt2/model.onnx, batch_size=2 sequence_length=3 past_sequence_length=5",
    "makemore-induction/induction.onnx, batch=1 seq=32",
    "llm-viz-nano-sort/nano_sort.onnx, batch=2 seq=11",
    "shakespeare-gpt/torchscript_opset14.onnx, batch=1 sequence=33",
    "shakespeare-gpt/torchscript_opset17.onnx, ''",
    "shakespeare-gpt/dynamo_opset20.onnx, sequence=128",
  })
  void sharedModels(String file, String dims) throws OrtException {
    Agreement.check(Shared.models().resolve(file), sizes(dims));
  }

  @Test
  void noShapeArithmeticIsLeft() {
    Path model = Shared.models().resolve("capp-gpt2/model.onnx");
    Imported imported =
        OnnxImporter.read(model, sizes("batch_size=1 sequence_length=16 past_sequence_length=0"));
    Set<String> names =
        imported.graph().nodes().stream()
            .map(n -> OpInfo.of(n.op()).name())
            .collect(Collectors.toSet());
    // An empty cache leaves no concatenation, and a static shape no range or comparison of sizes.
    assertThat(names).doesNotContain("nn.concat", "nn.trilu", "nn.greater", "nn.broadcast");
    assertThat(imported.graph().nodes()).hasSizeLessThan(imported.onnxNodes() / 2);
    assertThat(imported.graph().nodes()).allMatch(n -> !n.loc().node().isEmpty());
  }

  static Map<String, Integer> sizes(String dims) {
    return dims.isEmpty()
        ? Map.of()
        : java.util.Arrays.stream(dims.split(" "))
            .map(d -> d.split("="))
            .collect(Collectors.toMap(d -> d[0], d -> Integer.valueOf(d[1])));
  }
}
