package org.lapidary.sim;

import org.lapidary.machine.Divergence;
import org.lapidary.machine.isa.Activation;
import org.lapidary.machine.isa.BitField;
import org.lapidary.machine.isa.Instr;
import org.lapidary.machine.isa.NormCommand;

/// Moves blocks from the private memories to main memory. Source: gemmini.md §6.6, §6.7.
final class StoreUnit {
  private static final BitField FROM = BitField.of(Instr.Mvout.class, "from");
  private static final BitField COLS = BitField.of(Instr.Mvout.class, "cols");
  private static final BitField ROWS = BitField.of(Instr.Mvout.class, "rows");
  private static final int ROW_MASK = (1 << 26) - 1;
  private static final int FULL_WIDTH = 1 << 29;
  private static final int NORM_SHIFT = 26;

  private final MachineState state;
  private final Kernel kernel;
  private final NormUnit norm;
  private final boolean rawFullWidth;
  private final boolean windowAloneIs1d;

  StoreUnit(MachineState state, Kernel kernel, NormUnit norm) {
    this.state = state;
    this.kernel = kernel;
    this.norm = norm;
    this.windowAloneIs1d = state.semantics.hardware(Divergence.MVOUT_1D);
    this.rawFullWidth = state.semantics.hardware(Divergence.FULL_WIDTH_ACTIVATION);
  }

  void mvout(long to, long source) {
    int address = FROM.intIn(source);
    int cols = COLS.intIn(source);
    if (state.poolStride != 0) {
      pool(to, address, cols);
      return;
    }
    if (windowAloneIs1d && state.poolWindow != 0) {
      throw new MachineTrap("the 1-D mvout mode (pool stride 0 with a window) is not modelled");
    }
    int rows = ROWS.intIn(source);
    int row = address & ROW_MASK;
    if (isOneBlockScaled(address, row, cols, rows)) {
      scaledBlock(to, row, cols, rows);
      return;
    }
    for (int r = 0; r < rows; r++) {
      if (state.accesses != null) {
        reportRows(state.accesses, address < 0, row + r, cols);
      }
      long destination = to + r * state.storeStrideBytes;
      if (address >= 0) {
        scratchpadRow(destination, row + r, cols);
      } else {
        NormCommand command = NormCommand.of(address >>> NORM_SHIFT & 7);
        norm.observeRow(command, row + r, cols);
        if (command == NormCommand.RESET) {
          resetRow(destination, row + r, cols, (address & FULL_WIDTH) != 0);
        }
      }
    }
  }

  /// Whether the common case holds: one block of existing accumulator rows that are only scaled.
  private boolean isOneBlockScaled(int address, int row, int cols, int rows) {
    return state.accesses == null
        && address < 0
        && (address & FULL_WIDTH) == 0
        && NormCommand.of(address >>> NORM_SHIFT & 7) == NormCommand.RESET
        && cols <= state.dim
        && row + rows <= state.accRows
        && isPlain();
  }

  private void scaledBlock(long to, int row, int cols, int rows) {
    byte[] memory = state.memory.bytes();
    int floor = state.storeActivation == Activation.RELU ? 0 : Byte.MIN_VALUE;
    for (int r = 0; r < rows; r++) {
      int at = state.memory.index(to + r * state.storeStrideBytes, cols);
      kernel.scale(
          state.acc, (row + r) << state.dimShift, memory, at, cols, state.storeScale, floor);
    }
    norm.resetStatistics(rows > 0 && cols > 0);
  }

  /// The ordinary mvout of an accumulator row, the only one that writes.
  private void resetRow(long to, int row, int cols, boolean fullWidth) {
    if (fullWidth) {
      fullWidthRow(to, row, cols);
    } else {
      accumulatorRow(to, row, cols);
    }
  }

  private void scratchpadRow(long to, int row, int cols) {
    int at = state.memory.index(to, cols);
    report(to, cols);
    for (int c = 0; c < cols; c += state.dim) {
      int from = state.spadIndex(row + c / state.dim * state.dim);
      System.arraycopy(
          state.spad, from, state.memory.bytes(), at + c, Math.min(state.dim, cols - c));
    }
  }

  private void accumulatorRow(long to, int row, int cols) {
    int at = state.memory.index(to, cols);
    report(to, cols);
    byte[] memory = state.memory.bytes();
    boolean plain = isPlain();
    int floor = state.storeActivation == Activation.RELU ? 0 : Byte.MIN_VALUE;
    for (int c = 0; c < cols; c += state.dim) {
      int from = state.accIndex(row + c / state.dim * state.dim);
      int count = Math.min(state.dim, cols - c);
      if (plain) {
        kernel.scale(state.acc, from, memory, at + c, count, state.storeScale, floor);
      } else {
        for (int i = 0; i < count; i++) {
          memory[at + c + i] = (byte) norm.toInt8(state.acc[from + i]);
        }
      }
    }
  }

  /// Whether a value is only scaled, by a scale for which no two readings of the rules differ.
  private boolean isPlain() {
    return switch (state.storeActivation) {
      case NONE, RELU -> state.storeScale >= 0 && state.storeScale < 0x1p31f;
      case LAYERNORM, IGELU, SOFTMAX -> false;
    };
  }

  private void fullWidthRow(long to, int row, int cols) {
    int at = state.memory.index(to, (long) cols * Integer.BYTES);
    report(to, cols * Integer.BYTES);
    for (int c = 0; c < cols; c++) {
      int value = state.acc[state.accIndex(row + c / state.dim * state.dim) + c % state.dim];
      MainMemory.INT.set(
          state.memory.bytes(),
          at + c * Integer.BYTES,
          rawFullWidth ? value : norm.activatedFullWidth(value));
    }
  }

  private void pool(long to, int address, int channels) {
    if (channels > state.dim) {
      throw new MachineTrap("pooled mvout of " + channels + " channels; at most " + state.dim);
    }
    for (int pr = 0; pr < state.pooledRows; pr++) {
      for (int pc = 0; pc < state.pooledCols; pc++) {
        long destination = to + ((long) pr * state.poolOutDim + pc) * state.storeStrideBytes;
        int at = state.memory.index(destination, channels);
        report(destination, channels);
        for (int c = 0; c < channels; c++) {
          state.memory.bytes()[at + c] = (byte) pooled(address, pr, pc, c);
        }
      }
    }
  }

  /// The maximum of one window; positions outside the image count as 0.
  private int pooled(int address, int pooledRow, int pooledCol, int channel) {
    int max = Byte.MIN_VALUE;
    for (int wr = 0; wr < state.poolWindow; wr++) {
      for (int wc = 0; wc < state.poolWindow; wc++) {
        int r = pooledRow * state.poolStride + wr - state.poolPadUp;
        int c = pooledCol * state.poolStride + wc - state.poolPadLeft;
        boolean inside = r >= 0 && r < state.imageRows && c >= 0 && c < state.imageCols;
        int value = 0;
        if (inside) {
          value = element(address, (address & ROW_MASK) + r * state.imageCols + c, channel);
        }
        max = Math.max(max, value);
      }
    }
    return max;
  }

  private int element(int address, int row, int column) {
    if (state.accesses != null) {
      state.accesses.rowRead(address < 0, row);
    }
    return address < 0
        ? norm.scaledRelu(state.acc[state.accIndex(row) + column])
        : state.spad[state.spadIndex(row) + column];
  }

  private void report(long address, int bytes) {
    if (state.accesses != null && bytes > 0) {
      state.accesses.memoryWritten(address, bytes);
    }
  }

  private void reportRows(AccessObserver observer, boolean inAccumulator, int row, int cols) {
    for (int c = 0; c < cols; c += state.dim) {
      observer.rowRead(inAccumulator, row + c);
    }
  }
}
