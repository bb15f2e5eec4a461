package org.lapidary.tools.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.lapidary.tools.cli.Shell.BERT;
import static org.lapidary.tools.cli.Shell.compileBert;
import static org.lapidary.tools.cli.Shell.lapidary;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.lapidary.ir.Tensor;
import org.lapidary.tools.cli.Shell.Ran;
import org.lapidary.tools.data.Npy;

/// The program as its users meet it: commands, exit codes, messages.
final class CommandLineTest {
  @TempDir Path folder = Path.of("");

  private Path sample(String name) throws IOException {
    Tensor all = Npy.read(BERT.resolve(name + ".npy"));
    Path file = folder.resolve(name + ".npy");
    Npy.write(file, org.lapidary.tools.data.Tensors.rows(all, 0, 1));
    return file;
  }

  private Object[] inputs() throws IOException {
    return new Object[] {
      "--input", "input_ids=" + sample("input_ids"),
      "--input", "attention_mask=" + sample("attention_mask"),
      "--input", "token_type_ids=" + sample("token_type_ids")
    };
  }

  private static Object[] allInputs() {
    return Stream.of("input_ids", "attention_mask", "token_type_ids")
        .flatMap(name -> Stream.of("--input", name + "=" + BERT.resolve(name + ".npy")))
        .toArray();
  }

  private static Object[] words(Object[] first, Object... more) {
    Object[] all = Arrays.copyOf(first, first.length + more.length);
    System.arraycopy(more, 0, all, first.length, more.length);
    return all;
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "demo",
        "compile",
        "run",
        "generate",
        "reference",
        "validate",
        "blame",
        "profile",
        "report",
        "print",
        "opt",
        "replay",
        "cycles",
        "asm",
        "disasm",
        "machine",
        "bench",
        "completion"
      })
  void everyCommandExplainsItselfWithAnExample(String command) {
    Ran ran = lapidary(command, "--help");
    assertThat(ran.code()).isZero();
    assertThat(ran.out()).contains("Usage: lapidary " + command).contains("xample: ");
  }

  @Test
  void aWrongOptionIsAUsageError() {
    assertThat(lapidary("compile", "--colour").code()).isEqualTo(2);
    assertThat(lapidary().code()).isEqualTo(2);
  }

  @Test
  void rowsOfATableHaveNamesOfTheirOwn() throws IOException {
    Path list = Files.writeString(folder.resolve("list.txt"), "a: x.onnx\nb: y.onnx\na: z.onnx\n");
    Ran ran = lapidary("bench", "accuracy", "--list", list);
    assertThat(ran.code()).isEqualTo(1);
    assertThat(ran.err()).contains("list.txt", "two lines are named a");
  }

  @Test
  void aProgramRunsEqualToItsRefereeAndGivesTheSameBytesTwice() throws IOException {
    Path program = folder.resolve("program");
    Object[] compile = {
      "compile",
      BERT.resolve("model.onnx"),
      "--dim",
      "batch=1",
      "--dim",
      "sequence=64",
      "--calibrate",
      BERT.resolve("calibration"),
      "--calibrate-limit",
      "8"
    };
    Ran compiled = lapidary(words(compile, "-o", program, "--prove", "--json"));
    assertThat(compiled.err().lines())
        .singleElement()
        .asString()
        .startsWith("calibration: 8 samples of ")
        .contains("; method mse; ");
    assertThat(compiled.code()).isZero();
    assertThat(compiled.out())
        .contains("\"passes\"", "\"placement\"", "\"can_overflow\" : 0")
        .contains("\"recipe\" : \"outliers{", "\"verdict\" : \"proved\"");
    Ran unknown = lapidary(words(compile, "-o", folder.resolve("none"), "--quantize", "smooth"));
    assertThat(unknown.code()).isEqualTo(1);
    assertThat(unknown.err()).contains("--quantize: error[").contains("no refinement smooth");
    assertThat(folder.resolve("none")).doesNotExist();

    Path out = folder.resolve("out");
    Ran ran = lapidary(words(words(new Object[] {"run", program}, inputs()), "--output-dir", out));
    assertThat(ran.code()).as(ran.err()).isZero();
    assertThat(ran.out()).contains("cycles (model gemmini-event-1, mean error");

    Path referee = folder.resolve("referee");
    Object[] reference = compile.clone();
    reference[0] = "reference";
    Ran q = lapidary(words(words(reference, inputs()), "--level", "q", "--output-dir", referee));
    assertThat(q.code()).as(q.err()).isZero();
    assertThat(Files.readAllBytes(out.resolve("logits.npy")))
        .isEqualTo(Files.readAllBytes(referee.resolve("logits.npy")));

    Path second = folder.resolve("second");
    Object[] one = {"run", program, "--sample", "0", "--output-dir", second};
    assertThat(lapidary(words(one, allInputs())).code()).isZero();
    assertThat(second.resolve("logits.npy")).hasSameBinaryContentAs(out.resolve("logits.npy"));
    one[3] = "500";
    assertThat(lapidary(words(one, allInputs())).err()).contains("there is no sample 500");

    Path again = folder.resolve("again");
    assertThat(lapidary(words(compile, "-o", again, "--threads", "1")).code()).isZero();
    try (var files = Files.walk(program)) {
      for (Path file : files.filter(Files::isRegularFile).toList()) {
        assertThat(again.resolve(program.relativize(file))).hasSameBinaryContentAs(file);
      }
    }
  }

  @Test
  void anExportedTraceReplaysFromZeroedMemory() throws IOException {
    Path program = folder.resolve("program");
    assertThat(compileBert(program, 1, 64, 4, "--semantics", "libgemmini").code()).isZero();
    Path prefix = folder.resolve("trace");
    Ran ran =
        lapidary(
            words(
                words(new Object[] {"run", program}, inputs()),
                "--output-dir",
                folder.resolve("out"),
                "--export-trace",
                prefix,
                "--no-timing"));
    assertThat(ran.code()).as(ran.err()).isZero();
    Ran replayed =
        lapidary(
            "replay",
            prefix + ".trace",
            "--expect",
            prefix + ".expect",
            "--config",
            "ibert",
            "--semantics",
            "libgemmini",
            "--memory",
            "zero:64M");
    assertThat(replayed.out()).endsWith("1 passed, 0 failed" + System.lineSeparator());
  }

  @Test
  void aTraceComesWithTheProgram() {
    Path program = folder.resolve("traced");
    Ran ran = compileBert(program, 1, 64, 4, "--emit", "trace");
    assertThat(ran.code()).as(ran.err()).isZero();
    assertThat(program.resolveSibling("traced.trace.manifest.json")).isRegularFile();
    Ran replayed =
        lapidary(
            "replay",
            program + ".trace",
            "--expect",
            program + ".expect",
            "--config",
            "ibert",
            "--semantics",
            "rtl",
            "--memory",
            "zero:64M");
    assertThat(replayed.out()).endsWith("1 passed, 0 failed" + System.lineSeparator());
  }

  @Test
  void badModelsGetOneDiagnosticAndLeaveNothingBehind() throws IOException {
    byte[] model = Files.readAllBytes(BERT.resolve("model.onnx"));
    Path truncated = folder.resolve("truncated.onnx");
    Files.write(truncated, Arrays.copyOf(model, model.length / 2));
    Path text = folder.resolve("text.onnx");
    Files.writeString(text, "This is not a model.\n");
    record Case(Path file, List<String> dims, String code) {}
    List<String> dims = List.of("--dim", "batch=1", "--dim", "sequence=64");
    for (Case c :
        List.of(
            new Case(folder.resolve("missing.onnx"), dims, "file-not-found"),
            new Case(truncated, dims, "truncated-file"),
            new Case(text, dims, "not-onnx"),
            new Case(BERT.resolve("model.onnx"), List.of("--dim", "batch=1"), "unbound-dimension"),
            new Case(
                BERT.resolve("model.onnx"),
                List.of("--dim", "batch=1", "--dim", "sequence=64", "--dim", "x=1"),
                "unknown-dimension"))) {
      Path target = folder.resolve("target");
      Ran ran =
          lapidary(
              words(words(new Object[] {"compile", c.file(), "-o", target}), c.dims().toArray()));
      assertThat(ran.code()).as(c.code()).isEqualTo(1);
      assertThat(ran.err()).contains("error[" + c.code() + "]").contains("hint: ");
      assertThat(ran.err().lines().count()).isEqualTo(1);
      assertThat(ran.err()).doesNotContain("Exception").doesNotContain("\tat ");
      assertThat(target).doesNotExist();
    }
  }

  @Test
  void aProgramRefusesAnotherMachineAndOtherShapes() throws IOException {
    Path program = folder.resolve("program");
    assertThat(compileBert(program, 1, 32, 2).code()).isZero();
    Ran shape = lapidary(words(new Object[] {"run", program}, inputs()));
    assertThat(shape.code()).isEqualTo(1);
    assertThat(shape.err()).contains("error[invalid-input]").contains("input_ids");
    Ran machine = lapidary("run", program, "--machine", "survey");
    assertThat(machine.code()).isEqualTo(1);
    assertThat(machine.err()).contains("error[wrong-machine]");
  }

  @Test
  void samplesAreGroupedIntoTheBatchesOfTheModel() throws IOException {
    Path program = folder.resolve("batch");
    Ran compiled = compileBert(program, 2, 16, 4);
    assertThat(compiled.code()).as(compiled.err()).isZero();
    Files.writeString(program.resolve("notes.txt"), "mine");
    Ran again = compileBert(program, 2, 16, 4);
    assertThat(again.code()).isEqualTo(1);
    assertThat(program.resolve("notes.txt")).exists();
  }

  @Test
  void aReferenceRefusesWhatARunRefuses() throws IOException {
    Ran ran =
        lapidary(
            "reference",
            BERT.resolve("model.onnx"),
            "--input",
            "input_ids=" + sample("input_ids"),
            "--output-dir",
            folder.resolve("out"));
    assertThat(ran.code()).isEqualTo(1);
    assertThat(ran.err()).contains("attention_mask").contains("this input is missing");
  }
}
