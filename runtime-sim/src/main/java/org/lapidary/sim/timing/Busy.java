package org.lapidary.sim.timing;

import java.util.Arrays;

/// When one single-ported memory bank is taken by higher-priority accesses: a short history of
/// bursts, oldest first, each spreading `rows` accesses evenly over `[start, end)`.
final class Busy {
  private static final int HISTORY = 64;

  private final long[] start = new long[HISTORY];
  private final long[] end = new long[HISTORY];
  private final int[] rows = new int[HISTORY];
  private int newest = HISTORY - 1;

  Busy() {
    Arrays.fill(end, -1);
  }

  /// Records a burst; bursts arrive in order of their start and are kept disjoint.
  void add(long from, long to, int accesses) {
    long begin = Math.max(from, end[newest]);
    if (to <= begin || accesses == 0) {
      return;
    }
    if (begin == end[newest]
        && rows[newest] == end[newest] - start[newest]
        && accesses == to - begin) {
      end[newest] = to;
      rows[newest] += accesses;
      return;
    }
    newest = (newest + 1) % HISTORY;
    start[newest] = begin;
    end[newest] = to;
    rows[newest] = (int) Math.min(accesses, to - begin);
  }

  /// The first cycle from `t` on in which the bank is not taken without a break.
  long freeFrom(long t) {
    for (int back = 0; back < HISTORY; back++) {
      int i = (newest - back + HISTORY) % HISTORY;
      if (end[i] <= t) {
        return t;
      }
      if (start[i] <= t) {
        boolean dense = rows[i] == end[i] - start[i];
        return dense ? end[i] : t;
      }
    }
    return t;
  }

  /// The cycle after `work` accesses of lower priority begun at `t` have been made.
  long finish(long t, long work) {
    if (end[newest] <= t) {
      return t + work;
    }
    int i = newest;
    for (int back = 0; back < HISTORY - 1; back++) {
      int previous = (i - 1 + HISTORY) % HISTORY;
      if (end[previous] <= t) {
        break;
      }
      i = previous;
    }
    long at = t;
    long left = work;
    for (; ; i = (i + 1) % HISTORY) {
      long gap = start[i] - at;
      if (gap >= left) {
        return at + left;
      }
      if (gap > 0) {
        left -= gap;
        at = start[i];
      }
      long length = end[i] - start[i];
      long free = (end[i] - at) * (length - rows[i]) / length;
      if (free >= left) {
        return at + (left * length + length - rows[i] - 1) / (length - rows[i]);
      }
      left -= Math.max(0, free);
      at = Math.max(at, end[i]);
      if (i == newest) {
        return at + left;
      }
    }
  }

  boolean idleAfter(long t) {
    return end[newest] <= t;
  }
}
