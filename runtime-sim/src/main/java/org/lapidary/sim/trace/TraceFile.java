package org.lapidary.sim.trace;

import java.nio.file.Path;
import java.util.HexFormat;

/// The trace format: `FUNCT RS1 RS2` in hexadecimal, one command a line, and `W ADDRESS HEXBYTES`
/// for stores by the CPU.
public final class TraceFile {
  private TraceFile() {}

  /// Takes what a trace says, in order.
  public interface Visitor {
    /// The CPU stores `data` at `address`.
    void hostStore(long address, byte[] data);

    /// The CPU issues a command.
    void command(int funct, long rs1, long rs2);
  }

  /// Reads a trace, plain or `.gz`.
  ///
  /// @throws TraceException when it cannot be read or a line makes no sense
  public static void read(Path file, Visitor visitor) {
    TextFile.read(
        file,
        (number, line) -> {
          String[] words = line.split("\\s+");
          if (words.length != 3) {
            throw new IllegalArgumentException("expected three words");
          } else if (words[0].equals("W")) {
            visitor.hostStore(
                Long.parseUnsignedLong(words[1], 16), HexFormat.of().parseHex(words[2]));
            return;
          }
          visitor.command(
              Integer.parseInt(words[0], 16),
              Long.parseUnsignedLong(words[1], 16),
              Long.parseUnsignedLong(words[2], 16));
        });
  }
}
