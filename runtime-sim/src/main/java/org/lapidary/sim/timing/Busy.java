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

  /// The share of cycles the bank is taken in the stretch beginning at `t`.
  double share(long t) {
    int i = next(t);
    return i < 0 || start[i] > t ? 0 : (double) rows[i] / (end[i] - start[i]);
  }

  /// Where the stretch of even use beginning at `t` ends, or [Long#MAX_VALUE].
  long stretchEnd(long t) {
    int i = next(t);
    return i < 0 ? Long.MAX_VALUE : start[i] > t ? start[i] : end[i];
  }

  /// The oldest burst that ends after `t`, or -1.
  private int next(long t) {
    int found = -1;
    for (int back = 0; back < HISTORY; back++) {
      int i = (newest - back + HISTORY) % HISTORY;
      if (end[i] <= t) {
        return found;
      }
      found = i;
    }
    return found;
  }

  /// Whether the bank is never taken from `t` on, as far as known.
  boolean idleAfter(long t) {
    return end[newest] <= t;
  }
}
