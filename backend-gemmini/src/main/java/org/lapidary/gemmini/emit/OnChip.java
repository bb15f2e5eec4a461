package org.lapidary.gemmini.emit;

import org.lapidary.machine.GemminiParams;

/// How the private memories are divided. The scratchpad has four parts, two for each operand, so
/// that one is filled while the other is in use; with four banks each part is a bank, and neither
/// the two operands nor a load and the array ever meet in one. The accumulator has two halves.
record OnChip(GemminiParams machine) {
  private static final int PARTS = 4;

  int dim() {
    return machine.dim();
  }

  /// Tiles of one operand that one of its two parts holds.
  int operandTiles() {
    return machine.spadRows() / PARTS / dim();
  }

  /// First row of a part of the left operand.
  int leftRow(int part) {
    return part * (machine.spadRows() / PARTS);
  }

  /// First row of a part of the right operand.
  int rightRow(int part) {
    return leftRow(2 + part);
  }

  /// Rows in half the accumulator.
  int halfAccRows() {
    return machine.accRows() / 2;
  }

  int tiles(int elements) {
    return (elements + dim() - 1) / dim();
  }
}
