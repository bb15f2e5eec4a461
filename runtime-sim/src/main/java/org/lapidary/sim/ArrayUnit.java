package org.lapidary.sim;

import java.util.Arrays;
import org.lapidary.machine.Divergence;
import org.lapidary.machine.isa.Activation;
import org.lapidary.machine.isa.BitField;
import org.lapidary.machine.isa.Dataflow;
import org.lapidary.machine.isa.Instr;

/// The systolic array: preload and compute in both dataflows. Source: gemmini.md §6.3 to §6.5.
final class ArrayUnit {
  private static final BitField ADDR = BitField.of(Instr.ComputePreloaded.class, "a");
  private static final BitField COLS = BitField.of(Instr.ComputePreloaded.class, "aCols");
  private static final BitField ROWS = BitField.of(Instr.ComputePreloaded.class, "aRows");
  private static final int GARBAGE = -1;
  private static final int ROW_MASK = (1 << 29) - 1;
  private static final int READ_ROW_MASK = (1 << 26) - 1;
  private static final int ARRAY_OUTPUT_BITS = 20;

  private final MachineState state;
  private final Kernel kernel;
  private final int dim;
  private final boolean shiftsIntoAccumulator;
  private final boolean readsAccumulator;
  private final boolean saturatingNan;

  /// What the last preload named: stationary operand and output, as in the command.
  private long stationary;

  private long output;

  /// The values the processing elements hold while they sum up outputs in place.
  private final int[] held;

  /// Whether the elements hold weights, which the kernel keeps, instead of [#held].
  private boolean holdsWeights;

  /// Computes with weights that do not fit int8: sums left behind by the other dataflow.
  private final ScalarKernel wideKernel;

  private boolean wideWeights;

  /// The kernel's slot that holds the weights.
  private int slot;

  /// Computes that are put off.
  private final RowQueue queue;

  /// Where the rows of a tile start.
  private final int[] tileRows;

  private final byte[] tileA;
  private final byte[] tileB;
  private final byte[] tileD;
  private final int[] result;

  ArrayUnit(MachineState state, Kernel kernel) {
    this.state = state;
    this.kernel = kernel;
    this.dim = state.dim;
    this.shiftsIntoAccumulator = state.semantics.hardware(Divergence.OS_RESULT_TO_ACCUMULATOR);
    this.readsAccumulator =
        state.semantics.hardware(Divergence.ARRAY_READS_ACCUMULATOR)
            && state.params.arrayReadsAcc();
    this.saturatingNan = state.semantics.hardware(Divergence.NAN_TO_INT8);
    this.held = new int[dim * dim];
    this.wideKernel = new ScalarKernel(dim);
    this.queue = new RowQueue(state, kernel);
    this.tileRows = new int[dim];
    for (int i = 0; i < dim; i++) {
      tileRows[i] = i * dim;
    }
    this.tileA = new byte[dim * dim];
    this.tileB = new byte[dim * dim];
    this.tileD = new byte[dim * dim];
    this.result = new int[dim * dim];
  }

  void preload(long newStationary, long newOutput) {
    stationary = newStationary;
    output = newOutput;
  }

  void compute(long a, long bd, boolean preloaded) {
    if (state.dataflow == Dataflow.WEIGHT_STATIONARY) {
      computeWeightStationary(a, bd, preloaded);
    } else {
      computeOutputStationary(a, bd, preloaded);
    }
  }

  private void computeWeightStationary(long a, long d, boolean preloaded) {
    if (state.transposeA && state.transposeB) {
      throw new MachineTrap("weight stationary: A and B cannot both be transposed");
    }
    if (preloaded) {
      slot = queue.freeSlot();
      loadWeights(stationary, state.transposeB);
      wideWeights = false;
    } else if (!holdsWeights) {
      runQueue();
      wideKernel.setWideWeights(held);
      wideWeights = true;
    }
    holdsWeights = true;
    int rows = Math.min(dim, ROWS.intIn(output));
    if (writesStraightToAccumulator(a, d, rows)) {
      enqueue(a, rows);
      return;
    }
    runQueue();
    gatherA(a);
    gather(d, false, tileD);
    for (int i = 0; i < result.length; i++) {
      result[i] = tileD[i];
    }
    Kernel multiplier = wideWeights ? wideKernel : kernel;
    multiplier.multiply(wideWeights ? 0 : slot, tileA, tileRows, dim, dim, result, tileRows, true);
    writeOutput(result, 0);
  }

  /// Whether the common case holds: whole rows of plain operands, all in range, summed up in the
  /// accumulator. Everything else takes the general way.
  private boolean writesStraightToAccumulator(long a, long d, int rows) {
    int c = ADDR.intIn(output);
    int aRow = ADDR.intIn(a);
    return state.accesses == null
        && !wideWeights
        && c < 0
        && c != GARBAGE
        && ADDR.intIn(d) == GARBAGE
        && aRow >= 0
        && !state.transposeA
        && COLS.intIn(output) >= dim
        && ROWS.intIn(a) >= rows
        && rows > 0
        && (aRow & READ_ROW_MASK) + (rows - 1) * state.strideARows < state.spadRows
        && (c & ROW_MASK) + (rows - 1) * state.strideCRows < state.accRows;
  }

  /// Puts off the rows of one compute.
  private void enqueue(long a, int rows) {
    int c = ADDR.intIn(output);
    queue.add(
        (ADDR.intIn(a) & READ_ROW_MASK) << state.dimShift,
        (c & ROW_MASK) << state.dimShift,
        rows,
        Math.min(dim, COLS.intIn(a)),
        (c & 1 << 30) != 0);
  }

  /// Does what was put off. Must come before anything else looks at or changes the memories.
  void runQueue() {
    queue.run();
  }

  private void computeOutputStationary(long a, long b, boolean preloaded) {
    runQueue();
    if (state.transposeB && !state.transposeA) {
      throw new MachineTrap("output stationary: B cannot be transposed unless A is");
    }
    if (preloaded) {
      gather(stationary, false, tileD);
      for (int i = 0; i < held.length; i++) {
        held[i] = tileD[i];
      }
    } else if (holdsWeights && !wideWeights) {
      // The elements hold weights from the other dataflow: sums go on from those.
      kernel.copyWeights(slot, held);
    }
    holdsWeights = false;
    gatherA(a);
    gather(b, state.transposeB, tileB);
    kernel.setWeights(slot, tileB, 0, dim, dim);
    kernel.multiply(slot, tileA, tileRows, dim, dim, result, tileRows, false);
    for (int i = 0; i < held.length; i++) {
      held[i] = state.add(held[i], result[i]);
    }
    writeOutput(held, state.shift);
  }

  /// Takes the weights from where they lie if they lie straight, else by way of a gathered tile.
  private void loadWeights(long operand, boolean transposed) {
    int address = ADDR.intIn(operand);
    int rows = ROWS.intIn(operand);
    int cols = COLS.intIn(operand);
    boolean lieStraight =
        !transposed
            && address >= 0
            && rows <= dim
            && cols <= dim
            && state.accesses == null
            && (address & READ_ROW_MASK) + rows <= state.spadRows;
    if (lieStraight) {
      kernel.setWeights(slot, state.spad, (address & READ_ROW_MASK) << state.dimShift, rows, cols);
    } else {
      gather(operand, transposed, tileB);
      kernel.setWeights(slot, tileB, 0, dim, dim);
    }
  }

  private void gatherA(long operand) {
    gatherTile(operand, state.transposeA, state.strideARows, tileA);
  }

  private void gather(long operand, boolean transposed, byte[] tile) {
    gatherTile(operand, transposed, 1, tile);
  }

  /// The logical matrix that an operand names, zero outside its rows and columns.
  private void gatherTile(long operand, boolean transposed, int strideRows, byte[] tile) {
    Arrays.fill(tile, (byte) 0);
    int address = ADDR.intIn(operand);
    if (address == GARBAGE) {
      return;
    }
    int rows = Math.min(dim, ROWS.intIn(operand));
    int cols = Math.min(dim, COLS.intIn(operand));
    int storedRows = transposed ? cols : rows;
    int storedCols = transposed ? rows : cols;
    int row = address & READ_ROW_MASK;
    if (address < 0) {
      requireAccumulatorOperands();
    }
    for (int r = 0; r < storedRows; r++) {
      int from = address < 0 ? state.accIndex(row) : state.spadIndex(row);
      if (state.accesses != null) {
        state.accesses.rowRead(address < 0, row);
      }
      for (int c = 0; c < storedCols; c++) {
        byte value = address < 0 ? scaledOperand(state.acc[from + c]) : state.spad[from + c];
        tile[transposed ? c * dim + r : r * dim + c] = value;
      }
      row += strideRows;
    }
  }

  private void requireAccumulatorOperands() {
    if (!readsAccumulator) {
      throw new MachineTrap("this machine's array cannot read operands from the accumulator");
    }
  }

  private byte scaledOperand(int value) {
    int activated = state.arrayActivation == Activation.RELU && value < 0 ? 0 : value;
    return (byte) Numerics.scale8(activated, state.operandScale, saturatingNan);
  }

  private void writeOutput(int[] values, int shift) {
    int address = ADDR.intIn(output);
    if (address == GARBAGE) {
      return;
    }
    int rows = Math.min(dim, ROWS.intIn(output));
    int cols = Math.min(dim, COLS.intIn(output));
    boolean outputStationary = state.dataflow == Dataflow.OUTPUT_STATIONARY;
    boolean add = (address & 1 << 30) != 0;
    int row = address & ROW_MASK;
    for (int i = 0; i < rows; i++) {
      if (state.accesses != null) {
        state.accesses.rowWritten(address < 0, row, address < 0 && add);
      }
      if (address < 0) {
        int to = state.accIndex(row);
        for (int j = 0; j < cols; j++) {
          int value = values[i * dim + j];
          if (outputStationary && shiftsIntoAccumulator) {
            value = Numerics.clip(Numerics.roundingShift(value, shift), ARRAY_OUTPUT_BITS);
          }
          state.acc[to + j] = add ? state.add(state.acc[to + j], value) : value;
        }
      } else {
        int to = state.spadIndex(row);
        int floor = state.arrayActivation == Activation.RELU ? 0 : Byte.MIN_VALUE;
        for (int j = 0; j < cols; j++) {
          int value = Numerics.sat8(Numerics.roundingShift(values[i * dim + j], shift));
          state.spad[to + j] = (byte) Math.max(floor, value);
        }
      }
      row += state.strideCRows;
    }
  }
}
