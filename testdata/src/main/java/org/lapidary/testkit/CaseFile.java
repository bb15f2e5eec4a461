package org.lapidary.testkit;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/// A text file whose first line, behind `//`, says what is done with it, and whose sibling with the
/// extension `.expect` holds the exact text that comes out.
///
/// @param file below `testdata/cases/<room>/<topic>/`
public record CaseFile(Path file) {
  private static final String EXPECTED = ".expect";

  /// The cases of one room, sorted by name.
  public static List<CaseFile> of(String room) {
    return files(directory().resolve(room)).stream()
        .filter(f -> !f.toString().endsWith(EXPECTED))
        .map(CaseFile::new)
        .toList();
  }

  /// Files without a counterpart: expectations of cases that are gone, cases nobody ever ran.
  public static List<Path> orphans() {
    return orphans(directory());
  }

  static List<Path> orphans(Path directory) {
    List<Path> orphans = new ArrayList<>();
    List<Path> all = files(directory);
    for (Path file : all) {
      boolean expectation = file.toString().endsWith(EXPECTED);
      boolean paired =
          expectation
              ? all.stream().anyMatch(f -> !f.equals(file) && stem(f).equals(stem(file)))
              : Files.exists(new CaseFile(file).expected());
      if (!paired) {
        orphans.add(file);
      }
    }
    return orphans;
  }

  /// The command on the first line, in words.
  public List<String> command() {
    String first = text().lines().findFirst().orElse("");
    if (!first.startsWith("//")) {
      throw new IllegalStateException(file + ": the first line must be // and a command");
    }
    return List.of(first.substring(2).strip().split("\\s+"));
  }

  /// The whole text, the first line included, so that line numbers in messages are right.
  public String text() {
    try {
      return Files.readString(file);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /// Compares what came out with what is expected.
  ///
  /// @throws AssertionError if it differs
  public void check(String actual) {
    Golden.check(expected(), actual);
  }

  /// `room/topic/name`, for test reports.
  @Override
  public String toString() {
    return stem(directory().relativize(file));
  }

  private Path expected() {
    return Path.of(stem(file) + EXPECTED);
  }

  private static Path directory() {
    return Repository.root().resolve("testdata").resolve("cases");
  }

  private static String stem(Path file) {
    return file.toString().replaceFirst("\\.[^./]*$", "");
  }

  private static List<Path> files(Path directory) {
    if (!Files.isDirectory(directory)) {
      return List.of();
    }
    try (Stream<Path> walk = Files.walk(directory)) {
      return walk.filter(Files::isRegularFile).sorted().toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
