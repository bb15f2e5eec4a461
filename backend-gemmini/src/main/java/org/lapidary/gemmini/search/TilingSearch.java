package org.lapidary.gemmini.search;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.lapidary.gemmini.emit.KernelStream;
import org.lapidary.gemmini.emit.LoopTiling;
import org.lapidary.gemmini.emit.StreamTiling;
import org.lapidary.gemmini.emit.Tiling;
import org.lapidary.gemmini.emit.TilingSpace;
import org.lapidary.gemmini.map.Kernel;
import org.lapidary.machine.GemminiParams;
import org.lapidary.machine.Semantics;

/// Chooses the tiling of each kernel: closed forms rank and prune, the cycle model judges the
/// streams. Deterministic, and what it chooses is never slower than Gemmini's own library.
public final class TilingSearch {
  /// Part of every cache key; to be raised when the space, the search or the emission changes.
  static final int VERSION = 1;

  /// Pieces of different size that are judged before anything else is varied.
  private static final int PIECES = 8;

  /// Commands of a stream's beginning that are judged.
  private static final int PREFIX_COMMANDS = 6_000;

  /// Commands of a kernel up to which the last decisions are made on the whole stream.
  private static final int WHOLE_COMMANDS = 400_000;

  /// How far an extrapolated time may be off, as a factor.
  private static final double EXTRAPOLATION = 1.03;

  private final GemminiParams machine;
  private final Semantics semantics;
  private final TilingCache cache;

  /// @param cache of choices made before
  public TilingSearch(GemminiParams machine, Semantics semantics, TilingCache cache) {
    this.machine = machine;
    this.semantics = semantics;
    this.cache = cache;
  }

  /// The tiling of a kernel.
  public Choice choose(Kernel.Accumulation kernel) {
    TilingKey key = TilingKey.of(kernel, machine, semantics);
    Optional<Choice> known = cache.get(key);
    if (known.isPresent()) {
      return known.get();
    }
    Choice found = new Run(kernel).search();
    cache.put(key, found);
    return found;
  }

  /// What a kernel takes with the tiling chosen for it, judged on its whole stream.
  public long wholeCycles(Kernel.Accumulation kernel) {
    Tiling tiling = choose(kernel).tiling();
    return Judge.cycles(KernelStream.of(kernel, tiling, machine, Integer.MAX_VALUE), machine);
  }

  /// What a kernel takes with any tiling of its space, judged on the beginning of its stream.
  public long cycles(Kernel.Accumulation kernel, Tiling tiling) {
    Estimate estimate = new Estimate(kernel, machine);
    int pieces = Math.clamp(PREFIX_COMMANDS / estimate.pieceCommands(tiling), 2, 1 << 20);
    KernelStream stream = KernelStream.of(kernel, tiling, machine, pieces);
    return Judge.extrapolated(stream, machine, estimate.area(tiling));
  }

  /// What Gemmini's own library takes, judged on its whole stream.
  public long libraryCycles(Kernel.Accumulation kernel) {
    return Judge.cycles(KernelStream.ofLibrary(kernel, machine, Integer.MAX_VALUE), machine);
  }

  /// The search for one kernel.
  private final class Run {
    private final Kernel.Accumulation kernel;
    private final TilingSpace space;
    private final Estimate estimate;
    private final Map<Tiling, Long> judged = new LinkedHashMap<>();

    Run(Kernel.Accumulation kernel) {
      this.kernel = kernel;
      this.space = new TilingSpace(kernel, machine);
      this.estimate = new Estimate(kernel, machine);
    }

    Choice search() {
      int width = space.widths().getFirst();
      judge(space.usual());
      Set<StreamTiling> shapes = new LinkedHashSet<>();
      for (int[] piece : space.pieces()) {
        for (int depth : List.of(4, 16)) {
          shapes.add(space.stream(piece, depth, true, width, width));
          shapes.add(space.stream(piece, depth, false, width, width));
        }
      }
      shapes.stream()
          .sorted(Comparator.comparingLong(estimate::cycles))
          .limit(PIECES)
          .forEach(this::judge);
      for (StreamTiling good : List.copyOf(bestStreams(2))) {
        deepen(good);
      }
      narrow(bestStreams(1).getFirst());
      if (LoopTiling.applies(kernel)) {
        judge(space.library());
      }
      return decide();
    }

    private void deepen(StreamTiling good) {
      int[] piece = {good.rowBlocks(), good.colTiles()};
      for (int depth : space.depths()) {
        judge(
            space.stream(piece, depth, good.rowsOutermost(), good.loadTiles(), good.storeTiles()));
      }
    }

    private void narrow(StreamTiling good) {
      int[] piece = {good.rowBlocks(), good.colTiles()};
      for (int width : space.widths()) {
        judge(
            space.stream(piece, good.depthTiles(), good.rowsOutermost(), good.loadTiles(), width));
        judge(
            space.stream(piece, good.depthTiles(), good.rowsOutermost(), width, good.storeTiles()));
      }
    }

    private List<StreamTiling> bestStreams(int count) {
      List<StreamTiling> best = new ArrayList<>();
      for (Tiling t : best()) {
        if (t instanceof StreamTiling s && best.size() < count) {
          best.add(s);
        }
      }
      return best;
    }

    private List<Tiling> best() {
      return judged.entrySet().stream()
          .sorted(Map.Entry.comparingByValue())
          .map(Map.Entry::getKey)
          .toList();
    }

    private void judge(Tiling tiling) {
      if (judged.containsKey(tiling)) {
        return;
      }
      long best = judged.values().stream().mapToLong(Long::longValue).min().orElse(Long.MAX_VALUE);
      if (tiling instanceof StreamTiling s && estimate.bound(s) >= best) {
        return;
      }
      judged.put(tiling, TilingSearch.this.cycles(kernel, tiling));
    }

    /// Extrapolation may mislead where times are close: the whole streams decide.
    private Choice decide() {
      List<Tiling> order = best();
      Tiling first = order.getFirst();
      long limit = Math.round(judgement(first) * EXTRAPOLATION);
      Choice choice = new Choice(first, judgement(first));
      if (estimate.commands() <= WHOLE_COMMANDS) {
        choice = whole(first);
        for (Tiling t : order.subList(1, order.size())) {
          boolean rival = t instanceof LoopTiling && judgement(t) <= limit;
          if (rival) {
            Choice other = whole(t);
            choice = other.cycles() < choice.cycles() ? other : choice;
          }
        }
      }
      return choice;
    }

    private long judgement(Tiling tiling) {
      return judged.getOrDefault(tiling, Long.MAX_VALUE);
    }

    private Choice whole(Tiling tiling) {
      KernelStream stream = KernelStream.of(kernel, tiling, machine, Integer.MAX_VALUE);
      return new Choice(tiling, Judge.cycles(stream, machine));
    }
  }
}
