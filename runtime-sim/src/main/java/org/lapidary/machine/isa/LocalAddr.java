package org.lapidary.machine.isa;

/// An address in the accelerator's private memories, counted in rows of DIM elements, with its flag
/// bits.
///
/// Source: gemmini.md §4.
///
/// @param bits the 32-bit encoding
public record LocalAddr(int bits) {
  /// Names no operand: reads as zeros, is not written.
  public static final LocalAddr GARBAGE = new LocalAddr(0xFFFFFFFF);

  private static final int ACCUMULATOR = 1 << 31;
  private static final int ACCUMULATE = 1 << 30;
  private static final int FULL_WIDTH = 1 << 29;
  private static final int NORM_SHIFT = 26;
  private static final int ROW_MASK = (1 << NORM_SHIFT) - 1;

  /// A scratchpad row.
  public static LocalAddr spad(int row) {
    return new LocalAddr(checkedRow(row));
  }

  /// An accumulator row: overwritten by writes, scaled to int8 by reads.
  public static LocalAddr acc(int row) {
    return new LocalAddr(ACCUMULATOR | checkedRow(row));
  }

  /// An accumulator row that writes add to.
  public static LocalAddr accAdd(int row) {
    return new LocalAddr(ACCUMULATOR | ACCUMULATE | checkedRow(row));
  }

  /// An accumulator row that is read as full int32.
  public static LocalAddr accFull(int row) {
    return new LocalAddr(ACCUMULATOR | FULL_WIDTH | checkedRow(row));
  }

  /// This address with a normalisation command for mvout.
  @SuppressWarnings("EnumOrdinal") // norm commands are listed by code
  public LocalAddr with(NormCommand command) {
    return new LocalAddr((bits & ~(7 << NORM_SHIFT)) | command.ordinal() << NORM_SHIFT);
  }

  /// This address, `rows` further on; garbage stays garbage.
  public LocalAddr plusRows(int rows) {
    return isGarbage() ? this : new LocalAddr((bits & ~ROW_MASK) | checkedRow(row() + rows));
  }

  /// Whether this names no operand at all.
  public boolean isGarbage() {
    return bits == GARBAGE.bits;
  }

  /// Whether the row is in the accumulator rather than in the scratchpad.
  public boolean isAccumulator() {
    return (bits & ACCUMULATOR) != 0;
  }

  /// Whether a write adds to the row.
  public boolean accumulates() {
    return (bits & ACCUMULATE) != 0;
  }

  /// Whether mvout reads the row as full int32.
  public boolean fullWidth() {
    return (bits & FULL_WIDTH) != 0;
  }

  /// The normalisation command that mvout obeys.
  public NormCommand norm() {
    return NormCommand.of(bits >>> NORM_SHIFT & 7);
  }

  /// The row number.
  public int row() {
    return bits & ROW_MASK;
  }

  private static int checkedRow(int row) {
    if ((row & ~ROW_MASK) != 0) {
      throw new IsaException(
          "row " + row + " does not fit the 26-bit row field of a local address");
    }
    return row;
  }
}
