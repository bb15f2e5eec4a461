package org.lapidary.gemmini.emit;

/// A step of the software pipeline: what must be loaded for it, what the array does, and what can
/// be stored once it is done.
///
/// @param kernel number of the kernel it belongs to
/// @param sums loads into the accumulator, or into memory that earlier stores still read
/// @param operands loads into scratchpad parts that nobody uses
/// @param computes preload and compute commands
/// @param stores what can be moved out afterwards
record Stage(int kernel, Commands sums, Commands operands, Commands computes, Commands stores) {
  Stage(int kernel) {
    this(kernel, new Commands(), new Commands(), new Commands(), new Commands());
  }
}
