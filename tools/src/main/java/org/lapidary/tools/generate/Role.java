package org.lapidary.tools.generate;

import java.util.Locale;
import java.util.Optional;
import org.lapidary.ir.DType;

/// What an input of a language model is for, by its name and element type.
enum Role {
  /// Token ids `[1, tokens]`.
  IDS,
  /// 1 for what is there, 0 for padding: `[1, past + tokens]`.
  MASK,
  /// Positions of the new tokens `[1, tokens]`.
  POSITIONS,
  /// Segments, all 0.
  SEGMENTS,
  /// Keys or values of the tokens before.
  CACHE,
  /// Whether the caches count, of a decoder that was merged from two.
  BRANCH;

  /// The role, or nothing if there is none of that kind.
  static Optional<Role> of(String input, DType dtype) {
    String name = input.toLowerCase(Locale.ROOT);
    if (name.contains("use_cache")) {
      return Optional.of(BRANCH);
    }
    if (name.contains("mask")) {
      return Optional.of(MASK);
    }
    if (name.contains("position")) {
      return Optional.of(POSITIONS);
    }
    if (name.contains("type") || name.contains("segment")) {
      return Optional.of(SEGMENTS);
    }
    if (dtype == DType.F32 || dtype == DType.I8) {
      return Optional.of(CACHE);
    }
    return dtype.isInteger() ? Optional.of(IDS) : Optional.empty();
  }
}
