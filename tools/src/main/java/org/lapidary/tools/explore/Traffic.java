package org.lapidary.tools.explore;

import java.io.Serializable;
import java.util.ArrayList;
import java.util.List;
import org.lapidary.gemmini.program.Program;
import org.lapidary.gemmini.program.Step;
import org.lapidary.sim.AccessObserver;
import org.lapidary.sim.MainMemory;
import org.lapidary.sim.Simulator;

/// What one inference multiplies and moves, and an estimate of the energy that takes.
///
/// The estimate multiplies counts by the survey's table of primitives in 45 nm: it knows nothing of
/// the normalisation unit, control, leakage, wires, the size of a memory or the host, so it ranks
/// settings and is no power figure of any chip. Source: arXiv 2302.14017, figure 15 (8-bit
/// multiplication 0.2 pJ, 32-bit addition 0.1 pJ, 32 bits from an 8 kb SRAM 5 pJ, 32 bits from DRAM
/// 640 pJ).
///
/// @param arrayMacs multiply-accumulates of the array
/// @param sramBytes read from and written to scratchpad and accumulator, whole rows
/// @param dramBytes read from and written to main memory
public record Traffic(long arrayMacs, long sramBytes, long dramBytes) implements Serializable {
  /// What the estimate is called wherever it is shown.
  public static final String LABEL =
      "an estimate from the survey's 45 nm table of primitives (MACs, SRAM and DRAM accesses"
          + " only)";

  // Tenths of a picojoule, so that sums are exact.
  private static final long MAC = 2 + 1;
  private static final long SRAM_WORD = 50;
  private static final long DRAM_WORD = 6_400;
  private static final double MICROJOULE = 1e7;

  /// Microjoules per inference.
  public double energyMicrojoules() {
    return (arrayMacs * MAC
            + sramBytes / Integer.BYTES * SRAM_WORD
            + dramBytes / Integer.BYTES * DRAM_WORD)
        / MICROJOULE;
  }

  /// Counts the accesses of a program's commands, none of which depends on data.
  public static Traffic of(Program program) {
    return byKernel(program).stream().reduce(new Traffic(0, 0, 0), Traffic::plus);
  }

  /// The same for each kernel of a program, in their order.
  public static List<Traffic> byKernel(Program program) {
    MainMemory memory = new MainMemory(program.memoryBase(), program.memoryBytes());
    Simulator simulator = new Simulator(program.machine(), program.semantics(), memory);
    Count count = new Count(program.machine().dim());
    simulator.observe(count);
    List<Traffic> traffic =
        new ArrayList<>(
            program.kernels().stream().map(k -> new Traffic(k.arrayMacs(), 0, 0)).toList());
    for (Step step : program.steps()) {
      if (step instanceof Step.Accelerator part) {
        List<Step.Range> ranges = part.ranges();
        for (int r = 0; r < ranges.size(); r++) {
          simulator.execute(program.commands(), ranges.get(r).from(), part.end(r));
          int kernel = ranges.get(r).kernel();
          traffic.set(kernel, traffic.get(kernel).plus(count.taken()));
        }
      }
    }
    return traffic;
  }

  private Traffic plus(Traffic other) {
    return new Traffic(
        arrayMacs + other.arrayMacs, sramBytes + other.sramBytes, dramBytes + other.dramBytes);
  }

  /// Adds up what it hears.
  private static final class Count implements AccessObserver {
    private final int dim;
    private long sram;
    private long dram;

    Count(int dim) {
      this.dim = dim;
    }

    /// What was heard since it was last asked.
    Traffic taken() {
      Traffic heard = new Traffic(0, sram, dram);
      sram = 0;
      dram = 0;
      return heard;
    }

    @Override
    public void memoryRead(long address, int bytes) {
      dram += bytes;
    }

    @Override
    public void memoryWritten(long address, int bytes) {
      dram += bytes;
    }

    @Override
    public void rowRead(boolean inAccumulator, int row) {
      sram += rowBytes(inAccumulator);
    }

    @Override
    public void rowWritten(boolean inAccumulator, int row, boolean added) {
      sram += (added ? 2L : 1L) * rowBytes(inAccumulator);
    }

    private int rowBytes(boolean inAccumulator) {
      return inAccumulator ? dim * Integer.BYTES : dim;
    }
  }
}
