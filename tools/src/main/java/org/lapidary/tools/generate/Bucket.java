package org.lapidary.tools.generate;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/// The sizes one program is compiled for.
///
/// @param tokens new ones per run
/// @param past entries of the caches it reads; 0 for a program that starts a sequence
public record Bucket(int tokens, int past) {
  private static final int SHORTEST = 16;

  /// Order of use: a prefill before the decodes, short before long.
  static final Comparator<Bucket> ORDER =
      Comparator.comparingInt(Bucket::past).thenComparingInt(Bucket::tokens);

  /// Starts a sequence of up to that many tokens.
  static Bucket prefill(int tokens) {
    return new Bucket(tokens, 0);
  }

  /// Appends one token to a sequence, which is then up to `length` long.
  static Bucket decode(int length) {
    return new Bucket(1, length - 1);
  }

  @com.fasterxml.jackson.annotation.JsonIgnore
  boolean isPrefill() {
    return past == 0;
  }

  /// Tokens after a run, old and new.
  int length() {
    return past + tokens;
  }

  /// Name of the program and its directory: `prefill-32`, `decode-32`.
  public String name() {
    return (isPrefill() ? "prefill-" : "decode-") + length();
  }

  /// Lengths from 16 on, each twice the one before, up to the longest.
  public static List<Integer> lengths(int longest) {
    List<Integer> lengths = new ArrayList<>();
    for (int length = SHORTEST; length < longest; length *= 2) {
      lengths.add(length);
    }
    lengths.add(longest);
    return lengths;
  }
}
