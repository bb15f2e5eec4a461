package org.lapidary.sim;

/// Watches a simulator. Without an observer none of this costs more than a null check per
/// command.
///
/// Rows are row numbers of the scratchpad, or of the accumulator where `inAccumulator`.
public interface Observer {
  /// A command of the program is about to execute; loop commands come once, not expanded.
  ///
  /// @param index position in the program since the simulator was made
  default void command(long index, int funct, long rs1, long rs2) {}

  /// A plain command is about to execute: one of the program, or one that a loop expanded to.
  default void plainCommand(int funct, long rs1, long rs2) {}

  /// The accelerator reads main memory.
  default void memoryRead(long address, int bytes) {}

  /// The accelerator writes main memory.
  default void memoryWritten(long address, int bytes) {}

  /// A command reads a private row.
  default void rowRead(boolean inAccumulator, int row) {}

  /// A command writes a private row, or adds to it (then it also reads it).
  default void rowWritten(boolean inAccumulator, int row, boolean added) {}

  /// A command names a private row that does not exist; the machine wraps or traps afterwards.
  default void rowOutOfRange(boolean inAccumulator, int row) {}

  /// A sum did not fit int32 and wrapped around.
  default void wrapped(int row) {}
}
