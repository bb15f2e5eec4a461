package org.lapidary.gemmini.emit;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import org.lapidary.gemmini.emit.OperandBuffer.Block;
import org.lapidary.gemmini.map.Contribution;
import org.lapidary.gemmini.map.Epilogue;
import org.lapidary.gemmini.map.Kernel;
import org.lapidary.gemmini.map.View;
import org.lapidary.gemmini.map.ZeroTiles;

/// Emits one accumulation, piece by piece, weight stationary; a piece is one or more stages of the
/// pipeline, emitted one at a time, so that those of several kernels can take turns.
final class AccumulationEmitter {
  private final int number;
  private final Kernel.Accumulation kernel;
  private final StreamTiling tiling;
  private final Units units;
  private final Halves halves;
  private final OnChip chip;
  private final Addresses addresses;
  private final int dim;
  private final List<int[]> corners;
  private final Deque<Runnable> steps = new ArrayDeque<>();
  private int[] batch;
  private int nextCorner;
  private boolean exhausted;

  /// Tiles in the pieces begun so far.
  private long area;

  /// A piece of the sum: `rows × cols` elements from `(row, col)` on.
  private record Piece(int[] batch, int row, int col, int rows, int cols, SumTiles tiles) {}

  private Stage stage;

  AccumulationEmitter(
      int number,
      Kernel.Accumulation kernel,
      StreamTiling tiling,
      Units units,
      Halves halves,
      Addresses addresses) {
    this.number = number;
    this.kernel = kernel;
    this.tiling = tiling;
    this.chip = halves.chip();
    this.units = units;
    this.halves = halves;
    this.addresses = addresses;
    this.dim = chip.dim();
    this.corners = corners();
    this.batch = new int[kernel.batch().size()];
    this.stage = new Stage(number, halves.following(tiling.pingPong()));
  }

  /// Emits everything.
  void emit() {
    emit(Integer.MAX_VALUE);
  }

  /// Emits the first pieces of the sum, at least one.
  ///
  /// @return where they begin to be worked on
  List<KernelStream.Piece> emit(int mostPieces) {
    List<KernelStream.Piece> accepted = new ArrayList<>();
    while (hasNext() && accepted.size() < mostPieces) {
      emitStage();
      if (steps.isEmpty()) {
        accepted.add(new KernelStream.Piece(units.pipeline.commands().count(), area));
      }
    }
    return accepted;
  }

  /// Whether there is another stage.
  boolean hasNext() {
    return !steps.isEmpty() || !exhausted;
  }

  /// Whether the array has work with it.
  boolean computes() {
    return kernel.contributions().stream().anyMatch(c -> !(c instanceof Contribution.Matrix));
  }

  /// The accumulator rows of the next stage if it begins a piece.
  Optional<Stage.Rows> nextRows() {
    return steps.isEmpty() ? Optional.of(halves.following(tiling.pingPong())) : Optional.empty();
  }

  /// Emits the next stage.
  void emitStage() {
    if (steps.isEmpty()) {
      int[] corner = corners.get(nextCorner);
      beginPiece(batch.clone(), corner[0], corner[1]);
      if (++nextCorner == corners.size()) {
        nextCorner = 0;
        exhausted = !advance(batch, kernel.batch());
      }
    }
    steps.remove().run();
    units.pipeline.accept(stage);
    stage = new Stage(number, stage.rows());
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
    List<int[]> all = new ArrayList<>();
    if (tiling.rowsOutermost()) {
      for (int row = 0; row < kernel.rows(); row += rowStep) {
        for (int col = 0; col < kernel.cols(); col += colStep) {
          all.add(new int[] {row, col});
        }
      }
    } else {
      for (int col = 0; col < kernel.cols(); col += colStep) {
        for (int row = 0; row < kernel.rows(); row += rowStep) {
          all.add(new int[] {row, col});
        }
      }
    }
    return all;
  }

  /// Plans the stages of a piece: the first also loads what is added, the last also stores.
  private void beginPiece(int[] at, int row, int col) {
    int rows = Math.min(tiling.rowBlocks() * tiling.blockRows(), kernel.rows() - row);
    int cols = Math.min(tiling.colTiles() * dim, kernel.cols() - col);
    int first = tiling.pingPong() ? halves.next() : chip.firstAccRow();
    SumTiles tiles = new SumTiles(first, tiling.blockRows(), chip.tiles(cols));
    Piece piece = new Piece(at, row, col, rows, cols, tiles);
    int end = first + blocks(rows) * tiles.colTiles() * tiles.blockRows();
    area += (long) blocks(rows) * tiles.colTiles();
    stage = new Stage(number, new Stage.Rows(true, first, end));
    boolean started = loadSums(piece);
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
    Runnable last = steps.isEmpty() ? () -> {} : steps.removeLast();
    steps.add(() -> {
      last.run();
      store(piece);
    });
  }

  /// Loads the matrices that are added.
  ///
  /// @return whether there are any
  private boolean loadSums(Piece p) {
    List<View> matrices =
        kernel.contributions().stream()
            .filter(c -> c instanceof Contribution.Matrix)
            .flatMap(c -> c.views().stream())
            .toList();
    List<Hazards.Range> read =
        matrices.stream()
            .map(v -> new Hazards.Range(addresses.first(v), addresses.end(v)))
            .toList();
    Commands out = units.loading(stage, read).sums();
    boolean started = false;
    for (View matrix : matrices) {
      Block block = block(matrix, p, p.row, p.col, p.rows, p.cols);
      units.loads.sum(out, block, matrix.dtype().bytes(), p.tiles, started);
      started = true;
    }
    return started;
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
          new Stores.Target(address, stride, p.rows, p.col, p.cols),
          tiling.storeTiles());
    }
  }

  /// A stage's share of a product: a block of the right operand, columns counted from the first of
  /// the piece.
  ///
  /// @param zeros tiles of the whole right operand to be left out
  private record Share(int k, int col, int depth, int cols, ZeroTiles zeros) {}

  private void product(Contribution.Product product, Piece p, boolean started) {
    int depthStep = tiling.depthTiles() * dim;
    int colStep = tiling.stageColTiles() * dim;
    ZeroTiles zeros = tiling.leftOut(product, started);
    for (int k = 0; k < product.depth(); k += depthStep) {
      for (int c = 0; c < p.cols; c += colStep) {
        int depth = Math.min(depthStep, product.depth() - k);
        int cols = Math.min(colStep, p.cols - c);
        Share share = new Share(k, c, depth, cols, zeros);
        if (!zeros(share, p).isAll()) {
          steps.add(() -> product(product, p, share, started));
        }
      }
    }
  }

  private ZeroTiles zeros(Share s, Piece p) {
    return s.zeros.part(s.k / dim, (p.col + s.col) / dim, chip.tiles(s.depth), chip.tiles(s.cols));
  }

  private void product(Contribution.Product product, Piece p, Share s, boolean started) {
    View a = product.transposesA() ? transposed(product.a()) : product.a();
    View b = product.transposesB() ? transposed(product.b()) : product.b();
    Block left =
        product.transposesA()
            ? block(a, p, s.k, p.row, s.depth, p.rows)
            : block(a, p, p.row, s.k, p.rows, s.depth);
    Block right =
        product.transposesB()
            ? block(b, p, p.col + s.col, s.k, s.cols, s.depth).without(zeros(s, p).transposed())
            : block(b, p, s.k, p.col + s.col, s.depth, s.cols).without(zeros(s, p));
    load(left, right);
    multiply(product, p, s, started);
  }

  private void multiply(Contribution.Product product, Piece p, Share s, boolean started) {
    boolean tA = product.transposesA();
    boolean tB = product.transposesB();
    units.array.configure(stage.computes(), tA, tB);
    int rowTiles = blocks(p.rows);
    int colTiles = chip.tiles(s.cols);
    int depthTiles = chip.tiles(s.depth);
    for (int k = 0; k < depthTiles; k++) {
      int inner = Math.min(dim, s.depth - k * dim);
      for (int j = 0; j < colTiles; j++) {
        int row = s.k / dim + k;
        int col = (p.col + s.col) / dim + j;
        if (s.zeros.at(row, col)) {
          continue;
        }
        boolean add = started || !s.zeros.isFirst(row, col);
        int width = Math.min(dim, s.cols - j * dim);
        int right = units.right.row() + (tB ? j * depthTiles + k : k * colTiles + j) * dim;
        for (int i = 0; i < rowTiles; i++) {
          int height = height(p, i);
          int left = units.left.row() + (tA ? k * rowTiles + i : i * depthTiles + k) * dim;
          units.array.multiply(
              stage.computes(),
              new ArrayCommands.Tile(left, height, inner, i == 0 ? right : -1, width),
              p.tiles.row(i, s.col / dim + j),
              add);
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
        int firstCol = c;
        int first = q;
        int pieces = Math.min(pieceStep, diagonal.pieces() - q);
        steps.add(() -> {
          boolean tX = diagonal.transposesX();
          int col = p.col + firstCol;
          load(
              tX
                  ? block(transposed(diagonal.x()), p, col, p.row, cols, p.rows)
                  : block(diagonal.x(), p, p.row, col, p.rows, cols),
              block(diagonal.diagonals(), p, first * dim, col, pieces * dim, cols));
          units.array.configure(stage.computes(), tX, false);
          multiplyDiagonals(p, firstCol, cols, pieces, tX, started || first > 0);
        });
      }
    }
  }

  private void multiplyDiagonals(
      Piece p, int firstCol, int cols, int pieces, boolean tX, boolean started) {
    int rowTiles = blocks(p.rows);
    int colTiles = chip.tiles(cols);
    for (int q = 0; q < pieces; q++) {
      for (int j = 0; j < colTiles; j++) {
        int width = Math.min(dim, cols - j * dim);
        int right = units.right.row() + (q * colTiles + j) * dim;
        for (int i = 0; i < rowTiles; i++) {
          int left = units.left.row() + (tX ? j * rowTiles + i : i * colTiles + j) * dim;
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
      Commands out = units.loading(stage, List.of(left.range())).operands();
      units.loads.operand(out, Loads.State.LEFT, left, units.left.row(), tiling.loadTiles());
    }
    if (units.right.need(right)) {
      Commands out = units.loading(stage, List.of(right.range())).operands();
      units.loads.operand(out, Loads.State.RIGHT, right, units.right.row(), tiling.loadTiles());
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
