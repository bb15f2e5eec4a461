package org.lapidary.gemmini.search;

import org.lapidary.gemmini.emit.LoopTiling;
import org.lapidary.gemmini.emit.StreamTiling;
import org.lapidary.gemmini.emit.Tiling;
import org.lapidary.gemmini.map.Contribution;
import org.lapidary.gemmini.map.Kernel;
import org.lapidary.gemmini.map.View;
import org.lapidary.machine.GemminiParams;

/// Closed forms for the time of a tiling: a bound no stream of it can beat, and an estimate to rank
/// by. Source: rtl/README.md rules 2, 4 and 5.
final class Estimate {
  private final Kernel.Accumulation kernel;
  private final GemminiParams machine;
  private final int dim;
  private final long matrices;
  private final long rowTiles;
  private final long colTiles;

  Estimate(Kernel.Accumulation kernel, GemminiParams machine) {
    this.kernel = kernel;
    this.machine = machine;
    this.dim = machine.dim();
    this.matrices =
        kernel.batch().stream().mapToLong(Integer::longValue).reduce(1, (a, b) -> a * b);
    this.rowTiles = ceil(kernel.rows(), dim);
    this.colTiles = ceil(kernel.cols(), dim);
  }

  /// Tiles of the whole sum, in row blocks that a tiling may make smaller than a tile.
  long area(Tiling tiling) {
    long rows = tiling instanceof StreamTiling s ? ceil(kernel.rows(), s.blockRows()) : rowTiles;
    return matrices * rows * colTiles;
  }

  /// Pairs of preload and compute for one tile of the sum.
  private long depth() {
    long depth = 0;
    for (Contribution c : kernel.contributions()) {
      depth +=
          switch (c) {
            case Contribution.Product p -> ceil(p.depth(), dim);
            case Contribution.Diagonal d -> d.pieces();
            case Contribution.Matrix _ -> 0;
          };
    }
    return depth;
  }

  /// Commands of the whole kernel, about.
  long commands() {
    return 2 * matrices * rowTiles * colTiles * (1 + depth());
  }

  /// Commands of one piece, about; those a loop unrolls to for a loop.
  long pieceCommands(Tiling tiling) {
    long area =
        switch (tiling) {
          case StreamTiling s -> (long) s.rowBlocks() * s.colTiles();
          case LoopTiling l -> (long) l.tilesI() * l.tilesJ();
        };
    return 2 * area * (1 + depth());
  }

  /// Cycles no stream of a tiling can do without.
  long bound(StreamTiling t) {
    return Math.max(arrayCycles(t), busBytes(t) / machine.busBytes());
  }

  private long arrayCycles(StreamTiling t) {
    long cycles = 0;
    for (Contribution c : kernel.contributions()) {
      if (c instanceof Contribution.Product p) {
        long full = kernel.rows() / dim;
        long steps = ceil(p.depth(), dim) * colTiles;
        long fresh = ceil(rowTiles, t.rowBlocks());
        cycles += steps * full * dim;
        cycles += p.transposesB() ? steps * fresh * dim : 0;
      }
    }
    return matrices * cycles;
  }

  /// Bytes of operands that are loaded.
  private long busBytes(StreamTiling t) {
    long bytes = 0;
    long rowPieces = ceil(rowTiles, t.rowBlocks());
    long colPieces = ceil(colTiles, t.colTiles());
    long part = machine.spadTiles() / 4;
    for (Contribution c : kernel.contributions()) {
      if (c instanceof Contribution.Product p) {
        long blocks = ceil(ceil(p.depth(), dim), t.depthTiles());
        long left = (long) t.rowBlocks() * t.depthTiles();
        long right = (long) t.stageColTiles() * t.depthTiles();
        boolean keepsLeft = blocks <= 2 * (part / left);
        boolean keepsRight = blocks <= 2 * (part / right);
        boolean allLeft = blocks * rowPieces <= 2 * (part / left);
        boolean allRight = blocks * colPieces <= 2 * (part / right);
        boolean leftOnce = allLeft || (t.rowsOutermost() && keepsLeft);
        boolean rightOnce = allRight || (!t.rowsOutermost() && keepsRight);
        bytes += copies(p.a()) * kernel.rows() * p.depth() * (leftOnce ? 1 : colPieces);
        bytes += copies(p.b()) * kernel.cols() * p.depth() * (rightOnce ? 1 : rowPieces);
      }
    }
    return bytes;
  }

  /// Matrices of a batch that are not all the same one.
  private long copies(View view) {
    long copies = 1;
    for (int axis = 0; axis < kernel.batch().size(); axis++) {
      copies *= view.stride(axis) == 0 ? 1 : view.dim(axis);
    }
    return copies;
  }

  /// Cycles, about: the slowest of array, loads and stores, and what comes before and after.
  long cycles(StreamTiling t) {
    int latency = machine.memLatencyCycles();
    long beats = (long) dim * t.loadTiles() * dim / machine.busBytes();
    long mvin = Math.max(beats * machine.memBeatIntervalCycles(), (latency + 14 + beats) / 2);
    long loads = busBytes(t) / ((long) dim * dim * t.loadTiles()) * mvin;
    long mvout = Math.max(7L * dim, latency + 16);
    int wide = Math.min(t.storeTiles(), t.colTiles());
    long stores = matrices * rowTiles * ceil(colTiles, wide) * mvout;
    long first = (long) (t.rowBlocks() + t.colTiles()) * t.depthTiles() * mvin / t.loadTiles();
    long last = t.rowBlocks() * ceil(t.colTiles(), wide) * mvout;
    return Math.max(arrayCycles(t), Math.max(loads, stores)) + first + last;
  }

  private static long ceil(long value, long unit) {
    return (value + unit - 1) / unit;
  }
}
