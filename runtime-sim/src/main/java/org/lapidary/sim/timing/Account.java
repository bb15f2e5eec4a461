package org.lapidary.sim.timing;

import org.jspecify.annotations.Nullable;

/// How one unit spends its time, entered in order: every entry begins where the one before ended.
/// What is entered goes to the statistics and, joined per command, to a timeline if there is one.
final class Account {
  private final Unit unit;
  private final ReservationStation station;
  private final CycleStatistics statistics;
  private final @Nullable Timeline timeline;
  private long until;

  private int funct = Timeline.NO_COMMAND;
  private long rs1;
  private long rs2;
  private int range;

  private Activity open = Activity.WORK;
  private long openFrom;

  Account(
      Unit unit,
      ReservationStation station,
      CycleStatistics statistics,
      @Nullable Timeline timeline) {
    this.unit = unit;
    this.station = station;
    this.statistics = statistics;
    this.timeline = timeline;
  }

  /// What follows is for the command of a reservation station's entry.
  void take(int id) {
    if (timeline != null) {
      close();
      funct = station.funct[id];
      rs1 = station.rs1[id];
      rs2 = station.rs2[id];
      range = station.region[id];
    }
  }

  /// The command of an entry starts at `t`. Before, the unit waited for the class that cleared the
  /// command's last dependency, or for the command itself.
  void start(int id, long t) {
    take(id);
    if (t > until) {
      boolean waited = station.cleared[id] > Math.max(until, station.allocated[id]);
      enter(waited ? waitFor(station.blamed[id]) : Activity.WAIT_COMMAND, t);
    }
  }

  private static Activity waitFor(int unit) {
    return switch (unit) {
      case Funct.LOAD -> Activity.WAIT_LOAD;
      case Funct.EXECUTE -> Activity.WAIT_EXECUTE;
      case Funct.STORE -> Activity.WAIT_STORE;
      default -> Activity.WAIT_COMMAND;
    };
  }

  /// Enters what the unit does from the last entry to `to`; nothing if that is past.
  void enter(Activity activity, long to) {
    if (to <= until) {
      return;
    }
    statistics.time(unit, activity, to - until);
    if (timeline != null && activity != open) {
      close();
      open = activity;
    }
    until = to;
  }

  /// Leaves the time up to `to` unaccounted for.
  void skip(long to) {
    if (to > until) {
      if (timeline != null) {
        close();
        openFrom = to;
      }
      until = to;
    }
  }

  /// A fence of a range returns at `end`.
  void fence(long end, int of) {
    if (timeline != null) {
      close();
      funct = Timeline.NO_COMMAND;
      rs1 = 0;
      rs2 = 0;
      range = of;
    }
    if (unit.takesCommands()) {
      enter(Activity.WAIT_FENCE, end);
    }
    close();
  }

  private void close() {
    if (timeline != null && until > openFrom) {
      timeline.slice(unit, open, range, funct, rs1, rs2, openFrom, until);
      openFrom = until;
    }
  }
}
