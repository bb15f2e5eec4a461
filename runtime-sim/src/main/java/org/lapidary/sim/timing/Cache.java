package org.lapidary.sim.timing;

import java.util.Arrays;

/// A set-associative cache with random replacement in front of slow memory: hits are quick, misses
/// take one of a few slots and their turn on the outer bus.
final class Cache {
  static final int HIT = 6;
  private static final int LINE_BITS = 6;
  private static final int WAYS = 8;
  private static final int SETS = 1024;
  private static final int SLOTS = 10;
  private static final int LINE_CYCLES = 8;

  /// What a miss costs beyond the latency of the memory behind.
  private static final int OVERHEAD = 16;

  private final int latency;
  private final long[] tag = new long[SETS * WAYS];
  private final long[] filled = new long[SETS * WAYS];
  private final long[] slot = new long[SLOTS];
  private int slotNext;
  private long outerFree;
  private int random = 1;

  Cache(int latency) {
    this.latency = latency;
    Arrays.fill(tag, -1);
  }

  /// The cycle data of `address` asked for at `t` is there.
  long access(long address, long t) {
    long line = address >>> LINE_BITS;
    int set = (int) (line & SETS - 1) * WAYS;
    for (int way = set; way < set + WAYS; way++) {
      if (tag[way] == line) {
        return Math.max(t + HIT, filled[way]);
      }
    }
    int victim = set + random();
    long start = Math.max(t, slot[slotNext]);
    outerFree = Math.max(start + latency + OVERHEAD, outerFree + LINE_CYCLES);
    slot[slotNext] = outerFree;
    slotNext = (slotNext + 1) % SLOTS;
    tag[victim] = line;
    filled[victim] = outerFree;
    return outerFree;
  }

  /// A way to replace, from a 16-bit linear feedback shift register as in the hardware.
  private int random() {
    int bit = (random ^ (random >> 2) ^ (random >> 3) ^ (random >> 5)) & 1;
    random = (random >> 1) | (bit << 15);
    return random % WAYS;
  }
}
