package org.lapidary.tools.cli;

import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import org.lapidary.ir.Diagnostic;
import org.lapidary.ir.DiagnosticException;

/// Reading and writing the files a command names; `-` is standard input.
final class Texts {
  private Texts() {}

  static String read(String file) {
    return new String(bytes(file), java.nio.charset.StandardCharsets.UTF_8);
  }

  static byte[] bytes(String file) {
    try {
      return file.equals("-") ? System.in.readAllBytes() : Files.readAllBytes(Path.of(file));
    } catch (IOException e) {
      throw new DiagnosticException(
          Diagnostic.error(
              Diagnostic.Code.FILE_NOT_FOUND, file, "", "cannot be read", "check the path"));
    }
  }

  /// Fills a file.
  @FunctionalInterface
  interface Filler<T> {
    T fill(OutputStream out) throws IOException;
  }

  /// Writes a whole file or none.
  static void write(Path file, byte[] content) {
    write(
        file,
        out -> {
          out.write(content);
          return file;
        });
  }

  /// Writes a whole file or none, a piece at a time.
  static <T> T write(Path file, Filler<T> filler) {
    try {
      Path temporary = file.resolveSibling(file.getFileName() + ".part");
      try {
        T result;
        try (OutputStream out = Files.newOutputStream(temporary)) {
          result = filler.fill(out);
        }
        Files.move(temporary, file, StandardCopyOption.REPLACE_EXISTING);
        return result;
      } finally {
        Files.deleteIfExists(temporary);
      }
    } catch (IOException | UncheckedIOException e) {
      throw new DiagnosticException(
          Diagnostic.error(
              Diagnostic.Code.INVALID_INPUT,
              file.toString(),
              "",
              "cannot be written",
              "check that the folder exists and is writable, and that there is room"));
    }
  }
}
