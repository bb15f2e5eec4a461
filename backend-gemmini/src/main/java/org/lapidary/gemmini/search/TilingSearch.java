package org.lapidary.gemmini.search;

import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Function;
import org.lapidary.gemmini.emit.KernelStream;
import org.lapidary.gemmini.emit.LoopTiling;
import org.lapidary.gemmini.emit.StreamTiling;
import org.lapidary.gemmini.emit.Tiling;
import org.lapidary.gemmini.emit.TilingSpace;
import org.lapidary.gemmini.map.Kernel;
import org.lapidary.gemmini.map.KernelCost;
import org.lapidary.machine.GemminiParams;
import org.lapidary.machine.Semantics;

/// Chooses the tiling of each kernel: closed forms rank and prune, the cycle model judges the
/// streams. Deterministic, and what it chooses is never slower than Gemmini's own library, nor than
/// what it would choose if tiles of zeros were multiplied by.
public final class TilingSearch implements Function<Kernel.Accumulation, Tiling>, KernelCost {
  /// Part of every cache key; to be raised when the space, the search or the emission changes.
  static final int VERSION = 4;

  /// Pieces of different size that are judged before anything else is varied.
  private static final int PIECES = 12;

  /// The same where only an outline is wanted.
  private static final int OUTLINE_PIECES = 3;

  /// Commands of a stream's beginning that are judged.
  private static final int PREFIX_COMMANDS = 4_000;

  /// Commands of a prefix that has a whole period.
  private static final int PERIOD_COMMANDS = 12_000;

  /// Commands that are judged once more, in whole streams, and how many tilings at most.
  private static final int WHOLE_COMMANDS = 1_000_000;

  private static final int FINALISTS = 3;

  /// By which factor times may differ of tilings that are worth judging once more, and of those
  /// that must not win by a mistake of extrapolation.
  private static final double CLOSE = 1.005;

  private static final double NEAR = 1.06;

  private final GemminiParams machine;
  private final Semantics semantics;
  private final TilingCache cache;
  private final Map<TilingKey, Long> outlines = new ConcurrentHashMap<>();

  /// @param cache of choices made before
  public TilingSearch(GemminiParams machine, Semantics semantics, TilingCache cache) {
    this.machine = machine;
    this.semantics = semantics;
    this.cache = cache;
  }

  @Override
  public Tiling apply(Kernel.Accumulation kernel) {
    return choose(kernel).tiling();
  }

  /// The tiling of a kernel, and what it takes.
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

  /// The best of a few tilings, judged on the beginnings of their streams.
  @Override
  public long cycles(Kernel.Accumulation kernel) {
    return outlines.computeIfAbsent(
        TilingKey.of(kernel, machine, semantics), _ -> new Run(kernel).outline());
  }

  /// What a kernel takes with the tiling chosen for it, judged on its whole stream.
  public long wholeCycles(Kernel.Accumulation kernel) {
    Tiling tiling = choose(kernel).tiling();
    return Judge.cycles(KernelStream.of(kernel, tiling, machine, Integer.MAX_VALUE), machine);
  }

  /// What a kernel takes with any tiling of its space, judged on the beginning of its stream. That
  /// has a whole period of the operand that stays, if it is not too long; else its changes are
  /// counted by closed form. The first piece, which fills the pipeline, sets no pace.
  public long cycles(Kernel.Accumulation kernel, Tiling tiling) {
    Estimate estimate = new Estimate(kernel, machine);
    long pieceCommands = estimate.pieceCommands(tiling);
    long period = estimate.period(tiling);
    boolean whole = (period + 2) * pieceCommands <= PERIOD_COMMANDS;
    long pieces = Math.max(PREFIX_COMMANDS / pieceCommands, whole ? period + 2 : 0);
    KernelStream stream =
        KernelStream.of(kernel, tiling, machine, Math.clamp(pieces, 3, Integer.MAX_VALUE));
    long area = estimate.area(tiling);
    int last = stream.pieces().size() - 1;
    int from = Math.max(Math.min(1, last), whole ? last - (int) period : last / 2);
    long cycles = Judge.extrapolated(stream, machine, area, from);
    boolean partly = stream.pieces().getLast().area() < area;
    return partly && !whole && tiling instanceof StreamTiling s
        ? cycles + estimate.changes(s)
        : cycles;
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

    /// Judged whole, unless far off.
    private final Set<Tiling> safe = new LinkedHashSet<>();

    Run(Kernel.Accumulation kernel) {
      this.kernel = kernel;
      this.space = new TilingSpace(kernel, machine);
      this.estimate = new Estimate(kernel, machine);
    }

    long outline() {
      judgePieces(OUTLINE_PIECES);
      return judged.getOrDefault(best().getFirst(), 0L);
    }

    private void judgePieces(int most) {
      judge(space.usual());
      space.pieces().stream()
          .map(this::promising)
          .sorted(Comparator.comparingLong(estimate::cycles))
          .limit(most)
          .forEach(this::judge);
    }

    Choice search() {
      judgePieces(PIECES);
      for (StreamTiling good : List.copyOf(bestStreams(2))) {
        deepen(good);
      }
      narrow(bestStreams(1).getFirst());
      safe.add(space.usual());
      space.library().ifPresent(safe::add);
      Kernel.Accumulation full = kernel.withoutZeros();
      if (full.equals(kernel)) {
        return decide();
      }
      Choice withZeros = choose(full);
      safe.add(withZeros.tiling());
      Choice skipping = decide();
      return skipping.cycles() <= withZeros.cycles() ? skipping : asIfFull(withZeros);
    }

    private static Choice asIfFull(Choice choice) {
      return switch (choice.tiling()) {
        case StreamTiling s -> new Choice(s.withZeros(), choice.cycles());
        case LoopTiling _ -> choice;
      };
    }

    /// The tiling of a piece with the best estimate.
    private StreamTiling promising(int[] piece) {
      int width = space.widths().getFirst();
      List<StreamTiling> all = new ArrayList<>();
      for (int depth : space.depths()) {
        all.add(space.stream(piece, depth, true, width, width));
        all.add(space.stream(piece, depth, false, width, width));
      }
      return Collections.min(all, Comparator.comparingLong(estimate::cycles));
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

    /// Extrapolation may mislead where times are close or pieces differ: whole streams decide among
    /// the best, and against the library's loop, the choice without a search and the one for full
    /// operands where those are not far off what the best takes as a whole.
    private Choice decide() {
      safe.forEach(this::judge);
      List<Tiling> order = best();
      long least = judged.getOrDefault(order.getFirst(), 0L);
      int finalists = Math.clamp(WHOLE_COMMANDS / estimate.commands(), 1, FINALISTS);
      Choice chosen =
          order.stream()
              .limit(finalists)
              .filter(t -> judged.getOrDefault(t, 0L) <= CLOSE * least)
              .map(this::whole)
              .min(Comparator.comparingLong(Choice::cycles))
              .orElseThrow();
      for (Tiling t : order) {
        if (safe.contains(t) && judged.getOrDefault(t, 0L) <= NEAR * chosen.cycles()) {
          Choice other = whole(t);
          chosen = other.cycles() < chosen.cycles() ? other : chosen;
        }
      }
      return chosen;
    }

    private Choice whole(Tiling tiling) {
      KernelStream stream = KernelStream.of(kernel, tiling, machine, Integer.MAX_VALUE);
      return new Choice(tiling, Judge.cycles(stream, machine));
    }
  }
}
