package org.lapidary.gemmini.emit;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Objects;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import org.lapidary.gemmini.map.ZeroTiles;

/// The two scratchpad parts of an operand and the blocks they hold. What the next stage needs and
/// is not there goes to the part that the current stage does not use, over what was not needed for
/// longest; so an operand that comes round again before the parts are full stays resident, whoever
/// else takes turns.
final class OperandBuffer {
  /// A block of main memory: equal blocks hold equal bytes until memory changes.
  ///
  /// @param zeros tiles of it that nobody reads, loaded or not
  record Block(long address, long strideBytes, int rows, int cols, ZeroTiles zeros) {
    Block(long address, long strideBytes, int rows, int cols) {
      this(address, strideBytes, rows, cols, ZeroTiles.NONE);
    }

    Block without(ZeroTiles tiles) {
      return new Block(address, strideBytes, rows, cols, tiles);
    }

    Hazards.Range range() {
      return new Hazards.Range(address, address + (rows - 1) * strideBytes + cols);
    }
  }

  /// A block that is there, in rows counted from the start of its part.
  private static final class Held {
    final Block block;
    final int part;
    final int from;
    final int to;
    long used;

    Held(Block block, int part, int from, int to) {
      this.block = block;
      this.part = part;
      this.from = from;
      this.to = to;
    }

    boolean overlaps(int otherPart, int otherFrom, int otherTo) {
      return part == otherPart && from < otherTo && otherFrom < to;
    }
  }

  private final int[] first;
  private final int partRows;
  private final int dim;
  private final List<Held> held = new ArrayList<>();
  private @Nullable Held current;
  private long clock;

  /// @param first first rows of the parts
  /// @param partRows rows in each
  OperandBuffer(int[] first, int partRows, int dim) {
    this.first = first.clone();
    this.partRows = partRows;
    this.dim = dim;
  }

  /// Makes a block the current one.
  ///
  /// @return whether it has to be loaded
  boolean need(Block block) {
    Held found = held.stream().filter(h -> h.block.equals(block)).findFirst().orElse(null);
    boolean load = found == null;
    if (found == null) {
      found = place(block, current == null ? 1 : 1 - current.part);
    }
    found.used = ++clock;
    current = found;
    return load;
  }

  /// Puts a block where what it displaces was not needed for longest.
  private Held place(Block block, int part) {
    int rows = tiles(block.rows) * tiles(block.cols) * dim;
    List<Integer> starts = new ArrayList<>(List.of(0));
    for (Held h : held) {
      if (h.part == part) {
        starts.add(h.from);
        starts.add(h.to);
      }
    }
    int from =
        starts.stream()
            .filter(s -> s + rows <= partRows)
            .min(
                Comparator.<Integer>comparingLong(s -> lastUse(part, s, s + rows))
                    .thenComparing(Comparator.naturalOrder()))
            .orElseThrow();
    held.removeIf(h -> h.overlaps(part, from, from + rows));
    Held placed = new Held(block, part, from, from + rows);
    held.add(placed);
    return placed;
  }

  private long lastUse(int part, int from, int to) {
    return held.stream()
        .filter(h -> h.overlaps(part, from, to))
        .mapToLong(h -> h.used)
        .max()
        .orElse(0);
  }

  private int tiles(int elements) {
    return (elements + dim - 1) / dim;
  }

  /// First row of the current block.
  int row() {
    Held now = Objects.requireNonNull(current);
    return first[now.part] + now.from;
  }

  /// Forgets blocks that changed in memory.
  void forget(Predicate<Block> changed) {
    held.removeIf(h -> changed.test(h.block));
  }

  /// Forgets everything, somebody else having used the scratchpad.
  void forget() {
    held.clear();
  }
}
