package org.lapidary.gemmini.search;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import org.lapidary.gemmini.emit.Tiling;

/// Choices made before, in memory and, where a directory is given, across runs. A file is written
/// whole or not at all; one that is not exactly what was written is ignored, and so is a directory
/// that cannot be written to. The search is deterministic, so a cache changes time alone.
public final class TilingCache {
  private final Optional<Path> directory;
  private final Map<TilingKey, Choice> memory = new ConcurrentHashMap<>();

  private TilingCache(Optional<Path> directory) {
    this.directory = directory;
  }

  /// A cache that ends with the process.
  public static TilingCache inMemory() {
    return new TilingCache(Optional.empty());
  }

  /// A cache in a directory, which is made when something is to be kept.
  public static TilingCache in(Path directory) {
    return new TilingCache(Optional.of(directory));
  }

  Optional<Choice> get(TilingKey key) {
    Choice known = memory.get(key);
    if (known != null) {
      return Optional.of(known);
    }
    Optional<Choice> read = directory.flatMap(d -> read(file(d, key), key));
    read.ifPresent(c -> memory.put(key, c));
    return read;
  }

  void put(TilingKey key, Choice choice) {
    memory.put(key, choice);
    directory.ifPresent(d -> write(d, key, choice));
  }

  private static Path file(Path directory, TilingKey key) {
    return directory.resolve(hash(key.text()) + ".tiling");
  }

  private static Optional<Choice> read(Path file, TilingKey key) {
    try {
      List<String> lines = Files.readAllLines(file);
      String cycles = lines.get(2);
      Choice choice = new Choice(Tiling.parse(lines.get(1)), Long.parseLong(cycles));
      return String.join("\n", lines).equals(text(key, choice).strip())
          ? Optional.of(choice)
          : Optional.empty();
    } catch (IOException | RuntimeException _) {
      return Optional.empty(); // missing, or not ours
    }
  }

  private static void write(Path directory, TilingKey key, Choice choice) {
    try {
      Files.createDirectories(directory);
      Path whole = Files.createTempFile(directory, "new", ".tmp");
      Files.writeString(whole, text(key, choice));
      Files.move(
          whole,
          file(directory, key),
          StandardCopyOption.ATOMIC_MOVE,
          StandardCopyOption.REPLACE_EXISTING);
    } catch (IOException _) {
      // A cache that cannot be kept only costs time.
    }
  }

  private static String text(TilingKey key, Choice choice) {
    String content = "%s\n%s\n%d".formatted(key.text(), choice.tiling().text(), choice.cycles());
    return content + "\n" + hash(content) + "\n";
  }

  static String hash(String text) {
    try {
      byte[] digest =
          MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8));
      return HexFormat.of().formatHex(digest);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every JDK has SHA-256", e);
    }
  }
}
