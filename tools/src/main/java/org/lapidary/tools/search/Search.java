package org.lapidary.tools.search;

import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.LongConsumer;
import org.lapidary.tools.parallel.Workers;

/// A search from the table of costs to the sub-networks that are worth having.
///
/// @param supernet the whole
/// @param space where to look
/// @param target what for
/// @param quality what to keep
/// @param heldOut the same measured on examples the search does not see
/// @param givenUp how much worse than the supernet a sub-network may be, one result for each
/// @param settings of the evolution
public record Search(
    Supernet supernet,
    SearchSpace space,
    Target target,
    Quality quality,
    Optional<Quality> heldOut,
    List<Double> givenUp,
    Evolution.Settings settings) {
  public Search {
    givenUp = List.copyOf(givenUp);
  }

  /// Steps that [#run] tells of: compiled probes, generations.
  public long steps() {
    return (long) CostTable.probes(space) + settings.generations();
  }

  /// Searches.
  public SearchResult run(LongConsumer progress) {
    int threads = settings.threads();
    CostTable table = CostTable.fill(supernet, space, target, threads, progress);
    long before = CostTable.probes(space);
    List<Candidate> all =
        Evolution.run(space, quality, table, settings, n -> progress.accept(before + n));
    List<Candidate> front = Candidate.front(all, quality);
    List<SearchResult.Found> found =
        mapped(front, c -> new SearchResult.Found(c, target.cost(supernet.slice(c.genome()))));
    Candidate whole = all.getFirst();
    SearchResult.Found reference =
        new SearchResult.Found(whole, target.cost(supernet.slice(whole.genome())));
    List<SearchResult.Choice> choices =
        mapped(givenUp, limit -> choice(limit, best(limit, reference, found)));
    return new SearchResult(
        space, settings, quality, table, choice(0, reference), all, found, choices);
  }

  /// The least energy-delay product, compiled, among those not too bad.
  private SearchResult.Found best(
      double limit, SearchResult.Found reference, List<SearchResult.Found> front) {
    double most = reference.candidate().quality();
    return front.stream()
        .filter(f -> quality.worse(most, f.candidate().quality()) <= limit)
        .min(Comparator.comparingDouble(f -> f.compiled().edp()))
        .orElse(reference);
  }

  private SearchResult.Choice choice(double limit, SearchResult.Found found) {
    return new SearchResult.Choice(
        limit, found, heldOut.map(q -> q.of(found.candidate().genome())).orElse(Double.NaN));
  }

  private <A, B> List<B> mapped(List<A> items, Function<A, B> work) {
    return Workers.map(
        items.size(), settings.threads(), () -> work, (w, i) -> w.apply(items.get(i)), _ -> {});
  }
}
