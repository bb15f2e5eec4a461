package org.lapidary.sim;

/// Watches every access to memories, too. Rows are row numbers of the scratchpad, or of the
/// accumulator where `inAccumulator`.
public interface AccessObserver extends Observer {
  /// The accelerator reads main memory.
  default void memoryRead(long address, int bytes) {}

  /// The accelerator writes main memory.
  default void memoryWritten(long address, int bytes) {}

  /// A command reads a private row.
  default void rowRead(boolean inAccumulator, int row) {}

  /// A command writes a private row, or adds to it.
  default void rowWritten(boolean inAccumulator, int row, boolean added) {}

  /// A sum, or a product of an activation, did not fit int32 and wrapped around.
  default void wrapped(long exact) {}

  /// A command names a private row that does not exist; the machine wraps or traps afterwards.
  default void rowOutOfRange(boolean inAccumulator, int row) {}
}
