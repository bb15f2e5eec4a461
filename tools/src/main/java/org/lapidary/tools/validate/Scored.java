package org.lapidary.tools.validate;

import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// Which positions of a sequence are scored: those whose target stands at `from` or later, or in
/// the second half.
///
/// @param from index of the first scored token of the sequence; the first token is 0
/// @param secondHalf whether only targets of the second half count
public record Scored(int from, boolean secondHalf) {
  /// Every position that has a target.
  public static final Scored ALL = new Scored(0, false);

  private static final Pattern FROM = Pattern.compile("from:([0-9]+)");

  /// Reads `all`, `second-half` or `from:N`.
  ///
  /// @throws IllegalArgumentException if it is none of them
  public static Scored parse(String text) {
    Matcher m = FROM.matcher(text);
    if (m.matches()) {
      return new Scored(Integer.parseInt(m.group(1)), false);
    }
    return switch (text) {
      case "all" -> ALL;
      case "second-half" -> new Scored(0, true);
      default ->
          throw new IllegalArgumentException(
              "'" + text + "' names no positions; there are all, second-half, from:N");
    };
  }

  /// Whether row `row` of `rows` rows of logits, which foretells token `row + 1`, counts.
  boolean includes(int row, int rows) {
    return row + 1 >= from && (!secondHalf || row >= rows / 2);
  }
}
