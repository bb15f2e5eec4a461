package org.lapidary.frontend.onnx;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import ai.onnxruntime.OrtException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;
import org.lapidary.frontend.onnx.proto.Onnx.ModelProto;
import org.lapidary.ir.Diagnostic.Code;
import org.lapidary.ir.DiagnosticException;

/// Small graphs of many exporters: each gives what ONNX Runtime gives, or is refused for the reason
/// written here.
///
/// Their weights are often all ones, or uninitialized memory, on which a LayerNorm divides rounding
/// errors by each other; such weights are replaced by seeded numbers. Half-precision models are
/// compared with their single-precision twins, because ONNX Runtime rounds each step of the former
/// to 11 bits.
class ZooTest {
  /// Not models one can run: ONNX Runtime refuses them too, or they train.
  private static final Map<String, Code> REFUSED =
      Map.ofEntries(
          Map.entry("embed_layer_norm_format1", Code.INVALID_MODEL),
          Map.entry("embed_layer_norm_format2", Code.SHAPE_MISMATCH),
          Map.entry("embed_layer_norm_format7", Code.INVALID_MODEL),
          Map.entry("embed_layer_norm_format8_opset13", Code.INVALID_MODEL),
          Map.entry("embed_layer_norm_format9_opset13", Code.INVALID_MODEL),
          Map.entry("matmul_integer_to_float_large_tensor", Code.INVALID_MODEL),
          Map.entry("reshape_fusion_concat_subgraph_mul", Code.SHAPE_MISMATCH),
          Map.entry("reshape_fusion_concat_subgraph_not_triggered", Code.SHAPE_MISMATCH),
          Map.entry("reshape_fusion_multiple_values_in_initializer_tensor_1", Code.SHAPE_MISMATCH),
          Map.entry("3layer_bloom_optimized_training", Code.UNSUPPORTED_OP),
          Map.entry("mlm_bert_e2e", Code.UNSUPPORTED_OP),
          Map.entry("tiny_gpt2_greedysearch_with_init_decoder", Code.UNSUPPORTED_OP));

  /// Imported, but without anything to compare with.
  private static final Map<String, String> NO_REFERENCE =
      Map.of(
          "bias_dropout_fusion1", "ONNX Runtime drops at random: the node is in training mode",
          "div_mul", "it divides by integers that arbitrary inputs make 0",
          "gpt2_megatron_opt_no_skiplayernorm", "ONNX Runtime has no 4-D masks on a CPU");

  @TempDir static Path folder;

  @TestFactory
  List<DynamicTest> models() {
    return Shared.onnx("zoo-ort-fusion", "zoo-ort-transformers", "zoo-vespa").stream()
        .map(file -> dynamicTest(file.getFileName().toString(), () -> check(file)))
        .toList();
  }

  private static void check(Path file) throws IOException, OrtException {
    String name = file.getFileName().toString().replace(".onnx", "");
    Map<String, Integer> dims = GuessedSizes.of(file);
    if (REFUSED.containsKey(name)) {
      assertThat(codes(file, dims)).contains(REFUSED.get(name));
      return;
    }
    ModelProto original = ModelProto.parseFrom(Files.readAllBytes(file));
    Path sane = Files.write(folder.resolve(name + ".onnx"), Degenerate.mended(original));
    Imported imported = OnnxImporter.read(sane, dims);
    if (!NO_REFERENCE.containsKey(name)) {
      Path twin = Files.write(folder.resolve(name + "_f32.onnx"), HalfPrecision.widened(sane));
      Agreement.check(twin, imported, Agreement.TOLERANCE);
    }
  }

  private static List<Code> codes(Path file, Map<String, Integer> dims) {
    try {
      OnnxImporter.read(file, dims);
      return List.of();
    } catch (DiagnosticException e) {
      return e.diagnostics().stream().map(d -> d.code()).toList();
    }
  }
}
