package org.lapidary.tools.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.lapidary.frontend.onnx.OnnxImporter;
import org.lapidary.ir.Graph;
import org.lapidary.ir.Tensor;
import org.lapidary.ir.eval.Evaluator;
import org.lapidary.ir.op.NnOp;
import org.lapidary.testkit.Repository;
import org.lapidary.tools.compile.CalibrationSet;
import org.lapidary.tools.reference.OnnxRuntimeModel;

final class PruneCommandTest {
  private static final Path MODEL =
      Repository.root().resolve("testdata/models/bert-reviews/model.onnx");

  @TempDir Path folder = Path.of("");

  private Shell.Ran prune(String recipe, Path target) {
    return Shell.lapidary(
        "prune",
        MODEL,
        "--dim",
        "batch=1",
        "--dim",
        "sequence=16",
        "--prune",
        recipe,
        "-o",
        target);
  }

  @Test
  void aPrunedModelIsAModel() {
    Path target = folder.resolve("pruned.onnx");
    Shell.Ran ran = prune("unread, heads{keep=0.5}, neurons{keep=0.25}", target);
    assertThat(ran.code()).as(ran.err()).isZero();
    assertThat(ran.out()).contains("2    4  heads", "128  512  neurons");
    sameInOnnxRuntime(target);
  }

  @Test
  void aModelThatLeavesTokensBehindIsAModel() {
    Path target = folder.resolve("pruned.onnx");
    Shell.Ran ran = prune("unread, tokens{keep=0.6}", target);
    assertThat(ran.code()).as(ran.err()).isZero();
    assertThat(ran.out()).containsPattern("self/MatMul_1 +\\d+ +16  tokens");
    sameInOnnxRuntime(target);
  }

  private static void sameInOnnxRuntime(Path target) {
    Graph<NnOp> graph = OnnxImporter.read(target, Map.of()).graph();
    Map<String, Tensor> inputs = CalibrationSet.synthetic(graph).samples().getFirst();
    try (OnnxRuntimeModel runtime = OnnxRuntimeModel.load(target)) {
      Tensor theirs = Objects.requireNonNull(runtime.run(inputs).get("logits"));
      Tensor ours = Objects.requireNonNull(Evaluator.run(graph, inputs).get("logits"));
      for (int i = 0; i < 4; i++) {
        assertThat(ours.asDouble(i)).isCloseTo(theirs.asDouble(i), within(1e-4));
      }
    }
  }

  @Test
  void aModelThatNeedsAllTokensIsRefused() {
    Path target = folder.resolve("pruned.onnx");
    Path gpt = Repository.root().resolve("testdata/models/gpt-reviews/model.onnx");
    Shell.Ran ran =
        Shell.lapidary(
            "prune",
            gpt,
            "--dim",
            "batch=1",
            "--dim",
            "sequence=16",
            "--prune",
            "tokens",
            "-o",
            target);
    assertThat(ran.code()).isEqualTo(1);
    assertThat(ran.err())
        .contains("model.onnx: error[invalid-input]: tokens cannot be left out: the result logits");
    assertThat(Files.exists(target)).isFalse();
  }

  @Test
  void aWrongRecipeLeavesNothing() {
    Path target = folder.resolve("pruned.onnx");
    Shell.Ran ran = prune("ears", target);
    assertThat(ran.code()).isEqualTo(1);
    assertThat(ran.err()).contains("there is no pruning ears", "heads{keep=0.5}");
    assertThat(Files.exists(target)).isFalse();
    assertThat(prune("none", target).code()).isEqualTo(2);
  }

  private static org.assertj.core.data.Offset<Double> within(double offset) {
    return org.assertj.core.api.Assertions.within(offset);
  }
}
