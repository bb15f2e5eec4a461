package org.lapidary.tools.explore;

import java.util.List;
import java.util.Objects;
import org.lapidary.tools.validate.Metric;

/// Settings and what they give.
///
/// @param hash of everything its figures depend on
/// @param words of the `lapidary validate` command line that gives the same figures
/// @param accuracy on the first samples of the data, or on all
public record Point(
    String hash,
    Settings settings,
    List<String> words,
    Outcome.Accuracy accuracy,
    Outcome.Cost cost) {
  public Point {
    words = List.copyOf(words);
  }

  /// The same, measured on more samples.
  Point measured(Outcome.Accuracy onMore, List<String> newWords) {
    return new Point(hash, settings, newWords, onMore, cost);
  }

  /// Value of a metric.
  public double value(Metric metric) {
    return Objects.requireNonNull(accuracy.metrics().get(metric.text()), metric::text);
  }

  /// A line for a shell.
  public String command() {
    return commandLine(words);
  }

  static String commandLine(List<String> words) {
    StringBuilder line = new StringBuilder("lapidary validate");
    for (String word : words) {
      boolean plain = word.matches("[A-Za-z0-9_./:=@%+-]+");
      line.append(' ').append(plain ? word : "'" + word.replace("'", "'\\''") + "'");
    }
    return line.toString();
  }
}
