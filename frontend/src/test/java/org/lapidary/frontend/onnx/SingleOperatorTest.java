package org.lapidary.frontend.onnx;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.lapidary.frontend.onnx.proto.Onnx.GraphProto;
import org.lapidary.frontend.onnx.proto.Onnx.ModelProto;
import org.lapidary.frontend.onnx.proto.Onnx.TensorProto;
import org.lapidary.frontend.onnx.proto.Onnx.ValueInfoProto;
import org.lapidary.ir.DiagnosticException;
import org.lapidary.ir.Graph;
import org.lapidary.ir.Tensor;
import org.lapidary.ir.eval.Evaluator;

/// The operator tests of the ONNX project itself, with the inputs and outputs stored there.
class SingleOperatorTest {
  /// By reason, which are refused, and how many of them there are.
  private static final Map<String, Integer> REFUSED =
      Map.of(
          "elements of type uint64 are not read", 12,
          "ScatterND with reduction", 6,
          "the model uses opset 1;", 3,
          "the operator Loop is not supported", 2);

  /// Stored in half precision and rounded at every step: exact only to 11 bits.
  private static final List<String> HALF_PRECISION =
      List.of(
          "test_attention_24_qk_matmul_output_mode3_softmax_precision",
          "test_attention_24_qk_matmul_output_mode3_softmax_precision_expanded");

  @TempDir Path folder;

  @Test
  void everyCaseMatchesOrIsRefusedForAKnownReason() throws IOException {
    Map<String, Integer> refused = new TreeMap<>();
    Map<String, Double> wrong = new TreeMap<>();
    int matched = 0;
    for (Path test : cases()) {
      String name = test.getFileName().toString();
      try {
        double difference = difference(test);
        double tolerance = HALF_PRECISION.contains(name) ? 1e-3 : Agreement.TOLERANCE;
        if (difference <= tolerance) {
          matched++;
        } else {
          wrong.put(name, difference);
        }
      } catch (DiagnosticException | Refusal e) {
        String message = String.valueOf(e.getMessage());
        String reason =
            REFUSED.keySet().stream().filter(message::contains).findFirst().orElse(message);
        refused.merge(reason, 1, Integer::sum);
        System.out.println(name + " is refused: " + message);
      }
    }
    System.out.println(matched + " operator tests match, refused: " + refused);
    assertThat(wrong).isEmpty();
    assertThat(refused).isEqualTo(new TreeMap<>(REFUSED));
    assertThat(matched).isEqualTo(484);
  }

  private static List<Path> cases() throws IOException {
    try (Stream<Path> folders = Files.list(Shared.models().resolve("zoo-onnx-node"))) {
      return folders
          .filter(Files::isDirectory)
          // Its input is an optional sequence, which no transformer has.
          .filter(p -> !p.endsWith("test_identity_opt"))
          .sorted()
          .toList();
    }
  }

  private double difference(Path test) throws IOException {
    ModelProto model = ModelProto.parseFrom(Files.readAllBytes(test.resolve("model.onnx")));
    Map<String, TensorProto> stored = new LinkedHashMap<>();
    for (ValueInfoProto input : model.getGraph().getInputList()) {
      stored.put(input.getName(), tensor(test, "input_" + stored.size()));
    }
    Map<String, Tensor> inputs = new HashMap<>();
    stored.forEach((name, t) -> inputs.put(name, read(t)));
    Graph<?> graph = imported(test, model, stored, inputs);
    inputs.keySet().retainAll(graph.inputs().stream().map(Graph.Port::name).toList());
    Map<String, Tensor> outputs = Evaluator.run(graph, inputs);
    double worst = 0;
    for (int i = 0; i < model.getGraph().getOutputCount(); i++) {
      Tensor expected = read(tensor(test, "output_" + i));
      Tensor actual = Objects.requireNonNull(outputs.get(model.getGraph().getOutput(i).getName()));
      assertThat(actual.type()).as(test.toString()).isEqualTo(expected.type());
      double[] values = new double[expected.elements()];
      java.util.Arrays.setAll(values, expected::asDouble);
      worst = Math.max(worst, Agreement.difference(actual, values));
    }
    return worst;
  }

  /// With inputs where that is possible; else, because a shape is among them, with constants.
  private Graph<?> imported(
      Path test, ModelProto model, Map<String, TensorProto> stored, Map<String, Tensor> inputs)
      throws IOException {
    Path file = test.resolve("model.onnx");
    try {
      return OnnxImporter.read(file, sizes(model.getGraph(), inputs)).graph();
    } catch (DiagnosticException e) {
      ModelProto.Builder fixed = model.toBuilder();
      stored.forEach(
          (name, t) -> fixed.getGraphBuilder().addInitializer(t.toBuilder().setName(name)));
      Path copy = folder.resolve(test.getFileName() + ".onnx");
      Files.write(copy, fixed.build().toByteArray());
      return OnnxImporter.read(copy, Map.of()).graph();
    }
  }

  private static Map<String, Integer> sizes(GraphProto graph, Map<String, Tensor> inputs) {
    Map<String, Integer> sizes = new HashMap<>();
    for (ValueInfoProto input : graph.getInputList()) {
      Tensor given = Objects.requireNonNull(inputs.get(input.getName()));
      for (int axis = 0; axis < given.type().rank(); axis++) {
        var d = input.getType().getTensorType().getShape().getDim(axis);
        if (!d.hasDimValue()) {
          String name = d.getDimParam().isEmpty() ? input.getName() + "." + axis : d.getDimParam();
          sizes.put(name, given.type().dim(axis));
        }
      }
    }
    return sizes;
  }

  private static TensorProto tensor(Path test, String name) throws IOException {
    Path file = test.resolve("test_data_set_0").resolve(name + ".pb");
    return TensorProto.parseFrom(Files.readAllBytes(file));
  }

  private static Tensor read(TensorProto t) {
    return new TensorReader(ByteBuffer.allocate(0), new ExternalData(Path.of(".")))
        .read(t, "")
        .load();
  }
}
