package org.lapidary.tools.generate;

import java.util.List;

/// What must be known to generate with a set of programs, besides the programs.
///
/// @param format of the directory
/// @param model name of the ONNX file
/// @param longest tokens in a sequence, prompt included
/// @param vocabulary number of logits per token
/// @param logits name of the result
/// @param cached whether keys and values stay in main memory; otherwise every token computes the
///   whole sequence
/// @param note why they do not, for people; empty if they do
/// @param calibration what the ranges were observed on
/// @param programs in the order of use
public record LanguageModel(
    int format,
    String model,
    int longest,
    int vocabulary,
    String logits,
    boolean cached,
    String note,
    String calibration,
    List<Bucket> programs) {
  static final int FORMAT = 1;

  public LanguageModel {
    programs = List.copyOf(programs);
  }

  /// What becomes of keys and values, for people.
  public String mode() {
    return cached
        ? "keys and values: cached as int8 in simulated main memory"
        : "no cache (" + note + "): every token computes the whole sequence anew";
  }

  /// The program that starts a sequence with that many tokens.
  Bucket prefill(int tokens) {
    return programs.stream()
        .filter(b -> b.isPrefill() && b.tokens() >= tokens)
        .findFirst()
        .orElseThrow(() -> new IllegalArgumentException(tokens + " tokens"));
  }

  /// The program that appends a token to that many.
  Bucket decode(int entries) {
    return programs.stream()
        .filter(b -> !b.isPrefill() && b.past() >= entries)
        .findFirst()
        .orElseThrow(() -> new IllegalArgumentException(entries + " entries"));
  }
}
