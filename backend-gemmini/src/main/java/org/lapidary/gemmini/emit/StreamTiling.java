package org.lapidary.gemmini.emit;

import org.lapidary.gemmini.map.Contribution;
import org.lapidary.gemmini.map.Kernel;
import org.lapidary.gemmini.map.ZeroTiles;
import org.lapidary.ir.Diagnostic;
import org.lapidary.ir.Diagnostic.Code;
import org.lapidary.ir.DiagnosticException;
import org.lapidary.ir.Graph;
import org.lapidary.ir.op.Op;

/// Explicit commands, software-pipelined. The sum is made piece by piece, a piece in stages along
/// the inner axis; the loads of a stage run under the computes of the one before. An operand that
/// comes round again while its slots last is not loaded again.
///
/// @param blockRows rows of a row block: DIM, or less where a whole row is so long that DIM of them
///   do not fit
/// @param rowBlocks row blocks in a piece
/// @param colTiles columns in a piece, in tiles
/// @param pingPong whether two pieces fit, so that one drains while the other grows
/// @param rowsOutermost whether pieces advance along columns first, the left operand coming round
///   again
/// @param depthTiles tiles along the inner axis in a stage
/// @param stageColTiles columns of the right operand in a stage, in tiles
/// @param loadTiles tiles that one `mvin` of an operand may span
/// @param storeTiles tiles that one `mvout` may span
/// @param skipsZeros whether tiles of zeros are left out, which hardly ever costs more
public record StreamTiling(
    int blockRows,
    int rowBlocks,
    int colTiles,
    boolean pingPong,
    boolean rowsOutermost,
    int depthTiles,
    int stageColTiles,
    int loadTiles,
    int storeTiles,
    boolean skipsZeros)
    implements Tiling {
  /// Four blocks each way: four stores a piece keep the store queue from blocking the others, and
  /// each loaded tile is used four times. Source: rtl/README.md, rule 9.
  private static final int SIDE = 4;

  /// A good choice for most kernels, without a search.
  static StreamTiling usual(Kernel.Accumulation kernel, OnChip chip) {
    int colTiles = chip.tiles(kernel.cols());
    int half = chip.halfAccRows() / chip.dim();
    int cols =
        kernel.needsWholeRows()
            ? colTiles
            : Math.clamp(half, 1, Math.min(SIDE, colTiles)); // one even if only half a tile fits
    int side = Math.min(SIDE, chip.operandTiles());
    int rows = Math.min(Math.min(side, chip.tiles(kernel.rows())), Math.max(1, half / cols));
    int most = chip.machine().maxBlockTiles();
    return of(kernel, chip, rows, cols, SIDE, keepLeft(kernel, chip, rows, cols), most, most);
  }

  /// For a kernel that shares the machine with another: stages as deep as its share allows, and,
  /// where loads wait for latency, twice as many rows for each right tile that is loaded.
  static StreamTiling shared(Kernel.Accumulation kernel, OnChip chip) {
    StreamTiling usual = usual(kernel, chip);
    int most = chip.machine().maxBlockTiles();
    int high =
        Math.min(2 * usual.rowBlocks(), Math.min(chip.operandTiles(), chip.tiles(kernel.rows())));
    boolean fits = high * usual.colTiles() * chip.dim() <= chip.halfAccRows();
    int rows = fits && chip.waitsForLatency() ? high : usual.rowBlocks();
    return of(
        kernel,
        chip,
        kernel.needsWholeRows() ? 1 : rows,
        usual.colTiles(),
        chip.operandTiles(),
        usual.rowsOutermost(),
        most,
        most);
  }

  /// Pieces of `rows × cols` tiles, or, where whole rows are needed and do not fit twice, what
  /// does.
  static StreamTiling of(
      Kernel.Accumulation kernel,
      OnChip chip,
      int rows,
      int cols,
      int depth,
      boolean rowsOutermost,
      int loadTiles,
      int storeTiles) {
    int half = chip.halfAccRows() / chip.dim();
    int blockRows = chip.dim();
    if (cols > 2 * half) {
      blockRows = Integer.highestOneBit(2 * chip.halfAccRows() / cols);
      if (blockRows == 0) {
        throw tooWide(kernel, chip);
      }
    }
    int part = chip.operandTiles();
    int stageCols = Math.min(cols, part / rows);
    int stageDepth = Math.max(1, Math.min(depth, part / Math.max(rows, stageCols)));
    return new StreamTiling(
        blockRows,
        rows,
        cols,
        rows * cols <= half,
        rowsOutermost || rows >= chip.tiles(kernel.rows()) || cols >= chip.tiles(kernel.cols()),
        stageDepth,
        stageCols,
        loadTiles,
        storeTiles,
        true);
  }

  /// The same, zeros being multiplied by like everything else.
  public StreamTiling withZeros() {
    return new StreamTiling(
        blockRows,
        rowBlocks,
        colTiles,
        pingPong,
        rowsOutermost,
        depthTiles,
        stageColTiles,
        loadTiles,
        storeTiles,
        false);
  }

  /// Whether keeping the left operand while going along the columns loads less than the reverse.
  private static boolean keepLeft(Kernel.Accumulation kernel, OnChip chip, int rows, int cols) {
    if (kernel.needsWholeRows()) {
      return true;
    }
    long rowPieces = ((long) chip.tiles(kernel.rows()) + rows - 1) / rows;
    long colPieces = ((long) chip.tiles(kernel.cols()) + cols - 1) / cols;
    long keepLeft = kernel.rows() + kernel.cols() * rowPieces;
    long keepRight = kernel.cols() + kernel.rows() * colPieces;
    return keepLeft <= keepRight;
  }

  @Override
  public String text() {
    return "stream %d %d %d %b %b %d %d %d %d %b"
        .formatted(
            blockRows,
            rowBlocks,
            colTiles,
            pingPong,
            rowsOutermost,
            depthTiles,
            stageColTiles,
            loadTiles,
            storeTiles,
            skipsZeros);
  }

  /// Tiles of a product's right operand that are left out.
  ///
  /// @param started whether there is a sum already that it is added to
  ZeroTiles leftOut(Contribution.Product product, boolean started) {
    if (!skipsZeros) {
      return ZeroTiles.NONE;
    }
    return started ? product.zeros() : product.zeros().exceptFirstOfEmptyColumns();
  }

  /// Diagonal tiles of a column that are loaded at a time.
  int diagonalsPerStage(Contribution.Diagonal diagonal, OnChip chip) {
    return Math.clamp(chip.operandTiles() / stageColTiles, 1, diagonal.pieces());
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
