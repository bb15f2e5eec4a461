package org.lapidary.frontend.onnx;

import static org.assertj.core.api.Assertions.assertThat;

import ai.onnxruntime.OrtException;
import java.nio.file.Path;
import java.util.Map;
import java.util.Objects;
import org.lapidary.ir.Tensor;
import org.lapidary.ir.eval.Evaluator;

/// Compares an imported graph, run by the referee, with ONNX Runtime.
final class Agreement {
  /// Largest difference allowed, relative to the largest number of a result.
  static final double TOLERANCE = 1e-4;

  /// The same for a graph that was written as a model again, both run by ONNX Runtime.
  private static final double EXPORTED = 1e-5;

  private Agreement() {}

  /// @return the largest relative difference over all results
  static double check(Path file, Map<String, Integer> dims) throws OrtException {
    return check(file, OnnxImporter.read(file, dims), TOLERANCE);
  }

  static double check(Path file, Imported imported, double tolerance) throws OrtException {
    Map<String, Tensor> inputs = OnnxRuntime.inputs(imported.graph(), 7);
    Map<String, OnnxRuntime.Result> expected = OnnxRuntime.run(file, inputs);
    checkExported(file, imported, inputs, expected, tolerance);
    Map<String, Tensor> actual = Evaluator.run(imported.graph(), inputs);
    assertThat(actual).containsOnlyKeys(expected.keySet());
    double worst = 0;
    for (Map.Entry<String, OnnxRuntime.Result> entry : expected.entrySet()) {
      Tensor ours = Objects.requireNonNull(actual.get(entry.getKey()));
      assertThat(ours.type().dims())
          .as("shape of " + entry.getKey())
          .isEqualTo(entry.getValue().dims());
      double difference = difference(ours, entry.getValue().values());
      assertThat(difference)
          .as(file.getFileName() + " " + entry.getKey())
          .isLessThanOrEqualTo(tolerance);
      worst = Math.max(worst, difference);
    }
    return worst;
  }

  /// What was imported, written as a model again, is what it was.
  private static void checkExported(
      Path file,
      Imported imported,
      Map<String, Tensor> inputs,
      Map<String, OnnxRuntime.Result> expected,
      double tolerance)
      throws OrtException {
    Path copy = Path.of(System.getProperty("java.io.tmpdir"), "exported-" + System.nanoTime());
    try {
      OnnxExporter.write(imported.graph(), copy);
      OnnxRuntime.run(copy, inputs)
          .forEach((name, result) ->
              assertThat(
                      difference(
                          Tensor.f32(result.dims(), floats(result.values())),
                          Objects.requireNonNull(expected.get(name)).values()))
                  .as(file.getFileName() + " " + name + ", written as a model again")
                  .isLessThanOrEqualTo(tolerance == TOLERANCE ? EXPORTED : tolerance));
    } finally {
      copy.toFile().delete();
    }
  }

  private static float[] floats(double[] values) {
    float[] floats = new float[values.length];
    for (int i = 0; i < floats.length; i++) {
      floats[i] = (float) values[i];
    }
    return floats;
  }

  /// Largest absolute difference by the largest finite absolute value; equal infinities and NaNs
  /// agree, anything else against them is infinitely far.
  static double difference(Tensor ours, double[] expected) {
    double largest = 1e-9;
    double worst = 0;
    for (int i = 0; i < expected.length; i++) {
      double e = expected[i];
      double a = ours.asDouble(i);
      if (Double.isFinite(e)) {
        largest = Math.max(largest, Math.abs(e));
      }
      boolean same = a == e || (Double.isNaN(a) && Double.isNaN(e));
      double distance = Math.abs(a - e);
      worst = Math.max(worst, same ? 0 : Double.isNaN(distance) ? Double.MAX_VALUE : distance);
    }
    return worst / largest;
  }
}
