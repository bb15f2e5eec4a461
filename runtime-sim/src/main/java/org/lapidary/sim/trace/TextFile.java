package org.lapidary.sim.trace;

import java.io.BufferedReader;
import java.io.BufferedWriter;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.io.OutputStreamWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.zip.GZIPInputStream;
import java.util.zip.GZIPOutputStream;

/// Lines of text in a file, compressed where the name ends in `.gz`.
final class TextFile {
  private TextFile() {}

  /// Takes one line after another, without its comment.
  @FunctionalInterface
  interface LineReader {
    void line(int number, String text);
  }

  /// Hands every line that is neither blank nor only a comment to `reader`.
  static void read(Path file, LineReader reader) {
    try (InputStream bytes = Files.newInputStream(file);
        InputStream plain = isCompressed(file) ? new GZIPInputStream(bytes) : bytes;
        BufferedReader lines =
            new BufferedReader(new InputStreamReader(plain, StandardCharsets.US_ASCII))) {
      int number = 0;
      String line;
      while ((line = lines.readLine()) != null) {
        number++;
        int comment = line.indexOf('#');
        String content = (comment < 0 ? line : line.substring(0, comment)).strip();
        if (!content.isEmpty()) {
          readLine(file, reader, number, content);
        }
      }
    } catch (IOException e) {
      throw new TraceException(file + ": " + e.getMessage(), e);
    }
  }

  private static void readLine(Path file, LineReader reader, int number, String content) {
    try {
      reader.line(number, content);
    } catch (IllegalArgumentException e) {
      throw new TraceException(
          "%s:%d: '%s' is no line of this format: %s"
              .formatted(file, number, abbreviate(content), e.getMessage()),
          e);
    }
  }

  private static String abbreviate(String text) {
    return text.length() <= 60 ? text : text.substring(0, 57) + "...";
  }

  static BufferedWriter write(Path file) {
    try {
      OutputStream bytes = Files.newOutputStream(file);
      OutputStream out = isCompressed(file) ? new GZIPOutputStream(bytes) : bytes;
      return new BufferedWriter(new OutputStreamWriter(out, StandardCharsets.US_ASCII));
    } catch (IOException e) {
      throw new TraceException(file + ": " + e.getMessage(), e);
    }
  }

  private static boolean isCompressed(Path file) {
    return file.toString().endsWith(".gz");
  }
}
