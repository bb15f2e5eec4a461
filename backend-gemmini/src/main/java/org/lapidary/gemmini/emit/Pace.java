package org.lapidary.gemmini.emit;

import org.lapidary.machine.GemminiParams;
import org.lapidary.machine.isa.LocalAddr;

/// Roughly how long commands keep their unit busy. It only decides where among the commands of the
/// other units a command is written; what a program takes is for the cycle model to say. Source:
/// rtl/README.md, rules 2 to 5.
record Pace(GemminiParams machine) {
  private static final int CONFIG = 2;
  private static final int STATISTICS_OVERHEAD = 7;
  private static final int GATHER = 3;
  private static final int INT_BYTES = 4;

  /// Cycles of a load.
  ///
  /// @param repeats whether it reads one row and writes it many times
  long load(long local, boolean repeats) {
    int cols = cols(local);
    int rows = rows(local);
    if (repeats) {
      return Math.max(rows, (machine.memLatencyCycles() + 31) / 2);
    }
    // An int32 block is one tile wide; what is wider is int8.
    boolean wide = new LocalAddr((int) local).isAccumulator() && cols <= machine.dim();
    long beats = (long) rows * ceil(wide ? INT_BYTES * cols : cols, machine.busBytes());
    return Math.max(beats * machine.memBeatIntervalCycles(), waiting(rows, beats));
  }

  /// What a load takes if only latency counts, so many requests being under way.
  private long waiting(int rows, long beats) {
    long latency = machine.memLatencyCycles();
    long perRequest = beats / Math.max(1, rows);
    long outstanding = rows * (latency + 6 + perRequest) / machine.memRequestsInFlight();
    return Math.max((latency + 14 + beats) / 2, outstanding);
  }

  /// Whether even the widest loads of an operand take longer than their bytes need on the bus.
  boolean waitsForLatency() {
    int dim = machine.dim();
    long beats = (long) dim * ceil((long) machine.maxBlockTiles() * dim, machine.busBytes());
    return waiting(dim, beats) > beats * machine.memBeatIntervalCycles();
  }

  /// Cycles of a store.
  long store(long local) {
    LocalAddr from = new LocalAddr((int) local);
    int cols = cols(local);
    int rows = rows(local);
    long blocks = ceil(cols, machine.dim());
    if (from.isAccumulator() && rows == 1 && machine.hasNormalizations()) {
      return blocks + STATISTICS_OVERHEAD;
    }
    int bytes = from.isAccumulator() && from.fullWidth() ? INT_BYTES * cols : cols;
    long perRow = ceil(bytes, machine.busBytes()) + (blocks > 1 ? GATHER : 0);
    return Math.max(rows * Math.max(perRow, 1) * 17 / 16, machine.memLatencyCycles() + 7);
  }

  /// Cycles of a configuration command.
  long config() {
    return CONFIG;
  }

  /// Cycles the array takes for a tile.
  ///
  /// @param fresh whether a stationary tile is loaded
  /// @param transposed whether it is transposed on the way
  long compute(long left, boolean fresh, boolean transposed) {
    int dim = machine.dim();
    return fresh ? transposed ? 2L * dim : dim : Math.max(rows(left), dim / 2);
  }

  /// From the last row of a tile entering the array to its sums being there.
  long arrayLatency() {
    return 2L * machine.dim() + CONFIG;
  }

  /// The accumulator bank that some rows are in; -1 for the scratchpad, or if there is only one.
  int bank(Stage.Rows rows) {
    boolean choice = rows.inAccumulator() && machine.accBanks() > 1;
    return choice ? rows.from() / (machine.accRows() / machine.accBanks()) : -1;
  }

  /// How far the array may be behind the last command written for it, everything queued.
  long lag() {
    return (machine.executeEntries() + machine.executeQueue()) / 2 * (long) machine.dim();
  }

  private static int cols(long local) {
    return (int) (local >>> 32) & 0xFFFF;
  }

  private static int rows(long local) {
    return (int) (local >>> 48) & 0xFFFF;
  }

  private static long ceil(long value, long unit) {
    return (value + unit - 1) / unit;
  }
}
