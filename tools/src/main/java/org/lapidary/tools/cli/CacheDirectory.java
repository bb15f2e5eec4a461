package org.lapidary.tools.cli;

import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.Optional;

/// Where caches are kept. Source: XDG Base Directory Specification.
final class CacheDirectory {
  private static final String NAME = "lapidary";

  private CacheDirectory() {}

  /// `$XDG_CACHE_HOME/lapidary`, or `~/.cache/lapidary` where that is not an absolute path.
  static Path standard() {
    return Optional.ofNullable(System.getenv("XDG_CACHE_HOME"))
        .flatMap(CacheDirectory::absolute)
        .orElseGet(() -> Path.of(System.getProperty("user.home"), ".cache"))
        .resolve(NAME);
  }

  private static Optional<Path> absolute(String text) {
    try {
      return Optional.of(Path.of(text)).filter(Path::isAbsolute);
    } catch (InvalidPathException _) {
      return Optional.empty();
    }
  }
}
