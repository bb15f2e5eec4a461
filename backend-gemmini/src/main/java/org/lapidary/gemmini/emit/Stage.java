package org.lapidary.gemmini.emit;

/// A step of the software pipeline: what must be loaded for it, what the array does, and what can
/// be stored once it is done. A stage without computes is loaded and stored only.
///
/// @param kernel number of the kernel it belongs to
/// @param rows what its sums occupy: all earlier stores from there come before its loads and
///   computes
/// @param sums loads into those rows
/// @param operands loads into scratchpad parts that nobody uses
/// @param computes preload and compute commands
/// @param stores what can be moved out afterwards
record Stage(
    int kernel, Rows rows, Commands sums, Commands operands, Commands computes, Commands stores) {
  /// Rows of the accumulator, or, for copies, of the scratchpad.
  ///
  /// @param inAccumulator which of the two
  /// @param from first row
  /// @param to after the last row
  record Rows(boolean inAccumulator, int from, int to) {
    boolean overlaps(Rows other) {
      return inAccumulator == other.inAccumulator && from < other.to && other.from < to;
    }
  }

  Stage(int kernel, Rows rows) {
    this(kernel, rows, new Commands(), new Commands(), new Commands(), new Commands());
  }
}
