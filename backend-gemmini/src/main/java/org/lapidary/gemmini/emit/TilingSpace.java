package org.lapidary.gemmini.emit;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.SortedSet;
import java.util.TreeSet;
import org.lapidary.gemmini.map.Contribution;
import org.lapidary.gemmini.map.Kernel;
import org.lapidary.machine.GemminiParams;

/// The tilings of one kernel on one machine. Every point is a correct program; they differ in time
/// alone.
///
/// @param kernel what is to be cut up
/// @param machine for whom
public record TilingSpace(Kernel.Accumulation kernel, GemminiParams machine) {
  private static final int DEEPEST_STAGE = 64;

  private OnChip chip() {
    return new OnChip(machine);
  }

  /// What is chosen without a search.
  public StreamTiling usual() {
    return StreamTiling.usual(kernel, chip());
  }

  /// What Gemmini's own library chooses, where it has a loop and a tile for it.
  public Optional<LoopTiling> library() {
    return LoopTiling.library(kernel, chip());
  }

  /// Sizes of a piece in tiles, rows times columns, that fit: powers of two and even divisions.
  public List<int[]> pieces() {
    OnChip chip = chip();
    int half = Math.max(1, chip.halfAccRows() / chip.dim()); // a tile alone takes both halves
    int rowTiles = chip.tiles(kernel.rows());
    int colTiles = chip.tiles(kernel.cols());
    List<int[]> pieces = new ArrayList<>();
    if (kernel.needsWholeRows()) {
      for (int rows : sizes(rowTiles, Math.clamp(half / colTiles, 1, chip.operandTiles()))) {
        pieces.add(new int[] {rows, colTiles});
      }
      return pieces;
    }
    for (int rows : sizes(rowTiles, Math.min(half, chip.operandTiles()))) {
      for (int cols : sizes(colTiles, half / rows)) {
        pieces.add(new int[] {rows, cols});
      }
    }
    return pieces;
  }

  private static SortedSet<Integer> sizes(int all, int most) {
    SortedSet<Integer> sizes = new TreeSet<>();
    for (int size = 1; size <= Math.min(all, most); size *= 2) {
      sizes.add(size);
    }
    for (int parts = (all + most - 1) / most; parts <= Math.min(all, 8); parts++) {
      sizes.add((all + parts - 1) / parts);
    }
    return sizes;
  }

  /// Depths of a stage in tiles.
  public List<Integer> depths() {
    int deepest = 1;
    for (Contribution c : kernel.contributions()) {
      if (c instanceof Contribution.Product p) {
        deepest = Math.max(deepest, chip().tiles(p.depth()));
      }
    }
    List<Integer> depths = new ArrayList<>();
    for (int depth = 1; depth < Math.min(deepest, DEEPEST_STAGE); depth *= 2) {
      depths.add(depth);
    }
    depths.add(Math.min(deepest, DEEPEST_STAGE));
    return depths;
  }

  /// Tiles that one command may move.
  public List<Integer> widths() {
    List<Integer> widths = new ArrayList<>();
    for (int width = machine.maxBlockTiles(); width >= 1; width /= 2) {
      widths.add(width);
    }
    return widths;
  }

  /// A point of the space.
  public StreamTiling stream(
      int[] piece, int depth, boolean rowsOutermost, int loadTiles, int storeTiles) {
    return StreamTiling.of(
        kernel, chip(), piece[0], piece[1], depth, rowsOutermost, loadTiles, storeTiles);
  }
}
