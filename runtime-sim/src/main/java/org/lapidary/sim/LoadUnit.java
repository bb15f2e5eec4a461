package org.lapidary.sim;

import org.lapidary.machine.Divergence;
import org.lapidary.machine.isa.BitField;
import org.lapidary.machine.isa.Instr;

/// Moves blocks from main memory into the private memories. Source: gemmini.md §6.2.
final class LoadUnit {
  private static final BitField TO = BitField.of(Instr.Mvin.class, "to");
  private static final BitField COLS = BitField.of(Instr.Mvin.class, "cols");
  private static final BitField ROWS = BitField.of(Instr.Mvin.class, "rows");
  private static final int ROW_MASK = (1 << 29) - 1;
  private static final float IDENTITY = 1.0f;

  private final MachineState state;
  private final Kernel kernel;
  private final boolean saturatingNan;
  private final boolean repeatsStopAtHalf;

  LoadUnit(MachineState state, Kernel kernel) {
    this.state = state;
    this.kernel = kernel;
    this.saturatingNan = state.semantics.hardware(Divergence.NAN_TO_INT8);
    this.repeatsStopAtHalf = state.semantics.hardware(Divergence.PIXEL_REPEATS);
  }

  /// Carries out one of the three mvin commands.
  void mvin(int loadState, long from, long destination) {
    MachineState.LoadState load = state.loads[loadState];
    int to = TO.intIn(destination);
    int cols = COLS.intIn(destination);
    int rows = ROWS.intIn(destination);
    int row = to & ROW_MASK;
    boolean intoAccumulator = to < 0;
    boolean add = intoAccumulator && (to & 1 << 30) != 0;
    if (state.accesses != null) {
      report(state.accesses, load, from, to, cols, rows);
    }
    if (!intoAccumulator && copiesStraight(load, from, row, cols, rows)) {
      copyBlocks(load, from, row, cols, rows);
      return;
    }
    if (intoAccumulator && takesIntsStraight(load, from, row, cols, rows)) {
      copyInts(load, from, row, cols, rows, add);
      return;
    }
    for (int r = 0; r < rows; r++) {
      long source = from + r * load.strideBytes;
      int bytes = intoAccumulator && !load.shrink ? cols * Integer.BYTES : cols;
      int at = from == 0 ? -1 : state.memory.index(source, bytes);
      if (intoAccumulator) {
        accumulatorRow(load, at, row + r, cols, add);
      } else if (load.pixelRepeats > 1) {
        repeatedRow(load, at, row + r, cols);
      } else {
        scratchpadRow(load, at, row + r, cols);
      }
    }
  }

  /// Whether the common case holds: bytes go unchanged into scratchpad rows that all exist and that
  /// no two blocks share, so that the order does not matter.
  private boolean copiesStraight(
      MachineState.LoadState load, long from, int row, int cols, int rows) {
    int lastRow = row + rows - 1 + ((cols - 1) >> state.dimShift) * load.blockStrideRows;
    return from != 0
        && rows > 0
        && cols > 0
        && load.scale == IDENTITY
        && load.pixelRepeats == 1
        && (cols <= state.dim || load.blockStrideRows >= rows)
        && lastRow < state.spadRows
        && load.strideBytes >= 0
        && load.strideBytes <= Integer.MAX_VALUE;
  }

  /// Whether the common case holds: one block of int32 goes into accumulator rows that all exist.
  private boolean takesIntsStraight(
      MachineState.LoadState load, long from, int row, int cols, int rows) {
    return state.accesses == null
        && from != 0
        && !load.shrink
        && cols <= state.dim
        && row + rows <= state.accRows;
  }

  private void copyInts(
      MachineState.LoadState load, long from, int row, int cols, int rows, boolean add) {
    for (int r = 0; r < rows; r++) {
      int at = state.memory.index(from + r * load.strideBytes, (long) cols * Integer.BYTES);
      kernel.copyInts(state.memory.bytes(), at, state.acc, (row + r) << state.dimShift, cols, add);
    }
  }

  private void copyBlocks(MachineState.LoadState load, long from, int row, int cols, int rows) {
    int stride = (int) load.strideBytes;
    int at = state.memory.index(from, (long) (rows - 1) * stride + cols);
    int to = row;
    for (int c = 0; c < cols; c += state.dim) {
      kernel.copyRows(
          state.memory.bytes(),
          at + c,
          stride,
          state.spad,
          to << state.dimShift,
          state.dim,
          rows,
          Math.min(state.dim, cols - c));
      to += load.blockStrideRows;
    }
  }

  /// Fills one scratchpad row, and those a block stride further on, from bytes at `at` (-1: zeros).
  private void scratchpadRow(MachineState.LoadState load, int at, int row, int cols) {
    byte[] memory = state.memory.bytes();
    int blockRow = row;
    for (int c = 0; c < cols; c += state.dim) {
      int to = state.spadIndex(blockRow);
      int count = Math.min(state.dim, cols - c);
      for (int i = 0; i < count; i++) {
        int value = at < 0 ? 0 : Numerics.scale8(memory[at + c + i], load.scale, saturatingNan);
        state.spad[to + i] = (byte) value;
      }
      blockRow += load.blockStrideRows;
    }
  }

  private void accumulatorRow(MachineState.LoadState load, int at, int row, int cols, boolean add) {
    byte[] memory = state.memory.bytes();
    int blockRow = row;
    for (int c = 0; c < cols; c += state.dim) {
      int to = state.accIndex(blockRow);
      int count = Math.min(state.dim, cols - c);
      if (at >= 0 && !load.shrink && state.accesses == null) {
        kernel.copyInts(memory, at + c * Integer.BYTES, state.acc, to, count, add);
      } else {
        for (int i = 0; i < count; i++) {
          int value = at < 0 ? 0 : accumulatorElement(load, at, c + i);
          state.acc[to + i] = add ? state.add(state.acc[to + i], value) : value;
        }
      }
      blockRow += load.blockStrideRows;
    }
  }

  private int accumulatorElement(MachineState.LoadState load, int at, int column) {
    byte[] memory = state.memory.bytes();
    return load.shrink
        ? Numerics.scale8(memory[at + column], load.scale, saturatingNan)
        : (int) MainMemory.INT.get(memory, at + column * Integer.BYTES);
  }

  /// Builds the overlap of im2col: each element also lands in earlier rows, further to the right.
  private void repeatedRow(MachineState.LoadState load, int at, int row, int cols) {
    byte[] memory = state.memory.bytes();
    int half = state.spadRows / 2;
    for (int c = 0; c < cols; c++) {
      int blockRow = row + c / state.dim * load.blockStrideRows;
      int first = repeatsStopAtHalf && blockRow >= half ? half : 0;
      int value = at < 0 ? 0 : Numerics.scale8(memory[at + c], load.scale, saturatingNan);
      for (int t = 0; t < load.pixelRepeats && blockRow - t >= first; t++) {
        int column = c % state.dim + t * cols;
        if (column >= state.dim) {
          throw new MachineTrap(
              "pixel repeat %d puts column %d beyond the row".formatted(t, column));
        }
        state.spad[state.spadIndex(blockRow - t) + column] = (byte) value;
      }
    }
  }

  private void report(
      AccessObserver observer, MachineState.LoadState load, long from, int to, int cols, int rows) {
    boolean intoAccumulator = to < 0;
    int size = intoAccumulator && !load.shrink ? Integer.BYTES : 1;
    for (int r = 0; r < rows; r++) {
      if (from != 0 && cols > 0) {
        observer.memoryRead(from + r * load.strideBytes, cols * size);
      }
      for (int c = 0; c < cols; c += state.dim) {
        int row = (to & ROW_MASK) + r + c / state.dim * load.blockStrideRows;
        observer.rowWritten(intoAccumulator, row, intoAccumulator && (to & 1 << 30) != 0);
        for (int t = 1; !intoAccumulator && t < load.pixelRepeats && row - t >= 0; t++) {
          observer.rowWritten(false, row - t, false);
        }
      }
    }
  }
}
