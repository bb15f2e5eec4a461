package org.lapidary.sim;

import org.jspecify.annotations.Nullable;
import org.lapidary.machine.Divergence;
import org.lapidary.machine.GemminiParams;
import org.lapidary.machine.Semantics;
import org.lapidary.machine.isa.Activation;
import org.lapidary.machine.isa.Dataflow;

/// Everything a machine remembers. All of it is zero at first.
///
/// Source: gemmini.md §6.
final class MachineState {
  /// One of the three ways mvin can be configured.
  static final class LoadState {
    boolean shrink;
    int pixelRepeats = 1;
    int blockStrideRows;
    float scale;
    long strideBytes;
  }

  static final int LOAD_STATES = 3;

  final GemminiParams params;
  final Semantics semantics;
  final MainMemory memory;
  final int dim;
  final int dimShift;
  final int spadRows;
  final int accRows;

  /// The scratchpad: element `c` of row `r` at `r * dim + c`.
  final byte[] spad;

  /// The accumulator: element `c` of row `r` at `r * dim + c`.
  final int[] acc;

  /// Told of single accesses; null for fast runs.
  @Nullable AccessObserver accesses;

  final LoadState[] loads = {new LoadState(), new LoadState(), new LoadState()};

  Dataflow dataflow = Dataflow.OUTPUT_STATIONARY;
  Activation arrayActivation = Activation.NONE;
  boolean transposeA;
  boolean transposeB;
  int strideARows;
  int strideCRows;
  int shift;
  float operandScale;

  Activation storeActivation = Activation.NONE;
  long storeStrideBytes;
  float storeScale;
  int poolStride;
  int poolWindow;
  int poolPadUp;
  int poolPadLeft;
  int poolOutDim;
  int pooledRows;
  int pooledCols;
  int imageRows;
  int imageCols;

  int slot;
  int qb;
  int qc;
  int qln2;
  int qln2Inv;

  private final boolean rowsWrap;

  MachineState(GemminiParams params, Semantics semantics, MainMemory memory) {
    this.params = params;
    this.semantics = semantics;
    this.memory = memory;
    this.dim = params.dim();
    this.dimShift = Integer.numberOfTrailingZeros(dim);
    this.spadRows = params.spadRows();
    this.accRows = params.accRows();
    this.spad = new byte[spadRows * dim];
    this.acc = new int[accRows * dim];
    this.rowsWrap = semantics.hardware(Divergence.ROW_OUT_OF_RANGE);
  }

  /// The index of a scratchpad row's first element.
  int spadIndex(int row) {
    return (Integer.compareUnsigned(row, spadRows) < 0 ? row : outOfRange(row, spadRows, false))
        << dimShift;
  }

  /// The index of an accumulator row's first element.
  int accIndex(int row) {
    return (Integer.compareUnsigned(row, accRows) < 0 ? row : outOfRange(row, accRows, true))
        << dimShift;
  }

  /// The sum of two int32, which wraps.
  int add(int x, int y) {
    return narrow((long) x + y);
  }

  /// An exact result as the machine's int32, which wraps.
  int narrow(long exact) {
    if (accesses != null && exact != (int) exact) {
      accesses.wrapped(exact);
    }
    return (int) exact;
  }

  private int outOfRange(int row, int rows, boolean inAccumulator) {
    if (accesses != null) {
      accesses.rowOutOfRange(inAccumulator, row);
    }
    if (!rowsWrap) {
      throw new MachineTrap(
          "%s row %d is out of range 0..%d"
              .formatted(inAccumulator ? "accumulator" : "scratchpad", row, rows - 1));
    }
    return Integer.remainderUnsigned(row, rows);
  }
}
