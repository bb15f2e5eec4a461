package org.lapidary.sim.timing;

/// A hardware loop: takes configuration and run commands, gives plain commands one a cycle, holding
/// back each class once that many of its commands are outstanding.
abstract sealed class LoopUnroller permits MatmulLoops, ConvLoops {
  final TimedMachine machine;
  private final int[] outstanding = new int[3];
  private final int[] limit;

  /// The command given by the last successful [#emit].
  int funct;

  long rs1;
  long rs2;
  int region;

  LoopUnroller(TimedMachine machine) {
    this.machine = machine;
    limit = new int[] {machine.loads(), machine.executes(), machine.stores()};
  }

  /// Whether any loop is in work, so that plain commands have to wait.
  abstract boolean active();

  /// Takes a loop command at `t`; false when both loop contexts are taken.
  abstract boolean configure(int loopFunct, long operand1, long operand2, int source, long t);

  /// Tries to give a command at `t`. Returns `t` if it did, else the next cycle worth trying.
  abstract long emit(long t);

  final void completed(int unit) {
    outstanding[unit]--;
  }

  final boolean room(int unit) {
    return outstanding[unit] < limit[unit];
  }

  final void give(int unit, int function, long operand1, long operand2, int source) {
    outstanding[unit]++;
    funct = function;
    rs1 = operand1;
    rs2 = operand2;
    region = source;
  }

  static long operand(long row, int cols, int rows) {
    return (long) rows << 48 | (long) cols << 32 | (row & 0xFFFF_FFFFL);
  }

  static int field(long word, int low, int bits) {
    return (int) (word >>> low & (1L << bits) - 1);
  }
}
