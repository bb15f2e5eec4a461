package org.lapidary.example;

import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.lapidary.ir.Tensor;
import org.lapidary.tools.compile.CompileOptions;
import org.lapidary.tools.compile.Compiled;
import org.lapidary.tools.compile.Inference;
import org.lapidary.tools.compile.Lapidary;
import org.lapidary.tools.data.SampleSet;
import org.lapidary.tools.data.Tensors;

/// Compiles the shipped BERT, keeps the program, and classifies reviews with it.
///
/// In the unpacked archive, without anything to build:
///
/// ```
/// java --add-modules jdk.incubator.vector -cp 'lib/*' \
///   examples/org/lapidary/example/CompileAndRun.java testdata/models/bert-reviews out
/// ```
public final class CompileAndRun {
  private static final List<String> LABELS = List.of("good", "bad", "mixed", "wrong");

  private CompileAndRun() {}

  /// Arguments: the folder of the model, and a folder for the program.
  public static void main(String[] args) {
    Path folder = Path.of(args[0]);
    Path target = Path.of(args[1]);

    CompileOptions options =
        CompileOptions.of(Map.of("batch", 1, "sequence", 64))
            .withMachine("ibert")
            .withCalibration(SampleSet.read(folder.resolve("calibration")));
    Compiled compiled = Lapidary.compile(folder.resolve("model.onnx"), options);
    compiled.write(target);

    SampleSet reviews = SampleSet.read(folder);
    for (int i = 0; i < 4; i++) {
      Map<String, Tensor> review = new HashMap<>(reviews.sample(i));
      Tensor label = Objects.requireNonNull(review.remove("labels"));
      Inference inference = compiled.run(review);
      Tensor logits = inference.output("logits");
      System.out.printf(
          "review %d is %s, labelled %s; about %d cycles%n",
          i,
          LABELS.get(Tensors.argMax(logits, 0, LABELS.size())),
          LABELS.get((int) label.asLong(0)),
          inference.cycles());
    }
  }
}
