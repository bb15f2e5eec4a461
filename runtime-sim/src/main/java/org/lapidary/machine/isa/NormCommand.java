package org.lapidary.machine.isa;

/// What mvout from the accumulator does to the statistics slot, by its three address bits.
///
/// Only `RESET`, the ordinary mvout, writes to memory. Source: gemmini.md §4, §7.4.
public enum NormCommand {
  RESET,
  SUM,
  MEAN,
  VARIANCE,
  INV_STDDEV,
  MAX,
  SUM_EXP,
  INV_SUM_EXP;

  private static final NormCommand[] VALUES = values();

  /// The command with the given code.
  public static NormCommand of(int code) {
    return VALUES[code];
  }

  /// The form of this command that blocks before the last one of a row obey.
  public NormCommand nonTerminating() {
    return switch (this) {
      case MEAN -> SUM;
      case INV_STDDEV -> VARIANCE;
      case INV_SUM_EXP -> SUM_EXP;
      case RESET, SUM, VARIANCE, MAX, SUM_EXP -> this;
    };
  }
}
