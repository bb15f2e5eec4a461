package org.lapidary.passes.quant;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.ToDoubleFunction;
import java.util.function.ToLongFunction;
import org.lapidary.passes.quant.PieceCandidates.Candidate;

/// Chooses what is worth a second int8 piece: what takes the most noise away for what it costs
/// comes first.
final class PieceChoice {
  private final Recipe.TwoPieces options;

  PieceChoice(Recipe.TwoPieces options) {
    this.options = options;
  }

  /// The choice where no machine is known, or several graphs must choose alike: a piece costs as
  /// many cycles as it has elements, and there is no limit to them.
  Pieces byElements(List<Candidate> candidates) {
    List<Piece> ranked =
        ranked(
            candidates.stream().map(Candidate::piece).toList(), p -> p.value().type().elements());
    int n = Math.min(options.most(), ranked.size());
    return new Pieces(ranked.subList(0, n), ranked.subList(n, ranked.size()), Optional.empty());
  }

  /// The choice by measured cycles, within the limit.
  ///
  /// @param cycles of the graph with some of them in two pieces
  Pieces byCycles(List<Candidate> candidates, ToLongFunction<Pieces> cycles) {
    if (candidates.isEmpty()) {
      return Pieces.NONE;
    }
    long without = cycles.applyAsLong(Pieces.NONE);
    List<Piece> ranked = ranked(costed(candidates, without, cycles), p -> p.cycles().orElseThrow());
    double limit = without * (1 + options.cycles());
    List<Piece> chosen = affordable(ranked, limit - without);
    long with = chosen.isEmpty() ? without : cycles.applyAsLong(Pieces.of(chosen));
    while (with > limit && !chosen.isEmpty()) {
      // Together they may cost more than one by one.
      chosen.removeLast();
      with = chosen.isEmpty() ? without : cycles.applyAsLong(Pieces.of(chosen));
    }
    List<Piece> leftOut = ranked.stream().filter(p -> !chosen.contains(p)).toList();
    return new Pieces(chosen, leftOut, Optional.of(new Pieces.Cycles(without, with)));
  }

  /// What each costs alone; what is alike is measured once.
  private static List<Piece> costed(
      List<Candidate> candidates, long without, ToLongFunction<Pieces> cycles) {
    Map<String, Long> costs = new HashMap<>();
    List<Piece> costed = new ArrayList<>();
    for (Candidate c : candidates) {
      long cost =
          costs.computeIfAbsent(
              c.shape(), _ -> cycles.applyAsLong(Pieces.of(List.of(c.piece()))) - without);
      costed.add(c.piece().costing(cost));
    }
    return costed;
  }

  private static List<Piece> ranked(List<Piece> pieces, ToDoubleFunction<Piece> cost) {
    return pieces.stream()
        .sorted(
            Comparator.comparingDouble((Piece p) -> p.gain() / Math.max(1, cost.applyAsDouble(p)))
                .reversed())
        .toList();
  }

  private List<Piece> affordable(List<Piece> ranked, double cycles) {
    List<Piece> chosen = new ArrayList<>();
    long spent = 0;
    for (Piece p : ranked) {
      long cost = p.cycles().orElseThrow();
      if (chosen.size() < options.most() && spent + cost <= cycles) {
        chosen.add(p);
        spent += cost;
      }
    }
    return chosen;
  }
}
