package org.lapidary.tools.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.lapidary.tools.cli.Shell.lapidary;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The completion script, in a real bash.
final class CompletionTest {
  @TempDir Path folder = Path.of("");

  @Test
  void bashCompletesCommandsOptionsAndValues() throws IOException {
    Path script = folder.resolve("completion");
    Files.writeString(script, lapidary("completion").out());
    assertThat(completed(script, "comp")).containsExactly("compile", "completion");
    assertThat(completed(script, "compile", "--calibrate"))
        .contains("--calibrate", "--calibrate-limit");
    assertThat(completed(script, "run", "--sem")).containsExactly("--semantics");
    assertThat(completed(script, "compile", "--semantics", "LIB")).contains("LIBGEMMINI");
    assertThat(completed(script, "nothing")).isEmpty();
  }

  /// What bash offers for the last of some words; fails if bash complains of the script.
  private static List<String> completed(Path script, String... words) throws IOException {
    // compopt works only while a person presses the key.
    String ask =
        "compopt() { :; }; source '%s' && COMP_WORDS=(lapidary %s) COMP_CWORD=%d && _complete_lapidary && printf '%%s\\n' \"${COMPREPLY[@]}\""
            .formatted(script, String.join(" ", words), words.length);
    Process bash =
        new ProcessBuilder("bash", "--noprofile", "--norc", "-c", ask)
            .redirectErrorStream(true)
            .start();
    String out = new String(bash.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    return out.lines().map(String::strip).filter(line -> !line.isEmpty()).sorted().toList();
  }
}
