package org.lapidary.testkit;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/// Exact expected text in a file. `-Dgolden.update=true` writes the actual text there instead of
/// comparing; read the diff before you commit it.
public final class Golden {
  private Golden() {}

  /// Compares text with the content of a file.
  ///
  /// @throws AssertionError at the first line that differs
  public static void check(Path expectedFile, String actual) {
    try {
      if (Boolean.getBoolean("golden.update")) {
        Files.createDirectories(expectedFile.toAbsolutePath().getParent());
        Files.writeString(expectedFile, actual);
        return;
      }
      if (!Files.exists(expectedFile)) {
        throw difference(expectedFile, "it does not exist; actual text:\n" + actual);
      }
      String expected = Files.readString(expectedFile);
      if (!expected.equals(actual)) {
        throw difference(expectedFile, firstDifference(expected, actual));
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static AssertionError difference(Path file, String how) {
    Path relative = Repository.root().toAbsolutePath().relativize(file.toAbsolutePath());
    return new AssertionError(
        relative + ": " + how + "\n(-Dgolden.update=true accepts the actual text)");
  }

  private static String firstDifference(String expected, String actual) {
    List<String> left = expected.lines().toList();
    List<String> right = actual.lines().toList();
    for (int i = 0; i < Math.max(left.size(), right.size()); i++) {
      String l = i < left.size() ? left.get(i) : "(end)";
      String r = i < right.size() ? right.get(i) : "(end)";
      if (!l.equals(r)) {
        return "line %d%n  expected: %s%n  actual:   %s".formatted(i + 1, l, r);
      }
    }
    return "line ends differ";
  }
}
