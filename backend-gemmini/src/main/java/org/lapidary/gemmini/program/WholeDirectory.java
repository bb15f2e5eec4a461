package org.lapidary.gemmini.program;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.lapidary.ir.Diagnostic;
import org.lapidary.ir.Diagnostic.Code;
import org.lapidary.ir.DiagnosticException;

/// A directory that appears under its name only when it is complete.
public final class WholeDirectory {
  /// The file that says what the rest of a directory was made from.
  public static final String ORIGIN = "lapidary-manifest.json";

  private WholeDirectory() {}

  /// Fills a directory.
  @FunctionalInterface
  public interface Filler {
    void fill(Path directory) throws IOException;
  }

  /// Writes a directory, replacing an older one of that name.
  ///
  /// @param replaceable whether a directory that holds files of these names is an older one
  /// @param content what the directory holds, in words
  /// @throws DiagnosticException if something else is there
  public static void write(
      Path directory, Predicate<List<String>> replaceable, String content, Filler filler) {
    Path target = directory.toAbsolutePath().normalize();
    try {
      if (Files.exists(target) && !(Files.isDirectory(target) && replaceable.test(names(target)))) {
        throw new DiagnosticException(
            Diagnostic.error(
                Code.INVALID_INPUT,
                directory.toString(),
                "",
                "is there already and holds something else than " + content,
                "choose another directory"));
      }
      Files.createDirectories(target.getParent());
      Path unfinished = Files.createTempDirectory(target.getParent(), ".lapidary");
      try {
        // Others may read what is inside a directory made for one.
        unfinished.toFile().setReadable(true, false);
        unfinished.toFile().setExecutable(true, false);
        filler.fill(unfinished);
        deleteTree(target);
        Files.move(unfinished, target);
      } finally {
        deleteTree(unfinished);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static List<String> names(Path directory) throws IOException {
    try (Stream<Path> files = Files.list(directory)) {
      return files.map(f -> f.getFileName().toString()).toList();
    }
  }

  private static void deleteTree(Path root) throws IOException {
    if (!Files.exists(root)) {
      return;
    }
    List<Path> all;
    try (Stream<Path> walk = Files.walk(root)) {
      all = walk.sorted(Comparator.reverseOrder()).toList();
    }
    for (Path path : all) {
      Files.delete(path);
    }
  }
}
