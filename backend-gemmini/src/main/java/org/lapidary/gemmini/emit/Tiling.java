package org.lapidary.gemmini.emit;

import org.lapidary.gemmini.map.Contribution;
import org.lapidary.gemmini.map.Kernel;
import org.lapidary.ir.Diagnostic;
import org.lapidary.ir.Diagnostic.Code;
import org.lapidary.ir.DiagnosticException;
import org.lapidary.ir.Graph;
import org.lapidary.ir.op.Op;

/// The piece of a sum that the accumulator holds at once, and the order of the pieces.
///
/// @param blockRows rows of a row block: DIM, or less where a whole row is so long that DIM of them
///   do not fit
/// @param rowBlocks row blocks in a piece
/// @param colTiles columns in a piece, in tiles
/// @param pingPong whether two pieces fit, so that one drains while the other grows
/// @param rowsOutermost whether pieces advance along columns first, keeping the left operand
record Tiling(int blockRows, int rowBlocks, int colTiles, boolean pingPong, boolean rowsOutermost) {
  /// Four blocks each way: four stores a piece keep the store queue from blocking the others, and
  /// each loaded tile is used four times. Source: rtl/README.md, rule 9.
  private static final int SIDE = 4;

  static Tiling choose(Kernel.Accumulation kernel, OnChip chip) {
    int dim = chip.dim();
    int rowTiles = chip.tiles(kernel.rows());
    int colTiles = chip.tiles(kernel.cols());
    int half = chip.halfAccRows() / dim;
    if (!kernel.needsWholeRows()) {
      int cols = Math.min(Math.min(SIDE, colTiles), half);
      int rows = Math.min(Math.min(SIDE, rowTiles), half / cols);
      return new Tiling(dim, rows, cols, true, keepLeft(kernel, chip, rows, cols));
    }
    if (colTiles <= half) {
      int rows = Math.min(Math.min(SIDE, rowTiles), half / colTiles);
      return new Tiling(dim, rows, colTiles, true, true);
    }
    if (colTiles <= 2 * half) {
      return new Tiling(dim, 1, colTiles, false, true);
    }
    int blockRows = Integer.highestOneBit(2 * chip.halfAccRows() / colTiles);
    if (blockRows == 0) {
      throw tooWide(kernel, chip);
    }
    return new Tiling(blockRows, 1, colTiles, false, true);
  }

  /// Whether keeping the left operand while going along the columns loads less than the reverse.
  private static boolean keepLeft(Kernel.Accumulation kernel, OnChip chip, int rows, int cols) {
    long rowPieces = ((long) chip.tiles(kernel.rows()) + rows - 1) / rows;
    long colPieces = ((long) chip.tiles(kernel.cols()) + cols - 1) / cols;
    long keepLeft = kernel.rows() + kernel.cols() * rowPieces;
    long keepRight = kernel.cols() + kernel.rows() * colPieces;
    return keepLeft <= keepRight;
  }

  /// Tiles along the inner axis of a product that are loaded at a time.
  int depthTiles(Contribution.Product product, OnChip chip) {
    int most = chip.operandTiles() / Math.max(rowBlocks, Math.min(colTiles, chip.operandTiles()));
    return Math.min(chip.tiles(product.depth()), Math.max(1, most));
  }

  /// Column tiles of the right operand loaded at a time.
  int loadedColTiles(OnChip chip) {
    return Math.min(colTiles, chip.operandTiles() / rowBlocks);
  }

  private static DiagnosticException tooWide(Kernel.Accumulation kernel, OnChip chip) {
    Graph.Node<? extends Op> node = kernel.nodes().getLast();
    return new DiagnosticException(
        Diagnostic.error(
            Code.DOES_NOT_FIT,
            "",
            node.loc().node(),
            "rows of %d columns do not fit the accumulator of %s, which holds %d"
                .formatted(
                    kernel.cols(), chip.machine().name(), chip.machine().accRows() * chip.dim()),
            "choose a machine with a larger accumulator"));
  }
}
