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

  /// The cycle after `work` rows have been read from all the given scratchpad banks at once, from
  /// `t` on, in the cycles in which none of them is written. Banks below 0 count as free.
  long finish(int bank1, int bank2, int bank3, long t, int work) {
    if (free(bank1, t) && free(bank2, t) && free(bank3, t)) {
      return t + work;
    }
    long at = t;
    double left = work;
    while (true) {
      double rate = Math.max(0, 1 - share(bank1, at) - share(bank2, at) - share(bank3, at));
      long until =
          Math.min(stretchEnd(bank1, at), Math.min(stretchEnd(bank2, at), stretchEnd(bank3, at)));
      if (until == Long.MAX_VALUE || (until - at) * rate >= left) {
        return at + (long) Math.ceil(left / rate);
      }
      left -= (until - at) * rate;
      at = until;
    }
  }

  private boolean free(int bank, long t) {
    return bank < 0 || scratchpad[bank].idleAfter(t);
  }

  private double share(int bank, long t) {
    return bank < 0 ? 0 : scratchpad[bank].share(t);
  }

  private long stretchEnd(int bank, long t) {
    return bank < 0 ? Long.MAX_VALUE : scratchpad[bank].stretchEnd(t);
  }
}
