package org.lapidary.sim.timing;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.zip.GZIPInputStream;

/// A recorded command stream: per line `funct rs1 rs2` in hexadecimal, `#` starting a comment.
final class CommandTrace {
  private static final int WORDS = 3;

  private CommandTrace() {}

  /// Reads a trace, compressed if its name ends in `.gz`, as triples of funct, rs1, rs2.
  static long[] read(Path file) {
    if (!Files.isReadable(file)) {
      throw new CycleTable.TableException(file + ": no such file");
    }
    try (InputStream in = Files.newInputStream(file);
        var reader =
            new BufferedReader(
                new InputStreamReader(
                    file.toString().endsWith(".gz") ? new GZIPInputStream(in) : in,
                    StandardCharsets.UTF_8))) {
      long[] words = new long[WORDS * 256];
      int used = 0;
      int number = 0;
      for (String line = reader.readLine(); line != null; line = reader.readLine()) {
        number++;
        if (line.isBlank() || line.startsWith("#")) {
          continue;
        }
        if (used == words.length) {
          words = Arrays.copyOf(words, 2 * used);
        }
        parse(file, number, line, words, used);
        used += WORDS;
      }
      return Arrays.copyOf(words, used);
    } catch (IOException e) {
      throw new CycleTable.TableException(file + ": " + e.getMessage());
    }
  }

  private static void parse(Path file, int number, String line, long[] words, int at) {
    String[] field = line.strip().split("\\s+");
    if (field.length != WORDS) {
      throw new CycleTable.TableException(
          file + ":" + number + ": expected funct, rs1 and rs2, not: " + line);
    }
    for (int i = 0; i < WORDS; i++) {
      try {
        words[at + i] = Long.parseUnsignedLong(field[i], 16);
      } catch (NumberFormatException e) {
        throw new CycleTable.TableException(
            file + ":" + number + ": not a hexadecimal number: " + field[i]);
      }
    }
  }

  /// Feeds the trace to a model and waits for it to drain; returns the model's cycle count.
  static long run(long[] words, CycleModel model) {
    for (int i = 0; i < words.length; i += WORDS) {
      model.command((int) words[i], words[i + 1], words[i + 2]);
    }
    return model.cycles();
  }
}
