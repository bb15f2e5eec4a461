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
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.lapidary.testkit.Repository;

/// From a model to C that runs: what the README says about hardware, without hardware.
class EmitCTest {
  private static final Path ZOO = Repository.root().resolve("testdata/models/zoo");

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
            ZOO.resolve("bert-script-11.onnx"),
            "-o",
            program,
            "--emit",
            "c",
            "--dim",
            "batch=1",
            "--dim",
            "sequence=16",
            "--calibrate",
            ZOO.resolve("bert-script-11.npz"));
    assertThat(compiled.code()).as(compiled.err()).isZero();
    assertThat(Files.readString(project.resolve("README.md")))
        .contains("dim = 16", "semantics `rtl`", "model gemmini-event-1, mean error")
        .doesNotContain("@");
    Shell.Ran early = lapidary("cosim", program, "--", project.resolve("m_2_words_native_stub"));
    assertThat(early.code()).isEqualTo(1);
    assertThat(early.err()).contains("cannot be run", "hint: build it first");
    require("make");
    require("cc");
    assertThat(make(project, "native-stub")).isEmpty();
    Shell.Ran ran = lapidary("cosim", program, "--", project.resolve("m_2_words_native_stub"));
    assertThat(ran.out()).contains("as expected: ", "those of the program");
    assertThat(ran.code()).isZero();
  }

  @ParameterizedTest
  @ValueSource(strings = {"c", "trace"})
  void setsOfProgramsHaveNoForm(String form) {
    Shell.Ran ran =
        lapidary(
            "compile",
            ZOO.resolve("bert-script-11.onnx"),
            "-o",
            folder.resolve("set"),
            "--generate",
            "16",
            "--emit",
            form);
    assertThat(ran.code()).isEqualTo(1);
    assertThat(ran.err()).contains("--emit " + form, "hint: leave out --generate");
    assertThat(folder).isEmptyDirectory();
  }
}
