package org.lapidary.passes.quant;

import java.util.List;

/// What is known about the 32-bit intermediate values of every integer operation.
///
/// @param entries one per integer operation, in the order of the graph
public record RangeSummary(List<Entry> entries) {
  /// An observed range counts as safe from this margin on.
  public static final double SAFE_MARGIN = 2;

  /// How sure it is that nothing leaves its 32 bits.
  public enum Verdict {
    /// Impossible whatever the input, by intervals from the weights and the int8 operands.
    PROVED,
    /// The intervals do not exclude it, but what calibration saw fits, with a margin.
    OBSERVED,
    /// Nothing known excludes it.
    CAN_OVERFLOW
  }

  /// One operation.
  ///
  /// @param node name of the ONNX node
  /// @param op name of the operation
  /// @param verdict how sure it is
  /// @param what the intermediate value that comes nearest to its width
  /// @param largest its largest magnitude that the intervals allow
  /// @param margin of the width over `largest` if proved, over the largest observed value if
  ///   observed, else 0
  /// @param witness operands that reach `largest`; empty if proved
  public record Entry(
      String node,
      String op,
      Verdict verdict,
      String what,
      double largest,
      double margin,
      String witness) {

    /// Whether it is proved, or observed with margin enough.
    public boolean safe() {
      return verdict == Verdict.PROVED || (verdict == Verdict.OBSERVED && margin >= SAFE_MARGIN);
    }
  }

  public RangeSummary {
    entries = List.copyOf(entries);
  }

  public int proved() {
    return count(Verdict.PROVED);
  }

  public int observed() {
    return count(Verdict.OBSERVED);
  }

  public int canOverflow() {
    return count(Verdict.CAN_OVERFLOW);
  }

  /// The operations that are not proved.
  public List<Entry> findings() {
    return entries.stream().filter(e -> e.verdict() != Verdict.PROVED).toList();
  }

  private int count(Verdict verdict) {
    return (int) entries.stream().filter(e -> e.verdict() == verdict).count();
  }
}
