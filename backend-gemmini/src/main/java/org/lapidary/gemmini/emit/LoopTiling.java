package org.lapidary.gemmini.emit;

import java.util.Optional;
import org.lapidary.gemmini.map.Contribution;
import org.lapidary.gemmini.map.Epilogue;
import org.lapidary.gemmini.map.Kernel;
import org.lapidary.ir.op.MoveOut;

/// The hardware loop: LOOP_WS commands of so many tiles each, the inner axis innermost.
///
/// @param tilesI tiles along the rows of the sum
/// @param tilesJ tiles along its columns
/// @param tilesK tiles along the inner axis
public record LoopTiling(int tilesI, int tilesJ, int tilesK) implements Tiling {

  /// What Gemmini's own library chooses (`tiled_matmul_auto`): nearly square, then as large as half
  /// of each memory allows. Nothing where no hardware loop applies, and where the accumulator is so
  /// large beside the scratchpad that no tile along the inner axis is left: the library gives up
  /// there. Source: gemmini.md §10.1.
  static Optional<LoopTiling> library(Kernel.Accumulation kernel, OnChip chip) {
    if (!applies(kernel)) {
      return Optional.empty();
    }
    int i = chip.tiles(kernel.rows());
    int j = chip.tiles(kernel.cols());
    int k = chip.tiles(product(kernel).depth());
    int accTiles = chip.halfAccRows() / chip.dim();
    int spadTiles = chip.machine().spadRows() / 2 / chip.dim();
    int side = (int) Math.sqrt(accTiles);
    if (side == 0 || spadTiles / 2 / side == 0) {
      return Optional.empty();
    }
    int[] size = {Math.min(i, side), Math.min(j, side), Math.min(k, spadTiles / 2 / side)};
    int[] most = {i, j, k};
    boolean grown = true;
    while (grown) {
      grown = false;
      for (int axis : new int[] {1, 0, 2}) {
        size[axis]++;
        boolean fits =
            size[axis] <= most[axis]
                && size[0] * size[1] <= accTiles
                && (size[0] + size[1]) * size[2] <= spadTiles;
        if (fits) {
          grown = true;
        } else {
          size[axis]--;
        }
      }
    }
    return Optional.of(new LoopTiling(size[0], size[1], size[2]));
  }

  /// Whether a hardware loop computes such a sum: a product, at most one matrix below it, moved out
  /// once, element by element.
  public static boolean applies(Kernel.Accumulation kernel) {
    long products =
        kernel.contributions().stream().filter(Contribution.Product.class::isInstance).count();
    long matrices =
        kernel.contributions().stream().filter(Contribution.Matrix.class::isInstance).count();
    return products == 1
        && matrices <= 1
        && products + matrices == kernel.contributions().size()
        && kernel.epilogues().size() == 1
        && kernel.epilogues().getFirst() instanceof Epilogue.Scaled s
        && (s.op() instanceof MoveOut.Requantize || s.op() instanceof MoveOut.GeluI32);
  }

  static Contribution.Product product(Kernel.Accumulation kernel) {
    return kernel.contributions().stream()
        .filter(Contribution.Product.class::isInstance)
        .map(Contribution.Product.class::cast)
        .findFirst()
        .orElseThrow();
  }

  @Override
  public String text() {
    return "loop %d %d %d".formatted(tilesI, tilesJ, tilesK);
  }
}
