package org.lapidary.sim.timing;

import org.jspecify.annotations.Nullable;

/// When the memory answers: a fixed time after the handshake, or through a cache.
final class Memory {
  private final int latency;
  private final int interval;
  private final @Nullable Cache cache;
  private long unpaid;

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
    unpaid++;
    return cache == null ? lastBeat + latency : cache.access(address, lastBeat);
  }

  /// Write acknowledgements share the bus of read data: how many beats they take from a read that
  /// finds the bus idle for `gap` cycles (negative when it has to queue).
  long acknowledgements(long gap) {
    long taken = Math.max(0, unpaid - Math.max(0, gap));
    unpaid = 0;
    return taken;
  }
}
