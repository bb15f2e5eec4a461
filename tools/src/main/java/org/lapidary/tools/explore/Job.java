package org.lapidary.tools.explore;

import java.io.Serializable;
import java.util.List;

/// A piece of work on a point that can be done anywhere: its outcome depends on nothing else, the
/// contents of the files among its words aside.
///
/// @param hash of everything that it depends on
/// @param kind what is to be found out
/// @param words of a `lapidary validate` command line, the command itself left out
/// @param graph names the graph, so that it is prepared once for many jobs
/// @param numbers names the quantized graph, likewise
/// @param samples number of samples that accuracy is measured on, the first of the data
public record Job(
    String hash, Kind kind, List<String> words, String graph, String numbers, int samples)
    implements Serializable {
  /// What is to be found out.
  public enum Kind {
    ACCURACY,
    COST
  }

  public Job {
    words = List.copyOf(words);
  }

  /// The same for files that are elsewhere.
  public Job withWords(List<String> newWords) {
    return new Job(hash, kind, newWords, graph, numbers, samples);
  }
}
