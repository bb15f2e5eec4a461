package org.lapidary.ir;

import java.util.Locale;

/// Element type of a tensor. 16-bit floats and 8-bit unsigned integers are widened on import.
public enum DType {
  F32(4),
  I64(8),
  I32(4),
  I8(1),
  BOOL(1);

  private final int bytes;

  DType(int bytes) {
    this.bytes = bytes;
  }

  /// Size of one element.
  ///
  /// @return bytes
  public int bytes() {
    return bytes;
  }

  /// Whether the elements are integers (not floats, not booleans).
  public boolean isInteger() {
    return this == I64 || this == I32 || this == I8;
  }

  /// The name in the text form: `f32`, `i64`, …
  public String text() {
    return name().toLowerCase(Locale.ROOT);
  }

  /// The inverse of [#text()].
  ///
  /// @throws IllegalArgumentException if there is no such type
  public static DType of(String text) {
    return valueOf(text.toUpperCase(Locale.ROOT));
  }
}
