package org.lapidary.example;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.lapidary.ir.DiagnosticException;
import org.lapidary.ir.Tensor;
import org.lapidary.testkit.Repository;
import org.lapidary.tools.compile.Executable;
import org.lapidary.tools.compile.Inference;
import org.lapidary.tools.compile.Lapidary;
import org.lapidary.tools.data.SampleSet;

/// The shipped example, and that a program read back computes what the compiled one did.
final class CompileAndRunTest {
  private static final Path MODEL = Repository.root().resolve("testdata/models/bert-reviews");

  @TempDir Path folder = Path.of("");

  @Test
  void classifiesReviewsAndKeepsTheProgram() {
    Path program = folder.resolve("out");
    String printed =
        printed(() -> CompileAndRun.main(new String[] {MODEL.toString(), program.toString()}));
    assertThat(printed.lines())
        .hasSize(4)
        .allMatch(line -> line.matches("review \\d is (\\w+), labelled \\1; about \\d{6} cycles"));

    Executable read = Lapidary.open(program);
    SampleSet ids = SampleSet.read(MODEL.resolve("input_ids.npy"));
    assertThatThrownBy(() -> read.run(ids.sample(0)))
        .isInstanceOf(DiagnosticException.class)
        .hasMessageContaining("attention_mask")
        .hasMessageContaining("is missing");
    Map<String, Tensor> inputs = new HashMap<>(SampleSet.read(MODEL).sample(0));
    inputs.remove("labels");
    Inference inference = read.run(inputs);
    assertThat(printed).contains("review 0").contains("about " + inference.cycles() + " cycles");
    assertThat(inference.speedup()).isGreaterThan(10);
    assertThat(inference.utilisation()).isBetween(0.3, 1.0);
  }

  private static String printed(Runnable work) {
    PrintStream before = System.out;
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    System.setOut(new PrintStream(bytes, true, StandardCharsets.UTF_8));
    try {
      work.run();
    } finally {
      System.setOut(before);
    }
    return bytes.toString(StandardCharsets.UTF_8);
  }
}
