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
    LOAD_QUEUED("mvins queued at the load controller, summed"),
    STORE_QUEUED("mvouts queued at the store controller, summed"),
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
  private static final Activity[] ACTIVITIES = Activity.values();
  private static final Unit[] UNITS = Unit.values();

  /// The counters, then the cycles of each unit by activity.
  private final long[] count;

  CycleStatistics() {
    this(new long[ALL.length + UNITS.length * ACTIVITIES.length]);
  }

  private CycleStatistics(long[] count) {
    this.count = count;
  }

  /// The value of one counter.
  public long of(Counter counter) {
    return count[counter.ordinal()];
  }

  /// Cycles a unit spent on something. Settled up to the last fence.
  public long time(Unit unit, Activity activity) {
    return count[index(unit, activity)];
  }

  /// Cycles the array was taken, bank stalls included.
  public long arrayBusy() {
    return time(Unit.EXECUTE, Activity.WORK) + time(Unit.EXECUTE, Activity.WAIT_BANK);
  }

  private static int index(Unit unit, Activity activity) {
    return ALL.length + unit.ordinal() * ACTIVITIES.length + activity.ordinal();
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
    for (Unit unit : UNITS) {
      for (Activity a : ACTIVITIES) {
        if (time(unit, a) > 0) {
          text.append(
              String.format(
                  Locale.ROOT,
                  "%,18d  %s %s%s%n",
                  time(unit, a),
                  unit.title(),
                  a.waits() ? "waiting " : "",
                  a.meaning()));
        }
      }
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

  void time(Unit unit, Activity activity, long cycles) {
    count[index(unit, activity)] += cycles;
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
