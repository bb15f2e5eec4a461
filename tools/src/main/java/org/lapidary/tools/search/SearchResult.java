package org.lapidary.tools.search;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/// What a search found.
///
/// @param space where it looked
/// @param settings how
/// @param quality what was kept
/// @param table costs by operation
/// @param reference the supernet itself
/// @param all every candidate judged, in that order
/// @param front those than which none is better and no dearer, the cheapest first, compiled
/// @param choices the cheapest for each concession
public record SearchResult(
    SearchSpace space,
    Evolution.Settings settings,
    Quality quality,
    CostTable table,
    Choice reference,
    List<Candidate> all,
    List<Found> front,
    List<Choice> choices) {
  public SearchResult {
    all = List.copyOf(all);
    front = List.copyOf(front);
    choices = List.copyOf(choices);
  }

  /// A candidate whose whole program was compiled and timed.
  public record Found(Candidate candidate, Cost compiled) {
    /// By how much the table is off, in per cent of the compiled cycles.
    public double errorPercent() {
      return 100.0 * (candidate.cost().cycles() - compiled.cycles()) / compiled.cycles();
    }
  }

  /// The cheapest sub-network for a concession.
  ///
  /// @param givenUp how much worse it may be
  /// @param heldOut its quality on examples the search did not see; NaN if there are none
  public record Choice(double givenUp, Found found, double heldOut) {
    public Genome genome() {
      return found.candidate().genome();
    }

    public double quality() {
      return found.candidate().quality();
    }
  }

  /// How many times less than the supernet a choice takes.
  public record Gain(double latency, double energy, double edp) {}

  /// The gain of a choice.
  public Gain gain(Choice choice) {
    Cost whole = reference.found().compiled();
    Cost part = choice.found().compiled();
    return new Gain(
        (double) whole.cycles() / part.cycles(),
        whole.microjoules() / part.microjoules(),
        whole.edp() / part.edp());
  }

  /// Mean and worst absolute error of the table's cycles over all compiled candidates, in per cent.
  public Map.Entry<Double, Double> tableError() {
    List<Double> errors = new ArrayList<>();
    Stream.concat(Stream.of(reference.found()), front.stream())
        .forEach(f -> errors.add(Math.abs(f.errorPercent())));
    return Map.entry(
        errors.stream().mapToDouble(e -> e).average().orElse(0),
        errors.stream().mapToDouble(e -> e).max().orElse(0));
  }
}
