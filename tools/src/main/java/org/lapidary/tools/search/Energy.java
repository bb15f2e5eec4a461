package org.lapidary.tools.search;

import org.lapidary.gemmini.cost.Bound;
import org.lapidary.gemmini.program.Program;
import org.lapidary.machine.GemminiParams;

/// Energy from a table of primitives in 45 nm: an order of magnitude to compare programs by, no
/// measurement of a chip. Source of the table: arXiv 2302.14017, fig. 15.
///
/// Counted are the array's int8 products and 32-bit sums; what the array reads of inputs and reads
/// and writes of sums; every byte that must cross the bus at least, at the price of DRAM and once
/// in SRAM; one 32-bit product and sum for every element the normaliser reads, each time.
final class Energy {
  private static final double MULTIPLY_8 = 0.2;
  private static final double MULTIPLY_32 = 3.1;
  private static final double ADD_32 = 0.1;
  private static final double SRAM_BYTE = 5.0 / 4;
  private static final double DRAM_BYTE = 640.0 / 4;

  /// Per element of an input that a column of the array reads: one byte, and a sum read and
  /// written.
  private static final int BYTES_AT_ARRAY = 1 + 2 * Integer.BYTES;

  private Energy() {}

  /// Picojoules of one kernel.
  static double of(Program.KernelInfo kernel, GemminiParams machine) {
    Bound bound = kernel.bound();
    double macs = kernel.arrayMacs();
    double bytes = (double) (bound.readCycles() + bound.writeCycles()) * machine.busBytes();
    double normalised = (double) bound.normaliserCycles() * machine.dim();
    return macs * (MULTIPLY_8 + ADD_32)
        + macs / machine.dim() * BYTES_AT_ARRAY * SRAM_BYTE
        + bytes * (DRAM_BYTE + SRAM_BYTE)
        + normalised * (MULTIPLY_32 + ADD_32 + Integer.BYTES * SRAM_BYTE);
  }

  /// Picojoules of a whole program.
  static double of(Program program) {
    return program.kernels().stream().mapToDouble(k -> of(k, program.machine())).sum();
  }
}
