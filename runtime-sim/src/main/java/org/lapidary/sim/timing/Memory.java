package org.lapidary.sim.timing;

import org.jspecify.annotations.Nullable;

/// When the memory answers: a fixed time after the handshake, or through a cache.
final class Memory {
  private static final int ACKS = 256;

  private final int latency;
  private final int interval;
  private final @Nullable Cache cache;
  private final Busy reads = new Busy();
  private final long[] ack = new long[ACKS];
  private int first;
  private int acks;

  Memory(MemoryTiming timing) {
    latency = timing.latency();
    cache = timing.cache() ? new Cache(timing.latency()) : null;
    interval = timing.cache() ? 1 : timing.beatInterval();
  }

  /// Cycles per beat of read data.
  int readInterval() {
    return interval;
  }

  /// The cycle of the first beat of a read whose request is accepted at `t`.
  long readData(long address, long t) {
    return cache == null ? t + latency : cache.access(address, t);
  }

  /// The cycle a write of the given last beat is acknowledged, pipeline apart.
  long writeDone(long address, long lastBeat) {
    long done = cache == null ? lastBeat + latency : cache.access(address, lastBeat);
    if (acks == ack.length) {
      first = (first + 1) % ack.length;
      acks--;
    }
    ack[(first + acks++) % ack.length] = done + Depths.WRITE_TO_ACK;
    return done;
  }

  /// Write acknowledgements share the bus of read data. The cycle a read ready at `ready` can begin
  /// when earlier reads keep the bus until `free`.
  long readStart(long ready, long free) {
    long at = free;
    int late = 0;
    while (acks > 0 && ack[first] <= ready) {
      long due = ack[first];
      if (due >= at) {
        at = due + 1;
      } else if (due >= free) {
        at++;
      } else if (reads.freeFrom(due) > due) {
        // It would have held up an earlier read, so it holds up this one.
        late++;
      }
      first = (first + 1) % ack.length;
      acks--;
    }
    return Math.max(ready, at) + late;
  }

  /// Records read data on the bus.
  void reading(long from, long to) {
    reads.add(from, to, (int) (to - from));
  }
}
