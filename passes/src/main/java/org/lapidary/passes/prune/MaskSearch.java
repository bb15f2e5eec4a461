package org.lapidary.passes.prune;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.lapidary.ir.Value;
import org.lapidary.passes.prune.PruneRecipe.Score;

/// How much of each branch stays, for so much cost: what each branch alone loses at the model's
/// results is measured at every level, the levels that lose least per cost saved are taken one
/// after the other, and then exchanged as long as that gains. Source: the mask search of Kwon et
/// al., A Fast Post-Training Pruning Framework for Transformers, 2022, with measured losses in
/// place of a Fisher matrix and cycles in place of FLOPs.
final class MaskSearch {
  /// Shares of a branch's neurons that are tried.
  private static final double[] SHARES = {
    0, 0.0625, 0.125, 0.1875, 0.25, 0.375, 0.5, 0.625, 0.75, 0.875
  };

  /// Heads that are tried one by one; of more, shares are.
  private static final int FEW = 12;

  private final Surgery surgery;
  private final Costs costs;
  private final Costs spent;
  private final Score score;

  /// @param costs that sizes are rounded by
  /// @param spent what a budget is of
  MaskSearch(Surgery surgery, Costs costs, Costs spent, Score score) {
    this.surgery = surgery;
    this.costs = costs;
    this.spent = spent;
    this.score = score;
  }

  /// What is left of a branch, what it loses and what it costs.
  private record Level(int groups, double loss, long cost) {}

  /// A branch, its levels, the whole branch first, and the one that is chosen.
  private static final class Candidate {
    private final Branch branch;
    private final List<Level> levels;
    private Level chosen;

    Candidate(Branch branch, List<Level> levels) {
      this.branch = branch;
      this.levels = levels;
      this.chosen = levels.getFirst();
    }
  }

  /// The groups left of each branch.
  ///
  /// @param fixed what is decided already
  /// @param saving cost that the branches must save
  Map<Value, Integer> under(List<Branch> branches, Map<Value, Integer> fixed, long saving) {
    List<Candidate> candidates =
        branches.stream()
            .filter(branch -> !fixed.containsKey(branch.result()))
            .map(branch -> new Candidate(branch, levels(branch, fixed)))
            .toList();
    long left = saving;
    while (left > 0) {
      Optional<Change> step = cheapest(candidates);
      if (step.isEmpty()) {
        break;
      }
      left += step.get().cost();
      step.get().take();
    }
    exchange(candidates, -left);
    Map<Value, Integer> keep = new LinkedHashMap<>(fixed);
    candidates.forEach(c -> keep.put(c.branch.result(), c.chosen.groups()));
    return keep;
  }

  /// All levels of a branch, the whole branch first.
  private List<Level> levels(Branch branch, Map<Value, Integer> fixed) {
    TreeMap<Integer, Level> levels = new TreeMap<>(Comparator.reverseOrder());
    double before = surgery.operate(fixed, score).loss();
    int all = branch.groups();
    levels.put(all, new Level(all, before, spent.of(branch, all)));
    for (int i = 0; i < (all <= FEW ? all : SHARES.length); i++) {
      int asked = all <= FEW ? i : (int) Math.ceil(SHARES[i] * all);
      int groups = costs.rounded(branch, asked);
      if (!levels.containsKey(groups)) {
        Map<Value, Integer> keep = new LinkedHashMap<>(fixed);
        keep.put(branch.result(), groups);
        double loss = surgery.operate(keep, score).loss();
        levels.put(groups, new Level(groups, loss, spent.of(branch, groups)));
      }
    }
    return new ArrayList<>(levels.values());
  }

  /// Other levels of two candidates, or of one that is given twice.
  private record Change(Candidate a, Level forA, Candidate b, Level forB) {
    /// What the results lose less.
    double gain() {
      double gain = a.chosen.loss() - forA.loss();
      return a == b ? gain : gain + b.chosen.loss() - forB.loss();
    }

    long cost() {
      long cost = forA.cost() - a.chosen.cost();
      return a == b ? cost : cost + forB.cost() - b.chosen.cost();
    }

    void take() {
      a.chosen = forA;
      b.chosen = forB;
    }
  }

  /// The step down that loses least per cost saved.
  private static Optional<Change> cheapest(List<Candidate> candidates) {
    return candidates.stream()
        .flatMap(c -> c.levels.stream().map(level -> new Change(c, level, c, level)))
        .filter(change -> change.cost() < 0)
        .min(Comparator.comparingDouble(change -> change.gain() / change.cost()));
  }

  /// Takes single and double changes that lose less and do not cost more than there is to spare.
  private static void exchange(List<Candidate> candidates, long toSpare) {
    long spare = toSpare;
    while (true) {
      long room = spare;
      Optional<Change> best =
          candidates.stream()
              .flatMap(a -> candidates.stream().flatMap(b -> changes(a, b)))
              .filter(change -> change.cost() <= room && change.gain() > 1e-12)
              .max(Comparator.comparingDouble(Change::gain));
      if (best.isEmpty()) {
        return;
      }
      spare -= best.get().cost();
      best.get().take();
    }
  }

  private static Stream<Change> changes(Candidate a, Candidate b) {
    return a.levels.stream()
        .flatMap(x -> (a == b ? List.of(x) : b.levels).stream().map(y -> new Change(a, x, b, y)));
  }

  /// Drops units of branches one after the other, always the one without which the results lose
  /// least.
  ///
  /// @param units what goes together
  Map<Value, Integer> dropping(List<List<Branch>> units, int count) {
    Map<Value, Integer> keep = new LinkedHashMap<>();
    List<List<Branch>> candidates = new ArrayList<>(units);
    for (int i = 0; i < count && !candidates.isEmpty(); i++) {
      List<Branch> best = candidates.getFirst();
      double least = Double.POSITIVE_INFINITY;
      for (List<Branch> unit : candidates) {
        double loss = surgery.operate(without(keep, unit), score).loss();
        if (loss < least) {
          least = loss;
          best = unit;
        }
      }
      keep = without(keep, best);
      candidates.remove(best);
    }
    return keep;
  }

  private static Map<Value, Integer> without(Map<Value, Integer> keep, List<Branch> unit) {
    Map<Value, Integer> fewer = new LinkedHashMap<>(keep);
    unit.forEach(branch -> fewer.put(branch.result(), 0));
    return fewer;
  }
}
