package org.lapidary.sim;

import java.util.Arrays;
import org.lapidary.machine.isa.Instr;

/// The eight performance counters. What they count comes from whoever measures cycles; a purely
/// functional run has no cycles to count, so that its counters stay at 0.
///
/// Source: gemmini.md §5.11, §11.10.
public final class Counters {
  private static final int COUNTERS = 8;

  /// Where the counts come from.
  @FunctionalInterface
  public interface Source {
    /// How often an event has happened since the machine was made.
    ///
    /// @param external whether `event` numbers a value instead of a cycle event
    long count(int event, boolean external);
  }

  private Source source = (event, external) -> 0;
  private final int[] events = new int[COUNTERS];
  private final boolean[] external = new boolean[COUNTERS];
  private final long[] zero = new long[COUNTERS];
  private final long[] snapshot = new long[COUNTERS];
  private boolean hasSnapshot;
  private long response;

  /// Has the counters count what `newSource` tells.
  public void countFrom(Source newSource) {
    this.source = newSource;
  }

  /// The value of a counter, or of its snapshot while there is one.
  public long value(int index) {
    return hasSnapshot ? snapshot[index] : running(index);
  }

  private long running(int index) {
    return events[index] == 0 ? 0 : source.count(events[index], external[index]) - zero[index];
  }

  void obey(Instr.CounterOp command) {
    if (command.reset()) {
      for (int i = 0; i < COUNTERS; i++) {
        restart(i);
      }
      Arrays.fill(snapshot, 0);
    }
    if (command.dropSnapshot()) {
      hasSnapshot = false;
    }
    if (command.takeSnapshot()) {
      for (int i = 0; i < COUNTERS; i++) {
        snapshot[i] = running(i);
      }
      hasSnapshot = true;
    }
    if (command.configure()) {
      events[command.index()] = command.event();
      external[command.index()] = command.external();
      restart(command.index());
    }
    response = value(command.index());
  }

  private void restart(int index) {
    zero[index] = source.count(events[index], external[index]);
  }

  /// The value of `rd` of the last command, 0 if it was no counter command.
  long takeResponse() {
    long taken = response;
    response = 0;
    return taken;
  }
}
