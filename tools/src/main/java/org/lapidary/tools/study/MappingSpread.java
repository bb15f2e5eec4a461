package org.lapidary.tools.study;

import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.Supplier;
import org.lapidary.gemmini.emit.StreamTiling;
import org.lapidary.gemmini.emit.TilingSpace;
import org.lapidary.gemmini.map.Kernel;
import org.lapidary.gemmini.search.MatmulShape;
import org.lapidary.gemmini.search.TilingCache;
import org.lapidary.gemmini.search.TilingSearch;
import org.lapidary.machine.GemminiParams;
import org.lapidary.machine.Semantics;

/// How far the random mappings of a product are from the best. Source of the idea: arXiv
/// 2302.14017, §5.4.
///
/// @param operator the product
/// @param best cycles of the mapping that our search takes
/// @param cycles of the random mappings, rising
public record MappingSpread(String operator, long best, List<Long> cycles) {
  private static final long SEED = 20260101;

  public MappingSpread {
    cycles = cycles.stream().sorted().toList();
  }

  /// The slowest over the best.
  public double worstOverBest() {
    return (double) cycles.getLast() / best;
  }

  /// A quantile over the best.
  ///
  /// @param share 0 is the fastest, 1 the slowest
  public double overBest(double share) {
    return (double) cycles.get((int) Math.round(share * (cycles.size() - 1))) / best;
  }

  /// Share of the mappings that take at most three times as long as the best.
  public double withinThreeTimes() {
    return (double) cycles.stream().filter(c -> c <= 3 * best).count() / cycles.size();
  }

  /// The products of the survey that a Transformer has, put off.
  static List<Supplier<MappingSpread>> later(int mappings, TilingCache cache, Batch batch) {
    List<Supplier<MappingSpread>> all = new ArrayList<>();
    add("BERT-Base MHA projection", dense(768, 768), mappings, cache, batch, all);
    add("BERT-Base Q×K, one head", dense(512, 64), mappings, cache, batch, all);
    add("BERT-Base FFN W_1", dense(3072, 768), mappings, cache, batch, all);
    add("BERT-Large FFN W_1", dense(4096, 1024), mappings, cache, batch, all);
    return all;
  }

  private static void add(
      String name,
      MatmulShape shape,
      int mappings,
      TilingCache cache,
      Batch batch,
      List<Supplier<MappingSpread>> all) {
    all.add(batch.later(() -> of(name, shape, mappings, cache)));
  }

  private static MatmulShape dense(int cols, int depth) {
    return new MatmulShape(
        1, 512, cols, depth, false, MatmulShape.Bias.NONE, MatmulShape.Activation.NONE);
  }

  /// Draws from all that fits: size of a piece, depth of a stage, order, width of loads and stores.
  private static MappingSpread of(String name, MatmulShape shape, int mappings, TilingCache cache) {
    GemminiParams machine = GemminiParams.load("default");
    Kernel.Accumulation kernel = shape.kernel();
    TilingSpace space = new TilingSpace(kernel, machine);
    TilingSearch search = new TilingSearch(machine, Semantics.RTL, cache);
    SplittableRandom random = new SplittableRandom(SEED);
    List<int[]> pieces = pieces(kernel, machine);
    List<Integer> widths = space.widths();
    List<Long> cycles = new ArrayList<>();
    for (int i = 0; i < mappings; i++) {
      StreamTiling drawn =
          space.stream(
              pieces.get(random.nextInt(pieces.size())),
              1 + random.nextInt(space.depths().getLast()),
              random.nextBoolean(),
              widths.get(random.nextInt(widths.size())),
              widths.get(random.nextInt(widths.size())));
      cycles.add(search.cycles(kernel, drawn));
    }
    return new MappingSpread(name, search.cycles(kernel, search.choose(kernel).tiling()), cycles);
  }

  /// Every size of a piece that fits half of the accumulator.
  private static List<int[]> pieces(Kernel.Accumulation kernel, GemminiParams machine) {
    int half = machine.accTiles() / 2;
    List<int[]> pieces = new ArrayList<>();
    for (int rows = 1; rows <= Math.min(half, kernel.rows() / machine.dim()); rows++) {
      for (int cols = 1; cols <= Math.min(half / rows, kernel.cols() / machine.dim()); cols++) {
        pieces.add(new int[] {rows, cols});
      }
    }
    return pieces;
  }
}
