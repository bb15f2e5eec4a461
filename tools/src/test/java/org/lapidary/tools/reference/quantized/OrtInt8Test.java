package org.lapidary.tools.reference.quantized;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.lapidary.frontend.onnx.proto.Onnx.TensorProto;
import org.lapidary.ir.DiagnosticException;
import org.lapidary.ir.Tensor;
import org.lapidary.tools.data.SampleSet;
import org.lapidary.tools.reference.OnnxRuntimeModel;

/// Beside what `onnxruntime.quantization` 1.30 itself made of the same model and samples: every
/// scale and zero point, by the names it gives them.
final class OrtInt8Test {
  private static final Path BERT =
      Path.of(System.getProperty("lapidary.root", ".."), "testdata/models/bert-reviews");

  @TempDir Path folder = Path.of("");

  private static List<Map<String, Tensor>> samples() {
    SampleSet set = SampleSet.read(BERT.resolve("calibration"));
    return IntStream.range(0, 8).mapToObj(set::sample).toList();
  }

  private Map<String, Double> made(byte[] model) throws IOException {
    Path file = folder.resolve("made.onnx");
    Files.write(file, model);
    Map<String, Double> values = new TreeMap<>();
    for (TensorProto t : OnnxGraph.read(file).initializers().values()) {
      if (t.getName().endsWith("_scale") || t.getName().endsWith("_zero_point")) {
        values.put(t.getName(), scalar(t));
      }
    }
    return values;
  }

  private static double scalar(TensorProto t) {
    return t.getFloatDataCount() > 0 ? t.getFloatData(0) : t.getInt32Data(0);
  }

  private static Map<String, Double> theirs(String name) throws IOException {
    try (InputStream in =
        Objects.requireNonNull(OrtInt8Test.class.getResourceAsStream(name), name)) {
      Map<String, Double> values = new TreeMap<>();
      new String(in.readAllBytes(), StandardCharsets.UTF_8)
          .lines()
          .map(line -> line.split("\t"))
          .forEach(c -> values.put(c[0], Double.valueOf(c[1])));
      return values;
    }
  }

  /// Sums of floats depend on how many threads the host gives them, hence not bit for bit.
  private static void assertEqual(Map<String, Double> ours, Map<String, Double> theirs) {
    assertThat(ours.keySet()).isEqualTo(theirs.keySet());
    theirs.forEach((name, value) ->
        assertThat(ours.get(name)).as(name).isCloseTo(value, within(1e-6 * Math.abs(value))));
  }

  @Test
  void staticScalesAreThoseOfThePythonPackage() throws IOException {
    byte[] model = OrtInt8.fixed(BERT.resolve("model.onnx"), samples(), 2);

    assertEqual(made(model), theirs("bert-reviews-static.tsv"));
    try (OnnxRuntimeModel runs = OrtInt8.load("static", model)) {
      assertThat(runs.run(samples().getFirst())).containsKey("logits");
    }
  }

  @Test
  void dynamicScalesAreThoseOfThePythonPackage() throws IOException {
    byte[] model = OrtInt8.dynamic(BERT.resolve("model.onnx"));

    Map<String, Double> ours = new TreeMap<>();
    made(model).forEach((name, value) -> ours.put(name.replace("_Transposed", ""), value));
    assertEqual(ours, theirs("bert-reviews-dynamic.tsv"));
    try (OnnxRuntimeModel runs = OrtInt8.load("dynamic", model)) {
      assertThat(runs.run(samples().getFirst())).containsKey("logits");
    }
  }

  @Test
  void theNumberOfThreadsDoesNotShow() {
    byte[] one = OrtInt8.fixed(BERT.resolve("model.onnx"), samples(), 1);
    byte[] three = OrtInt8.fixed(BERT.resolve("model.onnx"), samples(), 3);

    assertThat(three).isEqualTo(one);
  }

  @ParameterizedTest
  @CsvSource({
    "-1, 3, 0.015686275, -64",
    "2, 3, 0.011764706, -128",
    "-3, -2, 0.011764706, 127",
    "0, 0, 1, 0"
  })
  void zeroIsAlwaysInTheRange(float min, float max, float scale, int zeroPoint) {
    assertThat(AffineInt8.asymmetric(true, min, max))
        .isEqualTo(new AffineInt8(true, scale, zeroPoint));
  }

  @Test
  void whatIsNoModelIsRefused() throws IOException {
    Path file = folder.resolve("no.onnx");
    Files.writeString(file, "nothing");

    assertThatThrownBy(() -> OrtInt8.dynamic(file)).isInstanceOf(DiagnosticException.class);
  }
}
