package org.lapidary.passes.fuse;

import org.lapidary.ir.Value;

/// What came of trying a pattern on an expression.
///
/// @param <T> the parts of the pattern
public sealed interface Recognition<T> {

  /// It is an instance of the pattern.
  record Found<T>(T parts) implements Recognition<T> {}

  /// Nothing hints at the pattern.
  record Unlike<T>() implements Recognition<T> {}

  /// It has the mark of the pattern, but is not an instance.
  ///
  /// @param progress how many conditions held before one failed
  /// @param at the value that does not fit
  /// @param condition what should have been, and what is, in words; the value is not named in it
  record Missed<T>(int progress, Value at, String condition) implements Recognition<T> {}
}
