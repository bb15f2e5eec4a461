package org.lapidary.gemmini.emit;

/// A step of the software pipeline: what must be loaded for it, what the array does, and what can
/// be stored once it is done. A stage without computes is loaded and stored only.
///
/// @param kernel number of the kernel it belongs to
/// @param rows what its sums occupy: all earlier stores from there come before its loads and
///   computes
/// @param early loads that may come before a fence that everything else comes after: nobody has
///   written what they read since the last one
/// @param late loads that may not
/// @param computes preload and compute commands
/// @param stores what can be moved out afterwards
record Stage(
    int kernel, Rows rows, Loading early, Loading late, Commands computes, Commands stores) {
  /// Loads of a stage.
  ///
  /// @param sums into its rows
  /// @param operands into scratchpad parts that nobody uses
  record Loading(Commands sums, Commands operands) {
    Loading() {
      this(new Commands(), new Commands());
    }
  }

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
    this(kernel, rows, new Loading(), new Loading(), new Commands(), new Commands());
  }
}
