package org.lapidary.gemmini.emit;

import org.jspecify.annotations.Nullable;

/// The two scratchpad parts of an operand and what they hold: whatever the next stage needs and is
/// not there goes to the part that the current stage does not use.
final class OperandBuffer {
  /// A block of main memory: equal blocks hold equal bytes until memory changes.
  record Block(long address, long strideBytes, int rows, int cols) {}

  private final int[] row;
  private final @Nullable Block[] held = new @Nullable Block[2];
  private int current;

  OperandBuffer(int first, int second) {
    this.row = new int[] {first, second};
  }

  /// Makes a block the current one.
  ///
  /// @return whether it has to be loaded
  boolean need(Block block) {
    if (block.equals(held[current])) {
      return false;
    }
    current = 1 - current;
    if (block.equals(held[current])) {
      return false;
    }
    held[current] = block;
    return true;
  }

  /// First row of the current block.
  int row() {
    return row[current];
  }

  /// Forgets what the parts hold, memory having changed.
  void forget() {
    held[0] = null;
    held[1] = null;
  }
}
