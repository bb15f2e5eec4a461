package org.lapidary.architecture;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// What a room must never say, because saying it would mean knowing it.
final class ForbiddenWordsTest {
  private static final Path ROOT = Path.of(System.getProperty("lapidary.root", ".."));

  @ParameterizedTest
  @CsvSource(
      delimiter = ';',
      textBlock =
          """
          ir;              protobuf|scratchpad|systolic
          frontend;        calibrat|scratchpad|mvin|mvout
          passes;          protobuf|scratchpad|mvin|LocalAddr|DramAddr
          runtime-sim;     org\\.lapidary\\.ir|protobuf|onnx
          backend-gemmini; protobuf|org\\.lapidary\\.frontend
          """)
  void areNotSaid(String module, String words) throws IOException {
    Pattern forbidden = Pattern.compile(words);
    List<String> said = new ArrayList<>();
    try (Stream<Path> files = Files.walk(ROOT.resolve(module).resolve("src/main/java"))) {
      for (Path file : files.filter(f -> f.toString().endsWith(".java")).sorted().toList()) {
        List<String> lines = Files.readAllLines(file);
        for (int i = 0; i < lines.size(); i++) {
          boolean absence = lines.get(i).contains("Must not know");
          if (!absence && forbidden.matcher(lines.get(i)).find()) {
            said.add(ROOT.relativize(file) + ":" + (i + 1) + ": " + lines.get(i).strip());
          }
        }
      }
    }
    assertThat(said).isEmpty();
  }

  @ParameterizedTest
  @CsvSource({"ir", "frontend", "passes", "runtime-sim", "backend-gemmini", "tools", "testdata"})
  void everyPackageSaysWhatItMustNotKnow(String module) throws IOException {
    List<String> silent = new ArrayList<>();
    try (Stream<Path> files = Files.walk(ROOT.resolve(module).resolve("src/main/java"))) {
      for (Path dir : files.filter(Files::isDirectory).sorted().toList()) {
        boolean holdsCode;
        try (Stream<Path> inside = Files.list(dir)) {
          holdsCode = inside.anyMatch(f -> f.toString().endsWith(".java"));
        }
        Path info = dir.resolve("package-info.java");
        if (holdsCode && !(Files.exists(info) && prose(info).contains("Must not know"))) {
          silent.add(ROOT.relativize(dir).toString());
        }
      }
    }
    assertThat(silent).isEmpty();
  }

  /// The comment of a package without its line breaks.
  private static String prose(Path info) throws IOException {
    return Files.readString(info).replaceAll("\\s*\\R///\\s*", " ");
  }
}
