package org.lapidary.tools.explore;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.lapidary.tools.validate.Metric;

/// What is to be explored, and how far.
///
/// @param question what all points have in common
/// @param points to look at, at most
/// @param time after which no new generation is begun; without it the outcome depends on nothing
///   but the plan
/// @param seed of the search
/// @param searchSamples the first samples of the data, on which every point is measured
/// @param allSamples on which the points of a front are measured
/// @param length of the sequences on these data
/// @param metric the headline
public record Plan(
    Question question,
    Space space,
    int points,
    Optional<Duration> time,
    long seed,
    int searchSamples,
    int allSamples,
    int length,
    Metric metric) {

  /// The line of `lapidary validate` that gives the figures of a point. A shorter look at text must
  /// not find shorter sequences.
  List<String> words(Settings settings, int samples) {
    List<String> words = new ArrayList<>(question.with(settings.words()));
    if (samples < allSamples) {
      set(words, "--limit", samples);
      set(words, "--length", length);
    }
    return words;
  }

  private static void set(List<String> words, String option, int value) {
    int at = words.indexOf(option);
    if (at >= 0) {
      words.set(at + 1, Integer.toString(value));
    } else {
      words.add(option);
      words.add(Integer.toString(value));
    }
  }
}
