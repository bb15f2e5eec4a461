package org.lapidary.sim.timing;

/// Port use of the single-ported scratchpad banks and of the accumulator banks' read ports.
final class Banks {
  final Busy[] scratchpad;
  final Busy[] accumulator;

  Banks(TimedMachine machine) {
    scratchpad = new Busy[machine.spadBanks()];
    accumulator = new Busy[machine.accBanks()];
    for (int i = 0; i < scratchpad.length; i++) {
      scratchpad[i] = new Busy();
    }
    for (int i = 0; i < accumulator.length; i++) {
      accumulator[i] = new Busy();
    }
  }

  /// Records the writes of one mvin: `blocks` blocks of `rows` rows within `[from, to)`.
  void dmaWrite(
      TimedMachine machine,
      long target,
      int blocks,
      int blockStride,
      int rows,
      long from,
      long to) {
    int row = machine.row(target);
    if (row < 0) {
      return;
    }
    boolean acc = TimedMachine.isAccumulator(target);
    if (acc && !TimedMachine.accumulates(target)) {
      return;
    }
    Busy[] of = acc ? accumulator : scratchpad;
    int writes = blocks * rows;
    int firstBank = machine.bank(row);
    int lastBank =
        Math.min(of.length - 1, machine.bank(row + (blocks - 1) * blockStride + rows - 1));
    if (firstBank == lastBank) {
      of[firstBank].add(from, to, writes);
    } else {
      of[firstBank].add(from, to, writes / 2);
      of[lastBank].add(from, to, writes - writes / 2);
    }
  }
}
