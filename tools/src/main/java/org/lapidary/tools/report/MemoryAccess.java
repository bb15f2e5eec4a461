package org.lapidary.tools.report;

import java.util.ArrayList;
import java.util.List;
import org.lapidary.gemmini.program.Program;
import org.lapidary.gemmini.program.Step;
import org.lapidary.machine.GemminiParams;
import org.lapidary.sim.AccessObserver;
import org.lapidary.sim.MainMemory;
import org.lapidary.sim.Simulator;

/// Which parts of the memories each kernel reads and writes, found out by running the accelerator's
/// commands once; none of their addresses depends on data.
///
/// @param main main memory, from the program's base on
/// @param scratchpad by rows
/// @param accumulator by rows
public record MemoryAccess(Extent main, Extent scratchpad, Extent accumulator) {
  static final int READ = 1;
  static final int WRITTEN = 2;

  /// A memory in so many equal cells, and what each kernel does with each cell.
  ///
  /// @param first address or row of the first cell
  /// @param size bytes or rows in all
  /// @param touched by kernel and cell: bits [#READ], [#WRITTEN]
  @SuppressWarnings("ArrayRecordComponent") // a bitmap, filled once
  public record Extent(long first, long size, byte[][] touched) {
    static final int CELLS = 256;

    private void touch(int kernel, long from, long length, int how) {
      int low = cell(from);
      int high = cell(from + Math.max(1, length) - 1);
      for (int c = Math.max(0, low); c <= Math.min(CELLS - 1, high); c++) {
        touched[kernel][c] |= (byte) how;
      }
    }

    int cell(long at) {
      return (int) Math.floorDiv((at - first) * CELLS, size);
    }
  }

  /// Runs the commands of a program on memory with its constants.
  public static MemoryAccess of(Program program) {
    GemminiParams machine = program.machine();
    int kernels = program.kernels().size();
    MemoryAccess access =
        new MemoryAccess(
            extent(program.memoryBase(), program.memoryBytes(), kernels),
            extent(0, machine.spadRows(), kernels),
            extent(0, machine.accRows(), kernels));
    MainMemory memory = new MainMemory(program.memoryBase(), program.memoryBytes());
    program.image().load(memory);
    Simulator simulator = new Simulator(machine, program.semantics(), memory);
    Watch watch = new Watch(access);
    simulator.observe(watch);
    for (Step step : program.steps()) {
      if (step instanceof Step.Accelerator part) {
        for (int i = 0; i < part.ranges().size(); i++) {
          watch.kernel = part.ranges().get(i).kernel();
          simulator.execute(program.commands(), part.ranges().get(i).from(), part.end(i));
        }
      }
    }
    return access;
  }

  private static Extent extent(long first, long size, int kernels) {
    return new Extent(first, Math.max(1, size), new byte[kernels][Extent.CELLS]);
  }

  /// The kernels that touch anything, in the order of their numbers.
  List<Integer> kernels() {
    List<Integer> used = new ArrayList<>();
    for (int k = 0; k < main.touched().length; k++) {
      for (byte cell : main.touched()[k]) {
        if (cell != 0) {
          used.add(k);
          break;
        }
      }
    }
    return used;
  }

  private static final class Watch implements AccessObserver {
    private final MemoryAccess access;
    private int kernel;

    Watch(MemoryAccess access) {
      this.access = access;
    }

    @Override
    public void memoryRead(long address, int bytes) {
      access.main.touch(kernel, address, bytes, READ);
    }

    @Override
    public void memoryWritten(long address, int bytes) {
      access.main.touch(kernel, address, bytes, WRITTEN);
    }

    @Override
    public void rowRead(boolean inAccumulator, int row) {
      (inAccumulator ? access.accumulator : access.scratchpad).touch(kernel, row, 1, READ);
    }

    @Override
    public void rowWritten(boolean inAccumulator, int row, boolean added) {
      (inAccumulator ? access.accumulator : access.scratchpad).touch(kernel, row, 1, WRITTEN);
    }
  }
}
