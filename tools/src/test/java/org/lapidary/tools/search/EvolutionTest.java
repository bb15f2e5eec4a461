package org.lapidary.tools.search;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

/// The evolution on a space small enough to look at whole.
class EvolutionTest {
  private static final SearchSpace SPACE =
      new SearchSpace(List.of(1, 2), List.of(48, 96), List.of(2, 4, 6), List.of(64, 128, 256));
  private static final Quality QUALITY = new SizeProxy(SPACE.largest(), 16);

  /// Costs that rise with size, unevenly.
  private static CostTable table() {
    Map<CostTable.Key, List<CostTable.Operation>> entries = new TreeMap<>();
    for (int hidden : SPACE.hidden()) {
      entries.put(CostTable.Key.ends(hidden), operation(hidden));
      for (int heads : SPACE.heads()) {
        entries.put(CostTable.Key.attention(hidden, heads), operation(hidden * heads + 900));
      }
      for (int neurons : SPACE.neurons()) {
        entries.put(
            CostTable.Key.feedForward(hidden, neurons), operation(hidden * neurons % 7919 + 500));
      }
    }
    return new CostTable(entries);
  }

  private static List<CostTable.Operation> operation(long cycles) {
    return List.of(new CostTable.Operation("all", new Cost(cycles, 3.0 * cycles)));
  }

  private static List<Candidate> everything(CostTable table) {
    List<Candidate> all = new ArrayList<>();
    List<Genome.Layer> layers = new ArrayList<>();
    SPACE.heads().forEach(h -> SPACE.neurons().forEach(n -> layers.add(new Genome.Layer(h, n))));
    for (int hidden : SPACE.hidden()) {
      for (Genome.Layer first : layers) {
        all.add(candidate(new Genome(hidden, List.of(first)), table));
        layers.forEach(
            second -> all.add(candidate(new Genome(hidden, List.of(first, second)), table)));
      }
    }
    return all;
  }

  private static Candidate candidate(Genome genome, CostTable table) {
    return new Candidate(genome, QUALITY.of(genome), table.cost(genome));
  }

  private static List<Candidate> search(long seed, int threads, int generations) {
    return Evolution.run(
        SPACE,
        QUALITY,
        table(),
        new Evolution.Settings(24, generations, 0.2, seed, threads),
        _ -> {});
  }

  @Test
  void aSeedDecidesEverythingAndThreadsNothing() {
    List<Candidate> one = search(7, 1, 12);
    assertThat(search(7, 4, 12)).isEqualTo(one);
    assertThat(search(8, 1, 12)).isNotEqualTo(one);
    assertThat(one.getFirst().genome()).isEqualTo(SPACE.largest());
    assertThat(one)
        .extracting(Candidate::genome)
        .contains(SPACE.smallest())
        .doesNotHaveDuplicates();
  }

  @Test
  void theFrontFoundIsTheFrontThereIs() {
    List<Candidate> all = everything(table());
    assertThat(all).hasSize((int) SPACE.size());
    List<Candidate> best = Candidate.front(all, QUALITY);
    List<Candidate> judged = search(1, 2, 60);
    assertThat(judged).isSubsetOf(all);
    assertThat(judged.size()).isLessThan(all.size());
    List<Candidate> found = Candidate.front(judged, QUALITY);
    assertThat(found.stream().filter(best::contains).count() / (double) best.size())
        .isGreaterThan(0.9);
  }

  @Test
  void nothingOnAFrontIsDominated() {
    List<Candidate> all = everything(table());
    List<Candidate> front = Candidate.front(all, QUALITY);
    for (Candidate f : front) {
      assertThat(all)
          .noneMatch(c ->
              c.quality() >= f.quality()
                  && c.cost().edp() <= f.cost().edp()
                  && (c.quality() > f.quality() || c.cost().edp() < f.cost().edp()));
    }
  }
}
