package org.lapidary.sim.timing;

import java.util.Arrays;
import org.lapidary.sim.timing.CycleStatistics.Counter;

/// Execute controller and systolic array: preloads, computes, and computes overlapped with the next
/// preload, one row a cycle, slowed by scratchpad banks that are being written.
final class ExecuteUnit {
  private static final int LEAST_ROWS = 4;

  /// Computes in the array at once.
  private static final int WINDOW = 4;

  private final TimedMachine machine;
  private final Banks banks;
  private final Completions completions;
  private final ReservationStation station;
  private final CycleStatistics statistics;
  private final Account account;

  private final int[] queue;
  private final long[] arrival;
  private final int mask;
  private int head;
  private int count;

  private boolean weightStationary = true;
  private boolean transposeA;
  private boolean transposeB;

  private int preload = -1;
  private long output;
  private long free;
  private long drained;
  private final long[] computeStart = new long[WINDOW];
  private int computes;
  private long next = Long.MAX_VALUE;

  ExecuteUnit(
      TimedMachine machine,
      Banks banks,
      Completions completions,
      ReservationStation station,
      CycleStatistics statistics,
      Account account) {
    this.machine = machine;
    this.banks = banks;
    this.completions = completions;
    this.station = station;
    this.statistics = statistics;
    this.account = account;
    int length = Integer.highestOneBit(2 * machine.executes());
    queue = new int[length];
    arrival = new long[length];
    mask = length - 1;
    Arrays.fill(computeStart, -machine.arrayLatency());
  }

  long nextTime() {
    return next;
  }

  long drained() {
    return drained;
  }

  void push(int id, long at) {
    int tail = (head + count++) & mask;
    queue[tail] = id;
    arrival[tail] = at;
    if (count == 1 && !weightStationary && at > free && drained > free) {
      // Left without commands, an output-stationary array flushes what it holds.
      free += 2L * machine.dim();
      account.enter(Activity.FLUSH, free);
    }
    if (next == Long.MAX_VALUE) {
      schedule();
    }
  }

  private void schedule() {
    if (count == 0) {
      next = Long.MAX_VALUE;
      return;
    }
    int id = queue[head];
    long at = Math.max(free, arrival[head]);
    switch (station.funct[id]) {
      case Funct.CONFIG -> at = Math.max(at, drained);
      case Funct.PRELOAD -> {
        if (count == 1) {
          next = Long.MAX_VALUE;
          return;
        }
        at = Math.max(at, arrival[(head + 1) & mask]);
      }
      default -> at = Math.max(at, computeStart[computes & (WINDOW - 1)] + machine.arrayLatency());
    }
    next = at;
  }

  /// Starts the operation due at `t`.
  void step(long t) {
    int id = queue[head];
    account.start(id, t);
    switch (station.funct[id]) {
      case Funct.CONFIG -> configure(id, t);
      case Funct.PRELOAD -> {
        long last = feed(t, Funct.NONE, id);
        take(1);
        setPreload(id, last);
      }
      default -> compute(id, t);
    }
    schedule();
  }

  private void configure(int id, long t) {
    long rs1 = station.rs1[id];
    if ((rs1 & 0x80) == 0) {
      weightStationary = (rs1 & 4) != 0;
      transposeA = (rs1 & 0x100) != 0;
      transposeB = (rs1 & 0x200) != 0;
    }
    take(1);
    free = t + 1;
    account.enter(Activity.CONFIGURE, free);
    completions.add(Completions.COMPUTE, t + Depths.FEED_TO_DONE, id);
  }

  private void compute(int id, long t) {
    int follower = -1;
    int seen = machine.hazards() ? 2 : 1;
    if (count > seen && arrival[(head + seen) & mask] <= t) {
      int second = queue[(head + 1) & mask];
      if (station.funct[second] == Funct.PRELOAD) {
        follower = second;
      }
    }
    computeStart[computes++ & (WINDOW - 1)] = t;
    long last = feed(t, id, follower);
    long a = station.rs1[id];
    if (machine.row(a) >= 0) {
      int depth = TimedMachine.rows(a) * TimedMachine.cols(a);
      statistics.add(Counter.MACS, (long) depth * TimedMachine.cols(output));
    }
    completions.add(Completions.COMPUTE, last + Depths.FEED_TO_DONE, id);
    result(t, last);
    take(follower >= 0 ? 2 : 1);
    if (follower >= 0) {
      setPreload(follower, last);
    }
  }

  private void take(int commands) {
    head = (head + commands) & mask;
    count -= commands;
  }

  private void setPreload(int id, long last) {
    output = station.rs2[id];
    if (machine.row(output) < 0) {
      completions.add(Completions.COMPUTE, last + Depths.FEED_TO_DONE, id);
      preload = -1;
    } else {
      preload = id;
    }
  }

  /// Feeds one operation into the array from `t` on; returns the cycle of its last row.
  private long feed(long t, int compute, int follower) {
    boolean loadsB = follower >= 0 && machine.row(station.rs1[follower]) >= 0;
    boolean transposed = weightStationary ? transposeA || transposeB : true;
    int rowsB = loadsB ? machine.dim() : 0;
    int rowsA = 0;
    int rowsD = 0;
    int bankA = -1;
    int bankD = -1;
    if (compute >= 0) {
      long a = station.rs1[compute];
      long d = station.rs2[compute];
      if (machine.row(a) >= 0) {
        rowsA = transposeA ? TimedMachine.cols(a) : TimedMachine.rows(a);
        bankA = spadBank(a);
      }
      if (machine.row(d) >= 0) {
        rowsD = TimedMachine.rows(d);
        bankD = spadBank(d);
      }
    }
    int bankB = loadsB ? spadBank(station.rs1[follower]) : -1;
    int work = Math.max(Math.max(rowsA, rowsB), Math.max(rowsD, LEAST_ROWS));
    if (transposed) {
      work = machine.dim();
    }
    int unshared = work;
    work += shared(bankA, rowsA, bankB, rowsB) + shared(bankA, rowsA, bankD, rowsD);
    work += shared(bankB, rowsB, bankD, rowsD);
    int other = bankB == bankA ? -1 : bankB;
    int third = bankD == bankA || bankD == bankB ? -1 : bankD;
    long end = banks.finish(bankA, other, third, t, work);
    long stalled = end - t - unshared;
    if (weightStationary && transposeB && loadsB) {
      end += machine.dim();
    }
    free = end;
    account.enter(Activity.WORK, end - stalled);
    account.enter(Activity.WAIT_BANK, end);
    return end - 1;
  }

  private int spadBank(long operand) {
    return TimedMachine.isAccumulator(operand) ? -1 : machine.bank(machine.row(operand));
  }

  private static int shared(int bank1, int rows1, int bank2, int rows2) {
    return bank1 >= 0 && bank1 == bank2 ? Math.min(rows1, rows2) : 0;
  }

  private void result(long first, long last) {
    int latency =
        machine.arrayLatency() + Depths.FEED_TO_RESULT + (weightStationary ? 0 : machine.dim());
    drained = last + latency;
    if (preload < 0) {
      return;
    }
    completions.add(Completions.RESULT, drained, preload);
    preload = -1;
    int row = machine.row(output);
    int rows = TimedMachine.rows(output);
    long from = first + machine.arrayLatency() + Depths.FEED_TO_ACC_WRITE;
    long to = last + machine.arrayLatency() + Depths.FEED_TO_ACC_WRITE + 1;
    if (!TimedMachine.isAccumulator(output)) {
      banks.scratchpad[machine.bank(row)].add(from, to, rows);
    } else if (TimedMachine.accumulates(output)) {
      banks.accumulator[machine.bank(row)].add(from, to, rows);
    }
  }
}
