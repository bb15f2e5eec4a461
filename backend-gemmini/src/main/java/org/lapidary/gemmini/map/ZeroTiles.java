package org.lapidary.gemmini.map;

import java.util.BitSet;
import java.util.HexFormat;
import java.util.Objects;
import org.lapidary.ir.DType;
import org.lapidary.ir.Data;
import org.lapidary.ir.TensorType;

/// Which tiles of DIM × DIM elements of a constant matrix hold nothing but zeros: who multiplies by
/// it need not load them, nor multiply by them, for they add nothing. Tiles at the end of a row or
/// a column may be smaller.
public final class ZeroTiles {
  /// Of a matrix of any size that has none, or of which nothing is known.
  public static final ZeroTiles NONE = new ZeroTiles(0, 0, new BitSet());

  private final int rows;
  private final int cols;
  private final BitSet zeros;

  private ZeroTiles(int rows, int cols, BitSet zeros) {
    this.rows = rows;
    this.cols = cols;
    this.zeros = zeros;
  }

  /// The zero tiles of an int8 matrix `[.., rows, cols]` whose leading axes are 1; of others, none.
  public static ZeroTiles of(Data data, int dim) {
    TensorType type = data.type();
    boolean isMatrix = type.rank() >= 2 && type.dtype() == DType.I8;
    if (!isMatrix || (long) type.dim(-2) * type.dim(-1) != type.elements()) {
      return NONE;
    }
    byte[] elements = data.load().bytes();
    int height = type.dim(-2);
    int width = type.dim(-1);
    return where(
        (height + dim - 1) / dim,
        (width + dim - 1) / dim,
        (row, col) -> isZero(elements, width, new Square(row * dim, col * dim, dim, height)));
  }

  /// Part of a matrix of some height, from an element on.
  private record Square(int row, int col, int dim, int height) {}

  private static boolean isZero(byte[] elements, int width, Square s) {
    for (int row = s.row; row < Math.min(s.row + s.dim, s.height); row++) {
      for (int col = s.col; col < Math.min(s.col + s.dim, width); col++) {
        if (elements[row * width + col] != 0) {
          return false;
        }
      }
    }
    return true;
  }

  /// Something that may hold of a tile.
  private interface Condition {
    boolean holds(int row, int col);
  }

  private static ZeroTiles where(int rows, int cols, Condition condition) {
    BitSet zeros = new BitSet();
    for (int row = 0; row < rows; row++) {
      for (int col = 0; col < cols; col++) {
        if (condition.holds(row, col)) {
          zeros.set(row * cols + col);
        }
      }
    }
    return zeros.isEmpty() ? NONE : new ZeroTiles(rows, cols, zeros);
  }

  /// Whether there are none.
  public boolean isEmpty() {
    return zeros.isEmpty();
  }

  /// Whether there are others.
  public boolean isAll() {
    return !isEmpty() && zeros.cardinality() == rows * cols;
  }

  /// Whether a tile is zero.
  public boolean at(int row, int col) {
    return zeros.get(row * cols + col);
  }

  /// How many.
  public int count() {
    return zeros.cardinality();
  }

  /// Elements in them, of a matrix of so many rows and columns.
  public long elements(int height, int width, int dim) {
    long sum = 0;
    for (int i = zeros.nextSetBit(0); i >= 0; i = zeros.nextSetBit(i + 1)) {
      int row = i / cols * dim;
      int col = i % cols * dim;
      sum += (long) Math.min(dim, height - row) * Math.min(dim, width - col);
    }
    return sum;
  }

  /// Rows of nothing but zero tiles.
  public int emptyRows() {
    int empty = 0;
    for (int row = 0; row < rows; row++) {
      empty += zeros.nextClearBit(row * cols) >= (row + 1) * cols ? 1 : 0;
    }
    return empty;
  }

  /// Those of a part of the matrix.
  public ZeroTiles part(int row, int col, int height, int width) {
    return isEmpty() ? NONE : where(height, width, (r, c) -> at(row + r, col + c));
  }

  /// Those of the transposed matrix.
  public ZeroTiles transposed() {
    return isEmpty() ? NONE : where(cols, rows, (row, col) -> at(col, row));
  }

  /// The same, but for the first tile of each column of nothing but zeros: a sum that starts here
  /// has to be written, if only with zeros.
  public ZeroTiles exceptFirstOfEmptyColumns() {
    return isEmpty()
        ? NONE
        : where(rows, cols, (r, c) -> at(r, c) && (r > 0 || !isZeroAbove(rows, c)));
  }

  /// Whether a tile is the first of its column that is not zero, if it is not.
  public boolean isFirst(int row, int col) {
    return row == 0 || (!isEmpty() && isZeroAbove(row, col));
  }

  /// Whether all tiles of a column before a row are zero.
  private boolean isZeroAbove(int row, int col) {
    int before = row - 1;
    while (before >= 0 && at(before, col)) {
      before--;
    }
    return before < 0;
  }

  /// All there is to know, for a cache key.
  public String text() {
    return isEmpty() ? "" : rows + "x" + cols + ":" + HexFormat.of().formatHex(zeros.toByteArray());
  }

  @Override
  public boolean equals(Object other) {
    return this == other
        || (other instanceof ZeroTiles that
            && rows == that.rows
            && cols == that.cols
            && zeros.equals(that.zeros));
  }

  @Override
  public int hashCode() {
    return Objects.hash(rows, cols, zeros);
  }

  @Override
  public String toString() {
    return "ZeroTiles[" + text() + "]";
  }
}
