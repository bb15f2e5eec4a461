package org.lapidary.sim.timing;

/// The statistics unit in front of the scale unit: a vector a cycle, two slots, long divisions.
final class Normaliser {
  private static final int MEAN = 2;
  private static final int INV_STDDEV = 4;
  private static final int MAX = 5;
  private static final int INV_SUM_EXP = 7;

  /// From a vector being taken to the last lane result having left the lanes.
  private static final int DRAIN = 6;

  private static final int DIVIDE = 18;
  private static final int ROOT = 18;
  private static final int RECIPROCAL = 17;
  private static final int FLOAT_DIVIDE = 10;

  private final long[] slotFree;
  private long laneFree;
  private long dividerFree;
  private long rootFree;
  private long reciprocalFree;
  private long floatDividerFree;
  private int slot;
  private final Account account;

  Normaliser(int slots, Account account) {
    this.account = account;
    slotFree = new long[slots];
  }

  void configure(long rs1) {
    slot = ((int) (rs1 >>> 8) & 0xFF) % slotFree.length;
  }

  /// What follows is for the mvout of an entry.
  void take(int id) {
    account.take(id);
  }

  /// Takes one vector offered at `t`; `last` marks the last of its command. Returns when.
  long accept(long t, int command, boolean last) {
    long at = Math.max(t, Math.max(laneFree, slotFree[slot]));
    if (command == MAX) {
      laneFree = at + 2;
    } else if (last && (command == MEAN || command == INV_STDDEV)) {
      // Waiting for the divider keeps the lanes.
      long divided = Math.max(at + DRAIN, dividerFree);
      laneFree = divided + 1;
      dividerFree = divided + DIVIDE;
      slotFree[slot] = command == MEAN ? dividerFree : standardDeviation(dividerFree);
    } else if (last && command == INV_SUM_EXP) {
      laneFree = at + 2;
      floatDividerFree = Math.max(at + DRAIN, floatDividerFree) + FLOAT_DIVIDE;
      slotFree[slot] = floatDividerFree;
    }
    if (command != 0) {
      account.skip(at);
      account.enter(Activity.WORK, Math.max(at + 1, laneFree));
    }
    return at;
  }

  private long standardDeviation(long t) {
    rootFree = Math.max(t, rootFree) + ROOT;
    reciprocalFree = Math.max(rootFree, reciprocalFree) + RECIPROCAL;
    return reciprocalFree;
  }
}
