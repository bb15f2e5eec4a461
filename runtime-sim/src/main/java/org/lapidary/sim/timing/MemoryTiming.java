package org.lapidary.sim.timing;

import org.lapidary.machine.GemminiParams;

/// The main memory and the processor as the accelerator sees them.
///
/// @param latency cycles from the handshake of a read to its first beat; a write is acknowledged as
///   many cycles after its last beat
/// @param beatInterval cycles per 16-byte beat of read data, 1 for the full bus width
/// @param commandGap least number of cycles between two commands accepted from the processor
/// @param cache true when a 512 KiB cache with hit latency 6 stands in front of that memory
///   (rtl/README "Memory models", L2)
public record MemoryTiming(int latency, int beatInterval, int commandGap, boolean cache) {
  public MemoryTiming {
    if (latency < 1 || beatInterval < 1 || commandGap < 1) {
      throw new IllegalArgumentException(
          "latency, beat interval and command gap are at least 1 cycle, not "
              + latency
              + ", "
              + beatInterval
              + ", "
              + commandGap);
    }
  }

  /// The memory a machine configuration names, with a processor that never keeps it waiting.
  public static MemoryTiming of(GemminiParams params) {
    return flat(params.memLatencyCycles(), params.memBeatIntervalCycles(), 1);
  }

  /// Flat memory: every access takes the same time.
  public static MemoryTiming flat(int latency, int beatInterval, int commandGap) {
    return new MemoryTiming(latency, beatInterval, commandGap, false);
  }
}
