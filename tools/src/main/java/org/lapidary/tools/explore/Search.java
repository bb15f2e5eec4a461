package org.lapidary.tools.explore;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.random.RandomGenerator;
import java.util.random.RandomGeneratorFactory;
import org.lapidary.tools.validate.Metric;

/// Which settings to look at next: all of a small space; of a large one the usual settings, each of
/// their neighbours, and then children of what is best so far (NSGA-II's tournament by front and
/// crowding, each parent chosen for one of the fronts in turn).
///
/// What it says depends on the space, the seed and the points found in earlier generations, whose
/// sizes are fixed; so never on threads or on what happened to be finished first.
final class Search {
  private static final int GENERATION = 20;
  private static final int ATTEMPTS = 200;
  private static final List<Front> AIMS =
      List.of(Front.CYCLES, Front.ALL, Front.CYCLES, Front.SRAM, Front.CYCLES, Front.ENERGY);

  private final Space space;
  private final Metric metric;
  private final int budget;
  private final RandomGenerator random;
  private final Set<List<String>> seen = new HashSet<>();

  /// @param budget settings to look at in all
  Search(Space space, Metric metric, int budget, long seed) {
    this.space = space;
    this.metric = metric;
    this.budget = budget;
    this.random = RandomGeneratorFactory.of("L64X128MixRandom").create(seed);
  }

  /// The next generation; empty when there is nothing left to do.
  List<Settings> next(List<Point> found) {
    List<Settings> generation = new ArrayList<>();
    if (space.size() <= budget) {
      space.all().forEach(s -> add(s, generation));
    } else if (seen.isEmpty()) {
      add(space.usual(), generation);
      space.around(space.usual()).forEach(s -> add(s, generation));
    } else {
      breed(found, generation);
    }
    return generation;
  }

  private void breed(List<Point> found, List<Settings> generation) {
    List<Tournament> tournaments = AIMS.stream().map(aim -> tournament(found, aim)).toList();
    for (int i = 0; i < ATTEMPTS && generation.size() < GENERATION; i++) {
      boolean blind = found.isEmpty() || i >= ATTEMPTS / 2;
      Tournament aim = tournaments.get(i % tournaments.size());
      add(
          blind
              ? space.random(random)
              : space.child(aim.winner(found, random), aim.winner(found, random), random),
          generation);
    }
  }

  /// Settings that mean the same are looked at once.
  private void add(Settings settings, List<Settings> generation) {
    if (seen.size() < budget && seen.add(settings.words())) {
      generation.add(settings);
    }
  }

  private Tournament tournament(List<Point> found, Front aim) {
    List<double[]> costs = found.stream().map(p -> aim.costs(p, metric)).toList();
    int[] ranks = Pareto.ranks(costs);
    return new Tournament(ranks, Pareto.crowding(costs, ranks));
  }

  private record Tournament(int[] ranks, double[] alone) {
    Settings winner(List<Point> found, RandomGenerator random) {
      int a = random.nextInt(found.size());
      int b = random.nextInt(found.size());
      boolean first = ranks[a] != ranks[b] ? ranks[a] < ranks[b] : alone[a] >= alone[b];
      return found.get(first ? a : b).settings();
    }
  }
}
