package org.lapidary.sim.trace;

import java.io.BufferedWriter;
import java.io.IOException;
import java.nio.file.Path;
import java.util.BitSet;
import java.util.HexFormat;
import org.lapidary.sim.AccessObserver;
import org.lapidary.sim.MainMemory;
import org.lapidary.sim.Simulator;

/// Records what the accelerator saw: commands and the host's stores as `PREFIX.trace`, and when
/// closed the bytes it wrote as `PREFIX.expect`. The trace starts from zeroed memory: what memory
/// holds when recording starts is stored first.
public final class Recorder implements AccessObserver, MainMemory.HostStores, AutoCloseable {
  private static final int BYTES_PER_LINE = 64;

  private final Path prefix;
  private final Simulator simulator;
  private final MainMemory memory;
  private final BufferedWriter trace;
  private final BitSet written = new BitSet();

  private Recorder(Path prefix, Simulator simulator) {
    this.prefix = prefix;
    this.simulator = simulator;
    this.memory = simulator.memory();
    this.trace = TextFile.write(withSuffix(prefix, ".trace"));
  }

  /// Starts to record.
  ///
  /// @throws TraceException when the file cannot be written
  public static Recorder start(Path prefix, Simulator simulator) {
    Recorder recorder = new Recorder(prefix, simulator);
    recorder.storeInitialMemory();
    simulator.observe(recorder);
    recorder.memory.observeHostStores(recorder);
    return recorder;
  }

  private static Path withSuffix(Path prefix, String suffix) {
    return prefix.resolveSibling(prefix.getFileName() + suffix);
  }

  @Override
  public void command(long index, int funct, long rs1, long rs2) {
    print(
        trace,
        Integer.toHexString(funct) + " " + Long.toHexString(rs1) + " " + Long.toHexString(rs2));
  }

  @Override
  public void stored(long address, byte[] data, int from, int length) {
    for (int at = 0; at < length; at += BYTES_PER_LINE) {
      printStore(address + at, data, from + at, Math.min(BYTES_PER_LINE, length - at));
    }
  }

  /// Stores what memory holds already, but for the lines of zeros.
  private void storeInitialMemory() {
    byte[] bytes = memory.bytes();
    for (int at = 0; at < bytes.length; at += BYTES_PER_LINE) {
      int count = Math.min(BYTES_PER_LINE, bytes.length - at);
      if (!isZero(bytes, at, count)) {
        printStore(memory.base() + at, bytes, at, count);
      }
    }
  }

  private void printStore(long address, byte[] data, int from, int count) {
    String hex = HexFormat.of().formatHex(data, from, from + count);
    print(trace, "W " + Long.toHexString(address) + " " + hex);
  }

  private static boolean isZero(byte[] data, int from, int count) {
    for (int i = from; i < from + count; i++) {
      if (data[i] != 0) {
        return false;
      }
    }
    return true;
  }

  @Override
  public void memoryWritten(long address, int bytes) {
    int at = memory.index(address, bytes);
    written.set(at, at + bytes);
  }

  /// Stops recording and writes what the accelerator wrote.
  @Override
  public void close() {
    simulator.observe(null);
    memory.observeHostStores(null);
    try (BufferedWriter done = trace;
        BufferedWriter expect = TextFile.write(withSuffix(prefix, ".expect"))) {
      for (int from = written.nextSetBit(0); from >= 0; from = written.nextSetBit(from)) {
        int end = written.nextClearBit(from);
        while (from < end) {
          int count = Math.min(BYTES_PER_LINE, end - from);
          String hex = HexFormat.of().formatHex(memory.bytes(), from, from + count);
          print(expect, Long.toHexString(memory.base() + from) + " " + hex);
          from += count;
        }
      }
      done.flush();
    } catch (IOException e) {
      throw new TraceException(prefix + ": " + e.getMessage(), e);
    }
  }

  private void print(BufferedWriter out, String line) {
    try {
      out.write(line);
      out.write('\n');
    } catch (IOException e) {
      throw new TraceException(prefix + ": " + e.getMessage(), e);
    }
  }
}
