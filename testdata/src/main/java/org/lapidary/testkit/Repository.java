package org.lapidary.testkit;

import java.nio.file.Files;
import java.nio.file.Path;

/// Where things are: the root of the checkout, and the folder `shared` beside it that not every
/// clone has.
public final class Repository {
  private Repository() {}

  /// The root of the checkout: the system property `lapidary.root` that the build sets, or the
  /// nearest directory above that holds `testdata`, for runs from an editor.
  public static Path root() {
    String property = System.getProperty("lapidary.root");
    if (property != null) {
      return Path.of(property);
    }
    Path directory = Path.of("").toAbsolutePath();
    while (!Files.isDirectory(directory.resolve("testdata"))) {
      Path parent = directory.getParent();
      if (parent == null) {
        throw new IllegalStateException("not inside a checkout, and lapidary.root is not set");
      }
      directory = parent;
    }
    return directory;
  }

  /// A file or folder of `shared`, whether it exists or not.
  public static Path shared(String relative) {
    return root().resolveSibling("shared").resolve(relative);
  }

  /// The reason for skipping a test that needs a file or folder of `shared`:
  /// `assumeTrue(Files.exists(path), Repository.absent(path))`.
  public static String absent(Path path) {
    return "…/shared not present: " + root().resolveSibling("shared").relativize(path);
  }
}
