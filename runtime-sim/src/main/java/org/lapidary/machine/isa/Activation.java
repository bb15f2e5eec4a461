package org.lapidary.machine.isa;

/// What mvout from the accumulator applies to a value. The code of `SOFTMAX` needs three bits, so
/// that a store configuration, which has two, cannot name it.
///
/// Source: gemmini.md §5.7, §7.
public enum Activation {
  NONE,
  RELU,
  LAYERNORM,
  IGELU,
  SOFTMAX;

  private static final Activation[] VALUES = values();

  /// The activation with the given code (0 to 4).
  public static Activation of(int code) {
    return VALUES[code];
  }
}
