package org.lapidary.machine;

import java.util.Locale;

/// Whose behaviour is simulated where the two differ: see [Divergence].
public enum Semantics {
  /// What working silicon does.
  RTL,
  /// What the original C++ functional model does, quirks included.
  LIBGEMMINI;

  /// The semantics of the given name, in either case.
  ///
  /// @throws ParamsException when there is none
  public static Semantics parse(String name) {
    return switch (name.toLowerCase(Locale.ROOT)) {
      case "rtl" -> RTL;
      case "libgemmini" -> LIBGEMMINI;
      default ->
          throw new ParamsException(
              "no semantics is called '%s'; there are rtl and libgemmini".formatted(name));
    };
  }

  /// Whether the given difference is resolved as the hardware does.
  @SuppressWarnings("unused") // today every row follows the name; a third semantics would look
  public boolean hardware(Divergence difference) {
    return this == RTL;
  }

  /// The differences as a Markdown table.
  public static String differences() {
    StringBuilder table =
        new StringBuilder("| §8 | topic | libgemmini | rtl |\n| --- | --- | --- | --- |\n");
    for (Divergence difference : Divergence.values()) {
      table.append(
          "| %s | %s | %s | %s |\n"
              .formatted(
                  difference.row() == 0 ? "" : difference.row(),
                  difference.topic(),
                  difference.behaviour(LIBGEMMINI),
                  difference.behaviour(RTL)));
    }
    return table.toString();
  }
}
