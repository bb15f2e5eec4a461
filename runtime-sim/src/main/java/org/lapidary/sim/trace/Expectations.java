package org.lapidary.sim.trace;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import org.lapidary.sim.MachineTrap;
import org.lapidary.sim.MainMemory;

/// What main memory must hold after a run: the expect format, `ADDRESS HEXBYTES` a line.
public final class Expectations {
  private record Range(long address, byte[] bytes) {}

  /// A byte that is not what was expected.
  public record Difference(long address, int expected, int actual) {}

  private final List<Range> ranges = new ArrayList<>();

  private Expectations() {}

  /// Reads an expect file, plain or `.gz`.
  ///
  /// @throws TraceException when it cannot be read or a line makes no sense
  public static Expectations read(Path file) {
    Expectations expectations = new Expectations();
    TextFile.read(
        file,
        (number, line) -> {
          String[] words = line.split("\\s+");
          if (words.length != 2) {
            throw new IllegalArgumentException("expected two words");
          }
          expectations.ranges.add(
              new Range(Long.parseUnsignedLong(words[0], 16), HexFormat.of().parseHex(words[1])));
        });
    return expectations;
  }

  /// The first byte, in the order of the file, that memory holds differently.
  public Optional<Difference> firstDifference(MainMemory memory) {
    for (Range range : ranges) {
      byte[] actual;
      try {
        actual = memory.load(range.address(), range.bytes().length);
      } catch (MachineTrap e) {
        throw new TraceException("expectation: " + e.getMessage(), e);
      }
      int at = Arrays.mismatch(range.bytes(), actual);
      if (at >= 0) {
        return Optional.of(
            new Difference(range.address() + at, range.bytes()[at] & 0xFF, actual[at] & 0xFF));
      }
    }
    return Optional.empty();
  }
}
