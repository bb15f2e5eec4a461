package org.lapidary.gemmini.emit;

/// The tiles of one piece of a sum in the accumulator, in row-major order.
///
/// @param firstRow first accumulator row of the piece
/// @param blockRows rows of a tile
/// @param colTiles tiles side by side
record SumTiles(int firstRow, int blockRows, int colTiles) {
  /// First row of a tile.
  int row(int rowBlock, int colTile) {
    return firstRow + (rowBlock * colTiles + colTile) * blockRows;
  }
}
