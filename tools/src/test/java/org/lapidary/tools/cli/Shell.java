package org.lapidary.tools.cli;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.lapidary.testkit.Repository;

/// Runs command lines as a user would.
final class Shell {
  /// The shipped BERT with its samples.
  static final Path BERT = Repository.root().resolve("testdata/models/bert-reviews");

  private Shell() {}

  /// How a command line ended.
  record Ran(int code, String out, String err) {}

  /// The file in which the graph, or what is different in it, was written after a pass.
  static Path dump(Path folder, String pass) throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files
          .filter(f -> String.valueOf(f.getFileName()).matches("[0-9]+-" + Pattern.quote(pass)))
          .findFirst()
          .orElseThrow();
    }
  }

  /// Compiles the shipped BERT, calibrated on a few samples.
  static Ran compileBert(Path target, int batch, int length, int samples, Object... more) {
    List<Object> words = new ArrayList<>(List.of("compile", BERT.resolve("model.onnx")));
    words.addAll(List.of("--dim", "batch=" + batch, "sequence=" + length));
    words.addAll(List.of("--calibrate", BERT.resolve("calibration")));
    words.addAll(List.of("--calibrate-limit", samples, "-o", target));
    words.addAll(List.of(more));
    return lapidary(words.toArray());
  }

  static Ran lapidary(Object... words) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    ByteArrayOutputStream err = new ByteArrayOutputStream();
    String[] args = Arrays.stream(words).map(String::valueOf).toArray(String[]::new);
    int code =
        Main.run(
            new PrintStream(out, true, StandardCharsets.UTF_8),
            new PrintStream(err, true, StandardCharsets.UTF_8),
            args);
    return new Ran(
        code, out.toString(StandardCharsets.UTF_8), err.toString(StandardCharsets.UTF_8));
  }
}
