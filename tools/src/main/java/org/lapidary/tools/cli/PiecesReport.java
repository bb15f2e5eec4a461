package org.lapidary.tools.cli;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.lapidary.passes.quant.Piece;
import org.lapidary.passes.quant.Pieces;
import org.lapidary.sim.timing.CycleModel;
import org.lapidary.tools.profile.Profile;

/// What is in two int8 pieces and what each second piece costs, for people and for scripts.
final class PiecesReport {
  private PiecesReport() {}

  /// A line each, and one for all; empty if one piece is good enough for everything.
  static String text(Pieces pieces) {
    StringBuilder text = new StringBuilder();
    pieces.chosen().forEach(p -> text.append(line("in two int8 pieces", p, pieces)));
    pieces.leftOut().forEach(p -> text.append(line("not worth two pieces", p, pieces)));
    pieces
        .cycles()
        .ifPresent(c ->
            text.append(
                String.format(
                    Locale.ROOT,
                    "pieces: %s cycles with them, %s without, %.1f %% more (model %s, mean error %.1f"
                        + " %%)%n",
                    Output.count(c.with()),
                    Output.count(c.without()),
                    100 * c.extra(),
                    CycleModel.NAME,
                    CycleModel.knownError().overall().mean())));
    return text.toString();
  }

  private static String line(String fate, Piece p, Pieces pieces) {
    String cost =
        pieces
            .cycles()
            .map(c -> {
              long cycles = p.cycles().orElse(0);
              return String.format(
                  Locale.ROOT,
                  ", %s cycles (%.2f %%)",
                  Output.count(cycles),
                  100.0 * cycles / c.without());
            })
            .orElse("");
    return String.format(
        Locale.ROOT,
        "%s: %s of %s: %.1f dB in one, %.1f in two%s%n",
        fate,
        p.part().title(),
        p.node(),
        p.inOne(),
        p.inTwo(),
        cost);
  }

  /// The keys that scripts read.
  static void put(Map<String, Object> document, Pieces pieces) {
    document.put("two_pieces", rows(pieces.chosen()));
    document.put("one_piece_too_coarse", rows(pieces.leftOut()));
    pieces
        .cycles()
        .ifPresent(c -> {
          Map<String, Object> cost = new LinkedHashMap<>();
          cost.put("cycles_without", c.without());
          cost.put("cycles_with", c.with());
          cost.put("cycle_model", Profile.model());
          document.put("two_pieces_cost", cost);
        });
  }

  private static List<Map<String, Object>> rows(List<Piece> pieces) {
    return pieces.stream().map(PiecesReport::row).toList();
  }

  private static Map<String, Object> row(Piece p) {
    Map<String, Object> one = new LinkedHashMap<>();
    one.put("node", p.node());
    one.put("part", p.part().title());
    one.put("decibels_in_one", p.inOne());
    one.put("decibels_in_two", p.inTwo());
    p.cycles().ifPresent(cycles -> one.put("cycles", cycles));
    return one;
  }
}
