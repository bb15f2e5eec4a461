package org.lapidary.frontend.onnx;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/// Models that are not part of the repository; tests on them are skipped where there are none.
final class Shared {
  private Shared() {}

  static Path root() {
    return Path.of(System.getProperty("lapidary.root"));
  }

  static Path models() {
    Path models = root().resolve("../shared/models").normalize();
    assumeTrue(Files.isDirectory(models), "../shared/models not present: no models to compare");
    return models;
  }

  /// All models below some folders, sorted.
  static List<Path> onnx(String... folders) {
    return Stream.of(folders).flatMap(f -> below(models().resolve(f)).stream()).toList();
  }

  private static List<Path> below(Path folder) {
    try (Stream<Path> files = Files.walk(folder)) {
      return files.filter(p -> p.toString().endsWith(".onnx")).sorted().toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
