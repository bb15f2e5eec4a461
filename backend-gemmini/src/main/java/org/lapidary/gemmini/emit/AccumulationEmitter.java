package org.lapidary.gemmini.emit;

import java.util.ArrayList;
import java.util.List;
import org.lapidary.gemmini.emit.OperandBuffer.Block;
import org.lapidary.gemmini.map.Contribution;
import org.lapidary.gemmini.map.Epilogue;
import org.lapidary.gemmini.map.Kernel;
import org.lapidary.gemmini.map.View;

/// Emits one accumulation, piece by piece, weight stationary.
final class AccumulationEmitter {
  private final int number;
  private final Kernel.Accumulation kernel;
  private final StreamTiling tiling;
  private final Units units;
  private final OnChip chip;
  private final Addresses addresses;
  private final int dim;

  /// A piece of the sum: `rows × cols` elements from `(row, col)` on.
  private record Piece(int[] batch, int row, int col, int rows, int cols, SumTiles tiles) {}

  private Stage stage;

  AccumulationEmitter(
      int number,
      Kernel.Accumulation kernel,
      StreamTiling tiling,
      Units units,
      OnChip chip,
      Addresses addresses) {
    this.number = number;
    this.kernel = kernel;
    this.tiling = tiling;
    this.units = units;
    this.chip = chip;
    this.addresses = addresses;
    this.dim = chip.dim();
    this.stage = new Stage(number);
  }

  void emit() {
    emit(Integer.MAX_VALUE);
  }

  /// Emits the first pieces of the sum, at least one.
  ///
  /// @return where they begin to be worked on
  List<KernelStream.Piece> emit(int mostPieces) {
    int[] batch = new int[kernel.batch().size()];
    units.left.divide(tiling.leftSlotTiles(kernel, chip) * dim);
    units.right.divide(tiling.rightSlotTiles(kernel, chip) * dim);
    List<KernelStream.Piece> accepted = new ArrayList<>();
    long area = 0;
    do {
      for (int[] corner : corners()) {
        area += piece(batch, corner[0], corner[1]);
        accepted.add(new KernelStream.Piece(units.pipeline.commands().count(), area));
        if (accepted.size() == mostPieces) {
          return accepted;
        }
      }
    } while (advance(batch, kernel.batch()));
    return accepted;
  }

  /// The next index in row-major order; false after the last.
  static boolean advance(int[] index, List<Integer> sizes) {
    for (int axis = index.length - 1; axis >= 0; axis--) {
      if (++index[axis] < sizes.get(axis)) {
        return true;
      }
      index[axis] = 0;
    }
    return false;
  }

  /// First row and column of each piece, in order.
  private List<int[]> corners() {
    int rowStep = tiling.rowBlocks() * tiling.blockRows();
    int colStep = tiling.colTiles() * dim;
    List<int[]> corners = new ArrayList<>();
    if (tiling.rowsOutermost()) {
      for (int row = 0; row < kernel.rows(); row += rowStep) {
        for (int col = 0; col < kernel.cols(); col += colStep) {
          corners.add(new int[] {row, col});
        }
      }
    } else {
      for (int col = 0; col < kernel.cols(); col += colStep) {
        for (int row = 0; row < kernel.rows(); row += rowStep) {
          corners.add(new int[] {row, col});
        }
      }
    }
    return corners;
  }

  /// Emits one piece; returns its tiles.
  private long piece(int[] batch, int row, int col) {
    int rows = Math.min(tiling.rowBlocks() * tiling.blockRows(), kernel.rows() - row);
    int cols = Math.min(tiling.colTiles() * dim, kernel.cols() - col);
    if (!tiling.pingPong()) {
      units.pipeline.drain(); // the next piece needs the rows the last one is stored from
    }
    int first = tiling.pingPong() ? units.nextHalf() : 0;
    Piece piece =
        new Piece(
            batch, row, col, rows, cols, new SumTiles(first, tiling.blockRows(), chip.tiles(cols)));
    boolean started = false;
    for (Contribution c : kernel.contributions()) {
      if (c instanceof Contribution.Matrix m) {
        Block block = block(m.x(), piece, row, col, rows, cols);
        units.loads.sum(stage.sums(), block, m.x().dtype().bytes(), piece.tiles, started);
        started = true;
      }
    }
    for (Contribution c : kernel.contributions()) {
      switch (c) {
        case Contribution.Product p -> product(p, piece, started);
        case Contribution.Diagonal d -> diagonal(d, piece, started);
        case Contribution.Matrix _ -> {
          continue; // loaded above
        }
      }
      started = true;
    }
    store(piece);
    units.pipeline.accept(stage);
    stage = new Stage(number);
    return (long) blocks(rows) * chip.tiles(cols);
  }

  private void store(Piece p) {
    for (Epilogue e : kernel.epilogues()) {
      View out = e.out();
      long address = addresses.of(out, p.batch, p.row, p.col);
      long stride = out.stride(-2) * out.dtype().bytes();
      units.stores.piece(
          stage.stores(),
          e,
          p.tiles,
          new Stores.Target(address, stride, p.rows, p.cols),
          tiling.storeTiles());
    }
  }

  /// Passes on the stage so far if it computes anything, and starts another of the same piece.
  private void nextStage() {
    if (stage.computes().count() > 0) {
      units.pipeline.accept(stage);
      stage = new Stage(number);
    }
  }

  private void product(Contribution.Product product, Piece p, boolean started) {
    int depthStep = tiling.depthTiles() * dim;
    int colStep = tiling.stageColTiles() * dim;
    for (int k = 0; k < product.depth(); k += depthStep) {
      int depth = Math.min(depthStep, product.depth() - k);
      for (int c = 0; c < p.cols; c += colStep) {
        nextStage();
        int cols = Math.min(colStep, p.cols - c);
        View a = product.transposesA() ? transposed(product.a()) : product.a();
        View b = product.transposesB() ? transposed(product.b()) : product.b();
        Block left =
            product.transposesA()
                ? block(a, p, k, p.row, depth, p.rows)
                : block(a, p, p.row, k, p.rows, depth);
        Block right =
            product.transposesB()
                ? block(b, p, p.col + c, k, cols, depth)
                : block(b, p, k, p.col + c, depth, cols);
        load(left, right);
        multiply(product, p, c, cols, depth, started || k > 0);
      }
    }
  }

  private void multiply(
      Contribution.Product product, Piece p, int firstCol, int cols, int depth, boolean started) {
    boolean tA = product.transposesA();
    boolean tB = product.transposesB();
    units.array.configure(stage.computes(), tA, tB);
    int rowTiles = blocks(p.rows);
    int colTiles = chip.tiles(cols);
    int depthTiles = chip.tiles(depth);
    for (int k = 0; k < depthTiles; k++) {
      int inner = Math.min(dim, depth - k * dim);
      for (int j = 0; j < colTiles; j++) {
        int width = Math.min(dim, cols - j * dim);
        int right = units.right.row() + (tB ? j * depthTiles + k : k * colTiles + j) * dim;
        for (int i = 0; i < rowTiles; i++) {
          int height = height(p, i);
          int left = units.left.row() + (tA ? k * rowTiles + i : i * depthTiles + k) * dim;
          units.array.multiply(
              stage.computes(),
              new ArrayCommands.Tile(left, height, inner, i == 0 ? right : -1, width),
              p.tiles.row(i, firstCol / dim + j),
              started || k > 0);
        }
      }
    }
  }

  /// Multiplies columns by factors: the diagonal tiles are the stationary operand.
  private void diagonal(Contribution.Diagonal diagonal, Piece p, boolean started) {
    int colStep = tiling.stageColTiles() * dim;
    int pieceStep = tiling.diagonalsPerStage(diagonal, chip);
    for (int c = 0; c < p.cols; c += colStep) {
      int cols = Math.min(colStep, p.cols - c);
      for (int q = 0; q < diagonal.pieces(); q += pieceStep) {
        nextStage();
        int pieces = Math.min(pieceStep, diagonal.pieces() - q);
        load(
            block(diagonal.x(), p, p.row, p.col + c, p.rows, cols),
            block(diagonal.diagonals(), p, q * dim, p.col + c, pieces * dim, cols));
        units.array.configure(stage.computes(), false, false);
        multiplyDiagonals(p, c, cols, pieces, started || q > 0);
      }
    }
  }

  private void multiplyDiagonals(Piece p, int firstCol, int cols, int pieces, boolean started) {
    int rowTiles = blocks(p.rows);
    int colTiles = chip.tiles(cols);
    for (int q = 0; q < pieces; q++) {
      for (int j = 0; j < colTiles; j++) {
        int width = Math.min(dim, cols - j * dim);
        int right = units.right.row() + (q * colTiles + j) * dim;
        for (int i = 0; i < rowTiles; i++) {
          int left = units.left.row() + (i * colTiles + j) * dim;
          units.array.multiply(
              stage.computes(),
              new ArrayCommands.Tile(left, height(p, i), width, i == 0 ? right : -1, width),
              p.tiles.row(i, firstCol / dim + j),
              started || q > 0);
        }
      }
    }
  }

  private void load(Block left, Block right) {
    if (units.left.need(left)) {
      units.loads.operand(
          stage.operands(), Loads.State.LEFT, left, units.left.row(), tiling.loadTiles());
    }
    if (units.right.need(right)) {
      units.loads.operand(
          stage.operands(), Loads.State.RIGHT, right, units.right.row(), tiling.loadTiles());
    }
  }

  private int blocks(int rows) {
    return (rows + tiling.blockRows() - 1) / tiling.blockRows();
  }

  private int height(Piece p, int rowBlock) {
    return Math.min(tiling.blockRows(), p.rows - rowBlock * tiling.blockRows());
  }

  private Block block(View view, Piece p, int row, int col, int rows, int cols) {
    long stride = view.stride(-2) * view.dtype().bytes();
    return new Block(addresses.of(view, p.batch, row, col), stride, rows, cols);
  }

  static View transposed(View view) {
    java.util.List<Integer> axes = new java.util.ArrayList<>();
    for (int axis = 0; axis < view.rank() - 2; axis++) {
      axes.add(axis);
    }
    axes.add(view.rank() - 1);
    axes.add(view.rank() - 2);
    return view.transpose(axes);
  }
}
