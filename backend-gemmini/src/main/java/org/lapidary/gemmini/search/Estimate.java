package org.lapidary.gemmini.search;

import java.util.function.Predicate;
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
  /// Of so many cycles of traffic one cannot be hidden; it ranks tilings that are otherwise equal.
  private static final int FRICTION = 32;

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
            case Contribution.Product p -> ceil(p.tiles(dim), colTiles);
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
    return Math.max(arrayCycles(t), (leftBytes(t) + rightBytes(t)) / machine.busBytes());
  }

  private long arrayCycles(StreamTiling t) {
    long cycles = 0;
    for (Contribution c : kernel.contributions()) {
      if (c instanceof Contribution.Product p) {
        long full = kernel.rows() / dim;
        long steps = p.tiles(dim);
        long fresh = ceil(rowTiles, t.rowBlocks());
        cycles += steps * full * dim;
        cycles += p.transposesB() ? steps * fresh * dim : 0;
      }
    }
    return matrices * cycles;
  }

  private long leftBytes(StreamTiling t) {
    long rowPieces = ceil(rowTiles, t.rowBlocks());
    long bytes = 0;
    for (Contribution c : kernel.contributions()) {
      if (c instanceof Contribution.Product p) {
        long blocks = ceil(ceil(p.depth(), dim), t.depthTiles());
        long slots = slots((long) t.rowBlocks() * t.depthTiles());
        boolean once = blocks * rowPieces <= slots || (t.rowsOutermost() && blocks <= slots);
        long times = once ? 1 : ceil(colTiles, t.colTiles());
        bytes += copies(p.a()) * kernel.rows() * p.depth() * times;
      }
    }
    return bytes;
  }

  private long rightBytes(StreamTiling t) {
    long colPieces = ceil(colTiles, t.colTiles());
    long bytes = 0;
    for (Contribution c : kernel.contributions()) {
      if (c instanceof Contribution.Product p) {
        long blocks = ceil(ceil(p.depth(), dim), t.depthTiles());
        long slots = slots((long) t.stageColTiles() * t.depthTiles());
        boolean once = blocks * colPieces <= slots || (!t.rowsOutermost() && blocks <= slots);
        long times = once ? 1 : ceil(rowTiles, t.rowBlocks());
        bytes += copies(p.b()) * p.elements(dim) * times;
      }
    }
    return bytes;
  }

  private long slots(long tiles) {
    return 2 * (machine.spadTiles() / 4 / tiles);
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
    boolean turnsLeft = products(Contribution.Product::transposesA);
    boolean turnsRight = products(Contribution.Product::transposesB);
    int leftWidth = Math.min(t.loadTiles(), turnsLeft ? t.rowBlocks() : t.depthTiles());
    int rightWidth = Math.min(t.loadTiles(), turnsRight ? t.depthTiles() : t.stageColTiles());
    long tile = (long) dim * dim;
    long loads =
        leftBytes(t) / tile * mvin(leftWidth) / leftWidth
            + rightBytes(t) / tile * mvin(rightWidth) / rightWidth;
    int wide = Math.min(t.storeTiles(), t.colTiles());
    long mvout = Math.max(7L * dim, machine.memLatencyCycles() + dim);
    long stores = matrices * rowTiles * ceil(colTiles, wide) * mvout;
    long first =
        (long) t.depthTiles() * t.rowBlocks() * mvin(leftWidth) / leftWidth
            + (long) t.depthTiles() * t.stageColTiles() * mvin(rightWidth) / rightWidth;
    long last = t.rowBlocks() * ceil(t.colTiles(), wide) * mvout;
    long friction = (loads + stores) / FRICTION;
    return Math.max(arrayCycles(t), Math.max(loads, stores)) + friction + first + last + changes(t);
  }

  /// Pieces until the operand that stays for a while changes; those of a loop along its columns, of
  /// which the last may be smaller.
  long period(Tiling tiling) {
    return switch (tiling) {
      case StreamTiling t when !t.rowsOutermost() -> ceil(rowTiles, t.rowBlocks());
      case StreamTiling t -> ceil(colTiles, t.colTiles());
      case LoopTiling l -> ceil(colTiles, l.tilesJ());
    };
  }

  /// Cycles the array waits, about, when that operand changes and both have to be loaded, over the
  /// whole kernel.
  long changes(StreamTiling t) {
    long panels = t.rowsOutermost() ? ceil(rowTiles, t.rowBlocks()) : ceil(colTiles, t.colTiles());
    long stages = depth() / t.depthTiles() * ceil(t.colTiles(), t.stageColTiles());
    long compute = (long) t.rowBlocks() * t.stageColTiles() * t.depthTiles() * dim;
    long both = (long) t.depthTiles() * (t.rowBlocks() + t.stageColTiles()) * mvin(t.loadTiles());
    return matrices * panels * stages * Math.max(0, both / t.loadTiles() - compute);
  }

  private boolean products(Predicate<Contribution.Product> property) {
    return kernel.contributions().stream()
        .anyMatch(c -> c instanceof Contribution.Product p && property.test(p));
  }

  /// Cycles between two loads of so many tiles: beats of the bus, two loads in flight, and the
  /// outstanding requests.
  private long mvin(int tiles) {
    long rowBeats = ceil((long) tiles * dim, machine.busBytes());
    long beats = dim * rowBeats * machine.memBeatIntervalCycles();
    int latency = machine.memLatencyCycles();
    long requests = dim * (latency + 6 + rowBeats) / machine.memRequestsInFlight();
    return Math.max(beats, Math.max((latency + 14 + beats) / 2, requests));
  }

  private static long ceil(long value, long unit) {
    return (value + unit - 1) / unit;
  }
}
