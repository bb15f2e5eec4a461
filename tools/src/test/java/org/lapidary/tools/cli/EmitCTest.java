package org.lapidary.tools.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;
import static org.lapidary.tools.cli.Shell.lapidary;

import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.lapidary.testkit.Repository;

/// From a model to C that runs: what the README says about hardware, without hardware.
class EmitCTest {
  private static final Path MODEL = Repository.root().resolve("testdata/models/bert-reviews");

  @TempDir Path folder = Path.of("");

  private static void require(String tool) {
    boolean there =
        Stream.of(System.getenv("PATH").split(File.pathSeparator))
            .anyMatch(place -> Files.isExecutable(Path.of(place, tool)));
    assumeTrue(there, tool + " is not installed; .ci/run says which packages there are");
  }

  private String make(Path project, String target) throws IOException, InterruptedException {
    Process process =
        new ProcessBuilder("make", "-s", "-C", project.toString(), target)
            .redirectErrorStream(true)
            .start();
    String text = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor()).as(text).isZero();
    return text;
  }

  @Test
  void generatedCComputesWhatTheProgramDoes() throws Exception {
    Path program = folder.resolve("2 words");
    Path project = folder.resolve("2 words.c");
    Shell.Ran compiled =
        lapidary(
            "compile",
            MODEL.resolve("model.onnx"),
            "-o",
            program,
            "--emit",
            "c",
            "--dim",
            "batch=1",
            "--dim",
            "sequence=16",
            "--calibrate",
            MODEL.resolve("calibration"),
            "--calibrate-limit",
            "2");
    assertThat(compiled.code()).as(compiled.err()).isZero();
    assertThat(Files.readString(project.resolve("README.md")))
        .contains("dim = 16", "semantics `rtl`", "model gemmini-event-1, mean error")
        .doesNotContain("@");
    require("make");
    require("cc");
    assertThat(make(project, "native-stub")).isEmpty();
    Shell.Ran ran = lapidary("cosim", program, "--", project.resolve("m_2_words_native_stub"));
    assertThat(ran.out()).contains("as expected: logits", "those of the program");
    assertThat(ran.code()).isZero();
    require("riscv64-linux-gnu-gcc");
    require("qemu-riscv64");
    assertThat(make(project, "linux-stub")).isEmpty();
    Shell.Ran emulated =
        lapidary(
            "cosim",
            program,
            "--json",
            "--",
            "qemu-riscv64",
            project.resolve("m_2_words_linux_stub"));
    assertThat(emulated.out())
        .contains("\"exit_code\" : 0", "\"commands_are_the_programs\" : true");
    Path weights = project.resolve("m_2_words_weights.bin");
    Files.write(weights, new byte[Math.toIntExact(Files.size(weights))]);
    assertThat(make(project, "native-stub")).isEmpty();
    Shell.Ran wrong = lapidary("cosim", program, "--", project.resolve("m_2_words_native_stub"));
    assertThat(wrong.code()).isEqualTo(1);
  }

  @Test
  void setsOfProgramsHaveNoForm() {
    Shell.Ran ran =
        lapidary(
            "compile",
            MODEL.resolve("model.onnx"),
            "-o",
            folder.resolve("set"),
            "--generate",
            "16",
            "--emit",
            "c");
    assertThat(ran.code()).isEqualTo(1);
    assertThat(ran.err()).contains("--emit c", "hint: leave out --generate");
    assertThat(folder).isEmptyDirectory();
  }
}
