package org.lapidary.sim.timing;

import org.lapidary.machine.GemminiParams;

/// The machine's sizes that decide about time, with local addresses brought to one row space.
///
/// @param dim side of the array
/// @param spadRows scratchpad rows of `dim` bytes
/// @param spadBanks scratchpad banks
/// @param accRows accumulator rows of `dim` int32
/// @param accBanks accumulator banks
/// @param transferBytes largest single memory transfer
/// @param beatBytes bus width
/// @param inFlight memory requests outstanding in each direction
/// @param loads reservation station entries for loads
/// @param executes reservation station entries for execute commands
/// @param stores reservation station entries for stores
/// @param scaleLatency cycles through the accumulator scale unit
/// @param spadReadDelay cycles through the scratchpad's read pipeline
/// @param arrayLatency cycles from a row of A entering the array to its result leaving it
/// @param hazards whether the array must look a command further ahead for operands it is just
///   making
/// @param statSlots statistics slots of the normalisation unit, 0 without one
record TimedMachine(
    int dim,
    int spadRows,
    int spadBanks,
    int accRows,
    int accBanks,
    int transferBytes,
    int beatBytes,
    int inFlight,
    int loads,
    int executes,
    int stores,
    int scaleLatency,
    int spadReadDelay,
    int arrayLatency,
    boolean hazards,
    int statSlots) {
  static TimedMachine of(GemminiParams params) {
    return new TimedMachine(
        params.dim(),
        params.spadRows(),
        params.spadBanks(),
        params.accRows(),
        params.accBanks(),
        params.maxTransferBytes(),
        params.busBytes(),
        params.memRequestsInFlight(),
        params.loadEntries(),
        params.executeEntries(),
        params.storeEntries(),
        params.accScaleLatencyCycles(),
        params.spadReadDelayCycles(),
        (2 + params.tileLatencyCycles()) * params.dim() + params.meshOutputDelayCycles(),
        params.arrayReadsAcc() || params.arrayWritesSpad(),
        params.hasNormalizations() ? params.statSlots() : 0);
  }

  /// Where accumulator rows start in the common row space.
  static final int ACC_BASE = 1 << 28;

  private static final int GARBAGE = -1;
  private static final long ACC_BIT = 1L << 31;
  private static final long ACCUMULATE_BIT = 1L << 30;
  private static final long FULL_BIT = 1L << 29;
  private static final int ROW_MASK = (1 << 26) - 1;

  /// The row of a local address in the common row space, or -1 for the garbage address.
  int row(long operand) {
    int address = (int) operand;
    if (address == GARBAGE) {
      return -1;
    }
    int row = address & ROW_MASK;
    return address < 0 ? ACC_BASE + wrapped(row, accRows) : wrapped(row, spadRows);
  }

  private static int wrapped(int row, int rows) {
    return row < rows ? row : row % rows;
  }

  static boolean isAccumulator(long operand) {
    return (operand & ACC_BIT) != 0;
  }

  static boolean accumulates(long operand) {
    return (operand & ACCUMULATE_BIT) != 0;
  }

  static boolean fullWidth(long operand) {
    return (operand & FULL_BIT) != 0;
  }

  static int normCommand(long operand) {
    return (int) (operand >>> 26) & 7;
  }

  static int cols(long operand) {
    return (int) (operand >>> 32) & 0xFFFF;
  }

  static int rows(long operand) {
    return (int) (operand >>> 48) & 0xFFFF;
  }

  int blocks(int cols) {
    return (cols + dim - 1) / dim;
  }

  int bank(int row) {
    return row >= ACC_BASE
        ? Math.min(accBanks - 1, (row - ACC_BASE) / (accRows / accBanks))
        : Math.min(spadBanks - 1, row / (spadRows / spadBanks));
  }

  /// Tiles of `dim` int8 columns one transfer covers.
  int blockLength() {
    return Math.max(1, transferBytes / dim);
  }

  /// mvins or mvouts a controller tracks at once.
  int tracked() {
    return inFlight / dim + 1;
  }
}
