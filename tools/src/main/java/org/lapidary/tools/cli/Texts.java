package org.lapidary.tools.cli;

import java.io.IOException;
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

  /// Writes a whole file or none.
  static void write(Path file, byte[] content) {
    try {
      Path temporary = file.resolveSibling(file.getFileName() + ".part");
      try {
        Files.write(temporary, content);
        Files.move(temporary, file, StandardCopyOption.REPLACE_EXISTING);
      } finally {
        Files.deleteIfExists(temporary);
      }
    } catch (IOException e) {
      throw new DiagnosticException(
          Diagnostic.error(
              Diagnostic.Code.INVALID_INPUT,
              file.toString(),
              "",
              "cannot be written",
              "check that the folder exists and is writable"));
    }
  }
}
