package org.lapidary.passes.quant;

import java.util.List;
import java.util.Optional;
import org.lapidary.ir.Value;

/// What is in two int8 pieces, and what that takes.
///
/// @param chosen the most accuracy per cycle first
/// @param leftOut for what one piece is too coarse, too, but a second was not worth it
/// @param cycles of the graph, if a machine was asked
public record Pieces(List<Piece> chosen, List<Piece> leftOut, Optional<Cycles> cycles) {
  static final Pieces NONE = of(List.of());

  public Pieces {
    chosen = List.copyOf(chosen);
    leftOut = List.copyOf(leftOut);
  }

  /// Cycles of one inference.
  ///
  /// @param without all in one piece
  /// @param with the chosen ones in two
  public record Cycles(long without, long with) {
    /// Cycles that were added, per cycle before.
    public double extra() {
      return (double) (with - without) / without;
    }
  }

  /// These, whatever they take.
  static Pieces of(List<Piece> some) {
    return new Pieces(some, List.of(), Optional.empty());
  }

  /// Whether something is in two pieces.
  boolean inTwo(Piece.Part part, Value value) {
    return chosen.stream().anyMatch(p -> p.part() == part && p.value().equals(value));
  }
}
