package org.lapidary.gemmini.emit;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/// The two scratchpad parts of an operand and the blocks they hold. Each part is divided into slots
/// of equal size. What the next stage needs and is not there goes to the part that the current
/// stage does not use, over what was not needed for longest; so an operand that comes round again
/// before its slots are used up stays resident.
final class OperandBuffer {
  /// A block of main memory: equal blocks hold equal bytes until memory changes.
  record Block(long address, long strideBytes, int rows, int cols) {}

  private final int[] first;
  private final int partRows;
  private int slotRows;

  /// What the slots hold; even slots are in the first part, odd ones in the second.
  private @Nullable Block[] held = new @Nullable Block[0];

  private long[] used = new long[0];
  private int current;
  private long clock;

  /// @param first first rows of the parts
  /// @param partRows rows in each
  OperandBuffer(int[] first, int partRows) {
    this.first = first.clone();
    this.partRows = partRows;
    divide(partRows);
  }

  /// Divides the parts into slots of that many rows; what they hold is forgotten.
  void divide(int rows) {
    if (rows == slotRows) {
      return;
    }
    int part = current & 1;
    slotRows = rows;
    int slots = 2 * (partRows / rows);
    held = new @Nullable Block[slots];
    used = new long[slots];
    current = part;
  }

  /// Makes a block the current one.
  ///
  /// @return whether it has to be loaded
  boolean need(Block block) {
    int slot = Arrays.asList(held).indexOf(block);
    boolean load = slot < 0;
    if (load) {
      slot = oldest(1 - (current & 1));
      held[slot] = block;
    }
    current = slot;
    used[slot] = ++clock;
    return load;
  }

  private int oldest(int part) {
    int oldest = part;
    for (int slot = part; slot < held.length; slot += 2) {
      if (used[slot] < used[oldest]) {
        oldest = slot;
      }
    }
    return oldest;
  }

  /// First row of the current block.
  int row() {
    return first[current & 1] + (current >> 1) * slotRows;
  }

  /// Forgets what the parts hold, memory having changed.
  void forget() {
    Arrays.fill(held, null);
  }
}
