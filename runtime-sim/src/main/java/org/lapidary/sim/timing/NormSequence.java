package org.lapidary.sim.timing;

/// The commands that write one block row of a normalised result (gemmini.md §7.7): groups of as
/// many rows as there are slots, three passes, per row a slot selection and one-row mvouts.
final class NormSequence {
  static final int LAYERNORM = 2;
  static final int SOFTMAX = 4;
  private static final int[][] STEP = {{1, 3, 0}, {5, 6, 0}};
  private static final int[][] LAST = {{2, 4, 0}, {5, 7, 0}};
  private static final long CONFIG_NORM_SLOT_ONLY = 3 | 1L << 17;

  private int row;
  private int pass;
  private int slot;
  private int column = -1;

  int funct;
  long rs1;
  long rs2;

  void restart() {
    row = pass = slot = 0;
    column = -1;
  }

  /// Makes the next command; false when it was the last of the block row.
  boolean next(
      int activation,
      int rows,
      int tilesJ,
      int blockLength,
      int slots,
      int padJ,
      int dim,
      long base,
      long address,
      long stride) {
    if (column < 0) {
      funct = Funct.CONFIG;
      rs1 = CONFIG_NORM_SLOT_ONLY | (long) slot << 8;
      rs2 = 0;
      column = 0;
      return true;
    }
    int kind = activation == LAYERNORM ? 0 : 1;
    int blocks = Math.min(blockLength, tilesJ - column);
    boolean end = column + blocks >= tilesJ;
    int command = end ? LAST[kind][pass] : STEP[kind][pass];
    int cols = blocks * dim - (end ? padJ : 0);
    funct = Funct.MVOUT;
    rs1 = address + (row + slot) * stride + (long) column * dim;
    rs2 =
        LoopUnroller.operand(base + row + slot + (long) column * dim, cols, 1)
            | (long) command << 26;
    column += blocks;
    if (!end) {
      return true;
    }
    column = -1;
    if (++slot < Math.min(slots, rows - row)) {
      return true;
    }
    slot = 0;
    if (++pass < 3) {
      return true;
    }
    pass = 0;
    row += slots;
    return row < rows;
  }
}
