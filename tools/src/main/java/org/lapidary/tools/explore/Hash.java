package org.lapidary.tools.explore;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import java.util.stream.Stream;

/// SHA-256 of texts and files.
public final class Hash {
  private static final int SHOWN = 16;

  private final MessageDigest sha;

  private Hash() {
    try {
      sha = MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java has SHA-256", e);
    }
  }

  /// Of texts, none of which runs into the next.
  public static String of(List<String> texts) {
    Hash hash = new Hash();
    texts.forEach(hash::add);
    return HexFormat.of().formatHex(hash.sha.digest()).substring(0, SHOWN);
  }

  /// Of a file, or of everything in a directory, wherever it is.
  public static String of(Path file) {
    Hash hash = new Hash();
    for (Path part : files(file)) {
      hash.add(file.relativize(part).toString());
      hash.addContent(part);
    }
    return HexFormat.of().formatHex(hash.sha.digest());
  }

  /// The file itself, or the files inside a directory, in order.
  public static List<Path> files(Path file) {
    try (Stream<Path> all = Files.walk(file)) {
      return all.filter(Files::isRegularFile).sorted().toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private void add(String text) {
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    sha.update((bytes.length + ":").getBytes(StandardCharsets.UTF_8));
    sha.update(bytes);
  }

  private void addContent(Path file) {
    byte[] piece = new byte[1 << 16];
    try (InputStream in = Files.newInputStream(file)) {
      add(Long.toString(Files.size(file)));
      for (int n = in.read(piece); n >= 0; n = in.read(piece)) {
        sha.update(piece, 0, n);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
