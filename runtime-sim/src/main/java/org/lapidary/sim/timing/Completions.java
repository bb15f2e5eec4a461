package org.lapidary.sim.timing;

import java.util.Arrays;

/// Entries that will leave the reservation station, in streams that are each in order: loads from
/// memory, zero fills, computes, results of the array, stores.
final class Completions {
  static final int LOAD = 0;
  static final int COMPUTE = 1;
  static final int RESULT = 2;
  static final int STORE = 3;
  static final int ZEROS = 4;
  private static final int STREAMS = 5;
  private static final int LENGTH = 64;

  private final long[][] time = new long[STREAMS][LENGTH];
  private final int[][] entry = new int[STREAMS][LENGTH];
  private final int[] head = new int[STREAMS];
  private final int[] count = new int[STREAMS];
  private final long[] last = new long[STREAMS];
  private long next = Long.MAX_VALUE;
  private int nextStream;

  void add(int stream, long t, int id) {
    long at = Math.max(t, last[stream]);
    last[stream] = at;
    int tail = (head[stream] + count[stream]++) & (LENGTH - 1);
    time[stream][tail] = at;
    entry[stream][tail] = id;
    if (at < next) {
      next = at;
      nextStream = stream;
    }
  }

  long nextTime() {
    return next;
  }

  int stream() {
    return nextStream;
  }

  int take() {
    int stream = nextStream;
    int id = entry[stream][head[stream]];
    head[stream] = (head[stream] + 1) & (LENGTH - 1);
    count[stream]--;
    next = Long.MAX_VALUE;
    for (int s = 0; s < STREAMS; s++) {
      if (count[s] > 0 && time[s][head[s]] < next) {
        next = time[s][head[s]];
        nextStream = s;
      }
    }
    return id;
  }

  static int unit(int stream) {
    return switch (stream) {
      case LOAD, ZEROS -> Funct.LOAD;
      case STORE -> Funct.STORE;
      default -> Funct.EXECUTE;
    };
  }

  @Override
  public String toString() {
    return Arrays.toString(count);
  }
}
