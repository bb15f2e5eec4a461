package org.lapidary.gemmini.schedule;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.Deque;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Function;
import org.lapidary.gemmini.map.Buffer;
import org.lapidary.gemmini.map.Kernel;
import org.lapidary.gemmini.map.ScheduleOptions.Order;
import org.lapidary.gemmini.map.View;
import org.lapidary.gemmini.map.Work;
import org.lapidary.machine.GemminiParams;

/// Divides the work into phases. In serial order every kernel is a phase. Pipelined, the kernels
/// between two host steps are cut into parts, and a phase is a set of parts that do not depend on
/// each other, chosen so that heavy parts (whose stores take longer than their computes: softmax,
/// LayerNorm, GELU) meet enough light ones to hide behind: while one half of the rows is
/// normalised, the array multiplies the other.
///
/// A phase takes every heavy part that is ready and covered. Light parts that lead to the next
/// heavy one come first; the others are kept for when there is something to hide.
public final class Planner {
  /// Groups of batch entries (heads) that a heavy kernel is cut into.
  private static final int HEAVY_GROUPS = 3;

  private final GemminiParams machine;
  private final List<Work.OnAccelerator> parts = new ArrayList<>();
  private final List<UnitTimes> times = new ArrayList<>();
  private final List<List<Integer>> before = new ArrayList<>();
  private final List<List<Integer>> after = new ArrayList<>();
  private final Map<Buffer, Set<Integer>> writers = new HashMap<>();
  private final Map<Buffer, Set<Integer>> readers = new HashMap<>();
  private final TreeSet<Integer> heavyAhead = new TreeSet<>();
  private final TreeSet<Integer> ready = new TreeSet<>();
  private final BitSet done = new BitSet();
  private int[] missing = {};

  private Planner(GemminiParams machine) {
    this.machine = machine;
  }

  /// The phases of work that is in an order in which it could be done.
  public static List<Phase> plan(List<Work> work, GemminiParams machine, Order order) {
    List<Phase> phases = new ArrayList<>();
    int at = 0;
    while (at < work.size()) {
      int end = at;
      while (end < work.size() && work.get(end) instanceof Work.OnAccelerator) {
        end++;
      }
      if (end == at || order == Order.SERIAL) {
        phases.add(new Phase(List.of(work.get(at++))));
      } else {
        phases.addAll(new Planner(machine).pipelined(work.subList(at, end)));
        at = end;
      }
    }
    return phases;
  }

  private List<Phase> pipelined(List<Work> run) {
    for (Work work : run) {
      if (work instanceof Work.OnAccelerator kernel) {
        parts(kernel.kernel()).forEach(k -> add(kernel.part(k)));
      }
    }
    missing = new int[parts.size()];
    for (int i = 0; i < parts.size(); i++) {
      missing[i] = before.get(i).size();
      if (missing[i] == 0) {
        ready.add(i);
      }
    }
    List<Phase> phases = new ArrayList<>();
    while (!ready.isEmpty()) {
      List<Integer> chosen = choose();
      phases.add(new Phase(chosen.stream().map(i -> (Work) parts.get(i)).toList()));
      chosen.forEach(this::finish);
    }
    return phases;
  }

  private List<? extends Kernel> parts(Kernel kernel) {
    return switch (kernel) {
      case Kernel.Copy c -> List.of(c);
      case Kernel.Accumulation a -> {
        List<Kernel.Accumulation> halves = Cut.rows(a, machine.dim());
        boolean cutsBatch = halves.size() > 1 && UnitTimes.of(a, machine).isHeavy();
        yield cutsBatch
            ? halves.stream().flatMap(h -> Cut.batch(h, HEAVY_GROUPS).stream()).toList()
            : halves;
      }
    };
  }

  private void add(Work.OnAccelerator part) {
    int number = parts.size();
    parts.add(part);
    UnitTimes time = UnitTimes.of(part.kernel(), machine);
    times.add(time);
    if (time.isHeavy()) {
      heavyAhead.add(number);
    }
    Kernel kernel = part.kernel();
    TreeSet<Integer> needed = new TreeSet<>();
    needed.addAll(touching(kernel.reads(), writers, Kernel::writes));
    needed.addAll(touching(kernel.writes(), writers, Kernel::writes));
    needed.addAll(touching(kernel.writes(), readers, Kernel::reads));
    remember(kernel.reads(), readers, number);
    remember(kernel.writes(), writers, number);
    before.add(List.copyOf(needed));
    after.add(new ArrayList<>());
    needed.forEach(n -> after.get(n).add(number));
  }

  /// The earlier parts that touch the same elements in a way.
  private Set<Integer> touching(
      List<View> views, Map<Buffer, Set<Integer>> by, Function<Kernel, List<View>> way) {
    Set<Integer> found = new LinkedHashSet<>();
    for (View view : views) {
      for (int other : by.getOrDefault(view.buffer(), Set.of())) {
        List<View> theirs = way.apply(parts.get(other).kernel());
        if (theirs.stream().anyMatch(v -> Footprint.overlap(v, view))) {
          found.add(other);
        }
      }
    }
    return found;
  }

  private static void remember(List<View> views, Map<Buffer, Set<Integer>> by, int part) {
    for (View view : views) {
      if (!view.buffer().isConstant()) {
        by.computeIfAbsent(view.buffer(), _ -> new LinkedHashSet<>()).add(part);
      }
    }
  }

  private void finish(int part) {
    ready.remove(part);
    heavyAhead.remove(part);
    done.set(part);
    for (int next : after.get(part)) {
      if (--missing[next] == 0) {
        ready.add(next);
      }
    }
  }

  private List<Integer> choose() {
    List<Integer> heavy = ready.stream().filter(i -> times.get(i).isHeavy()).toList();
    BitSet leading = leadingToHeavy();
    List<Integer> light = new ArrayList<>();
    ready.stream().filter(i -> leading.get(i)).forEach(light::add);
    int leads = light.size();
    ready.stream().filter(i -> !leading.get(i) && !times.get(i).isHeavy()).forEach(light::add);
    if (heavy.isEmpty()) {
      return leads > 0 ? light.subList(0, leads) : light;
    }
    return light.isEmpty() ? heavy : covered(heavy, light);
  }

  /// Heavy parts, and as many light ones as hide them; the first heavy part in any case.
  private List<Integer> covered(List<Integer> heavy, List<Integer> light) {
    List<Integer> chosen = new ArrayList<>();
    long slack = 0;
    int taken = 0;
    for (int h : heavy) {
      // While the array adds to heavy sums, no others are stored from the same bank.
      long deficit = times.get(h).store();
      int first = taken;
      while (slack < deficit && taken < light.size()) {
        UnitTimes time = times.get(light.get(taken++));
        slack += time.array() - time.store();
      }
      if (slack < deficit && !chosen.isEmpty()) {
        taken = first;
        break;
      }
      chosen.add(h);
      slack -= deficit;
    }
    chosen.addAll(light.subList(0, taken));
    return chosen;
  }

  /// The ready light parts that the first heavy part which is not ready waits for.
  private BitSet leadingToHeavy() {
    BitSet seen = new BitSet();
    for (int heavy : heavyAhead) {
      if (ready.contains(heavy)) {
        continue;
      }
      Deque<Integer> open = new ArrayDeque<>(List.of(heavy));
      while (!open.isEmpty()) {
        for (int needed : before.get(open.remove())) {
          if (!done.get(needed) && !seen.get(needed)) {
            seen.set(needed);
            open.add(needed);
          }
        }
      }
      break;
    }
    BitSet leading = new BitSet();
    ready.stream().filter(i -> seen.get(i) && !times.get(i).isHeavy()).forEach(leading::set);
    return leading;
  }
}
