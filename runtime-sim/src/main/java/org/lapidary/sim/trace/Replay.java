package org.lapidary.sim.trace;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.lapidary.machine.GemminiParams;
import org.lapidary.machine.Semantics;
import org.lapidary.sim.MainMemory;
import org.lapidary.sim.Simulator;

/// One trace, run from given memory on a given machine.
///
/// @param memory how main memory starts
/// @param base address of the first byte of main memory
public record Replay(
    Path trace, GemminiParams params, Semantics semantics, InitialMemory memory, long base) {

  /// How main memory starts: zeros, or the bytes of a file.
  public sealed interface InitialMemory {
    /// So many zeros.
    record Zeros(long bytes) implements InitialMemory {}

    /// The bytes of a file.
    record Image(Path file) implements InitialMemory {}

    /// Reads `zero:SIZE`, SIZE being bytes or a number followed by K, M or G, or a file's name.
    ///
    /// @throws TraceException when the size is no number
    static InitialMemory parse(String text) {
      if (!text.startsWith("zero:")) {
        return new Image(Path.of(text));
      }
      String size = text.substring("zero:".length());
      int scale =
          size.isEmpty()
              ? -1
              : "KMG".indexOf(Character.toUpperCase(size.charAt(size.length() - 1)));
      try {
        String digits = scale < 0 ? size : size.substring(0, size.length() - 1);
        return new Zeros(Long.decode(digits) << (10 * (scale + 1)));
      } catch (NumberFormatException e) {
        throw new TraceException("'" + text + "' is no memory size; write for example zero:64M", e);
      }
    }
  }

  /// Something that is not as expected. The address is a memory address in hexadecimal, or names a
  /// whole memory where only hashes are compared, or is empty where the run ended in a trap.
  public record Failure(String name, String address, String expected, String actual) {}

  /// Runs the trace to its end.
  ///
  /// @return the machine afterwards
  /// @throws TraceException when a file cannot be read
  /// @throws org.lapidary.sim.MachineTrap when a command cannot be carried out
  public Simulator run() {
    Simulator simulator = new Simulator(params, semantics, initialMemory());
    TraceFile.read(
        trace,
        new TraceFile.Visitor() {
          @Override
          public void hostStore(long address, byte[] data) {
            simulator.memory().store(address, data);
          }

          @Override
          public void command(int funct, long rs1, long rs2) {
            simulator.execute(funct, rs1, rs2);
          }
        });
    return simulator;
  }

  private MainMemory initialMemory() {
    return switch (memory) {
      case InitialMemory.Zeros zeros -> new MainMemory(base, zeros.bytes());
      case InitialMemory.Image image -> {
        byte[] bytes = readAll(image.file());
        MainMemory loaded = new MainMemory(base, bytes.length);
        loaded.store(base, bytes);
        yield loaded;
      }
    };
  }

  private static byte[] readAll(Path file) {
    try {
      return Files.readAllBytes(file);
    } catch (IOException e) {
      throw new TraceException("cannot read " + file + ": " + e.getMessage(), e);
    }
  }

  /// The first byte of main memory that is not as an expect file says, as a failure called `name`.
  public static Optional<Failure> check(String name, Simulator simulator, Path expect) {
    return Expectations.read(expect)
        .firstDifference(simulator.memory())
        .map(d ->
            new Failure(
                name,
                "0x%x".formatted(d.address()),
                "%02x".formatted(d.expected()),
                "%02x".formatted(d.actual())));
  }

  /// The accumulator as little-endian int32 rows, the form in which it is dumped and hashed.
  public static byte[] accumulatorBytes(Simulator simulator) {
    int[] rows = simulator.accumulator();
    ByteBuffer bytes = ByteBuffer.allocate(rows.length * Integer.BYTES);
    bytes.order(ByteOrder.LITTLE_ENDIAN).asIntBuffer().put(rows);
    return bytes.array();
  }
}
