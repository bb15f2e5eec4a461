package org.lapidary.tools.search;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/// A sub-network that was looked at.
///
/// @param quality as [Quality] says
/// @param cost by the table
public record Candidate(Genome genome, double quality, Cost cost) {
  /// By energy-delay product, then by name, so that there is one order.
  static final Comparator<Candidate> CHEAPEST =
      Comparator.comparingDouble((Candidate c) -> c.cost().edp())
          .thenComparing(c -> c.genome().toString());

  /// Those than which none is better and no dearer, the cheapest first.
  static List<Candidate> front(List<Candidate> all, Quality quality) {
    List<Candidate> front = new ArrayList<>();
    double best = quality.higherIsBetter() ? Double.NEGATIVE_INFINITY : Double.POSITIVE_INFINITY;
    for (Candidate c : all.stream().sorted(CHEAPEST).toList()) {
      if (quality.worse(best, c.quality()) < 0) {
        best = c.quality();
        front.add(c);
      }
    }
    return front;
  }
}
