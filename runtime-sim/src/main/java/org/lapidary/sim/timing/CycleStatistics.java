package org.lapidary.sim.timing;

import java.util.Locale;

/// What the units of the machine did and what they waited for. Counters only grow; the difference
/// of two snapshots describes the commands between them.
// Counters are touched for every memory request, so they live in an array by ordinal.
@SuppressWarnings("EnumOrdinal")
public final class CycleStatistics {
  /// One figure. Cycles unless it says otherwise.
  public enum Counter {
    COMMANDS("commands through the reservation station, loops unrolled"),
    MACS("multiply-accumulates on valid rows and columns"),
    READ_BYTES("bytes fetched from memory, whole transfers"),
    WRITE_BYTES("bytes written to memory"),
    READ_REQUESTS("read transfers"),
    WRITE_REQUESTS("write transfers"),
    ARRAY_BUSY("rows fed into the array, bank stalls included"),
    ARRAY_BANK_STALL("array held up by a scratchpad bank being written or read twice"),
    ARRAY_WAIT_COMMAND("array idle, its next command had not come"),
    ARRAY_WAIT_LOAD("array idle, waiting for an mvin"),
    ARRAY_WAIT_STORE("array idle, waiting for an mvout"),
    LOAD_BUSY("at least one mvin under way"),
    LOAD_QUEUED("mvins queued at the load controller, summed"),
    STORE_QUEUED("mvouts queued at the store controller, summed"),
    STORE_PORT_STALL("mvouts held up by the array accumulating into their bank"),
    FULL_LOAD("no command entered, load entries full"),
    FULL_EXECUTE("no command entered, execute entries full"),
    FULL_STORE("no command entered, store entries full");

    private final String meaning;

    Counter(String meaning) {
      this.meaning = meaning;
    }

    /// What is counted, in a few words.
    public String meaning() {
      return meaning;
    }
  }

  private static final Counter[] ALL = Counter.values();

  private final long[] count;
  private long loadBusyUntil;

  CycleStatistics() {
    this(new long[ALL.length]);
  }

  private CycleStatistics(long[] count) {
    this.count = count;
  }

  /// The value of one counter.
  public long of(Counter counter) {
    return count[counter.ordinal()];
  }

  /// A copy that stays as it is.
  public CycleStatistics snapshot() {
    return new CycleStatistics(count.clone());
  }

  /// What was counted after an earlier snapshot.
  public CycleStatistics since(CycleStatistics earlier) {
    long[] difference = count.clone();
    for (int i = 0; i < difference.length; i++) {
      difference[i] -= earlier.count[i];
    }
    return new CycleStatistics(difference);
  }

  /// Share of the array's multipliers doing useful work over that many cycles, at most 1.
  public double utilisation(int dim, long cycles) {
    return cycles == 0 ? 0 : (double) of(Counter.MACS) / dim / dim / cycles;
  }

  @Override
  public String toString() {
    var text = new StringBuilder();
    for (Counter c : ALL) {
      text.append(String.format(Locale.ROOT, "%,18d  %s%n", of(c), c.meaning));
    }
    return text.toString();
  }

  void add(Counter counter, long amount) {
    count[counter.ordinal()] += amount;
  }

  void readRequest(int bytes) {
    add(Counter.READ_REQUESTS, 1);
    add(Counter.READ_BYTES, bytes);
  }

  void writeRequest(int bytes) {
    add(Counter.WRITE_REQUESTS, 1);
    add(Counter.WRITE_BYTES, bytes);
  }

  void load(long arrival, long start, long done) {
    add(Counter.LOAD_QUEUED, start - arrival);
    add(Counter.LOAD_BUSY, Math.max(0, done - Math.max(start, loadBusyUntil)));
    loadBusyUntil = Math.max(loadBusyUntil, done);
  }

  /// The array idled for `cycles` before a command whose last dependency, if any, `unit` cleared.
  void arrayIdle(int unit, long cycles) {
    add(
        switch (unit) {
          case Funct.LOAD -> Counter.ARRAY_WAIT_LOAD;
          case Funct.STORE -> Counter.ARRAY_WAIT_STORE;
          default -> Counter.ARRAY_WAIT_COMMAND;
        },
        cycles);
  }

  void full(int unit, long cycles) {
    add(
        switch (unit) {
          case Funct.LOAD -> Counter.FULL_LOAD;
          case Funct.STORE -> Counter.FULL_STORE;
          default -> Counter.FULL_EXECUTE;
        },
        cycles);
  }
}
