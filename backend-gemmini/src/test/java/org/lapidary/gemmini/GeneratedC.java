package org.lapidary.gemmini;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.lapidary.gemmini.c.CoSimulation;
import org.lapidary.gemmini.program.Program;

/// Compiles and runs generated C with whatever compilers are installed.
final class GeneratedC {
  private GeneratedC() {}

  /// Skips a test where a tool is missing.
  static void require(String... tools) {
    for (String tool : tools) {
      boolean there =
          Stream.of(System.getenv("PATH").split(File.pathSeparator))
              .anyMatch(folder -> Files.isExecutable(Path.of(folder, tool)));
      assumeTrue(there, tool + " is not installed; .ci/run says which packages there are");
    }
  }

  /// Runs a command that must succeed without a word on standard error: no warning.
  static String quietly(Path folder, String... command) throws IOException, InterruptedException {
    Path errors = Files.createTempFile("generated-c", ".txt");
    Process process =
        new ProcessBuilder(command)
            .directory(folder.toFile())
            .redirectError(errors.toFile())
            .start();
    String text = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    int code = process.waitFor();
    assertThat(Files.readString(errors)).as(String.join(" ", command)).isEmpty();
    Files.delete(errors);
    assertThat(code).as(String.join(" ", command)).isZero();
    return text;
  }

  /// Builds for this machine, and runs on the simulator.
  static String runNatively(Program program, Path folder, String name)
      throws IOException, InterruptedException {
    require("make", "cc");
    quietly(folder, "make", "-s", "native-stub");
    return run(program, folder, "./" + name + "_native_stub");
  }

  /// Runs on the simulator; all commands are the program's.
  static String run(Program program, Path folder, String... command) throws IOException {
    CoSimulation.Ended ended = CoSimulation.run(program, List.of(command), folder);
    assertThat(ended.difference()).as(ended.text()).isEmpty();
    assertThat(ended.code() == 0).as(ended.text()).isEqualTo(ended.text().contains("as expected"));
    return ended.text();
  }
}
