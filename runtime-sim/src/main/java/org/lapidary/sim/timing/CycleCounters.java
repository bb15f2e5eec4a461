package org.lapidary.sim.timing;

import java.util.function.ToLongFunction;
import org.lapidary.machine.isa.Instr;
import org.lapidary.machine.isa.Isa;
import org.lapidary.sim.Counters;
import org.lapidary.sim.Observer;
import org.lapidary.sim.Simulator;
import org.lapidary.sim.timing.CycleStatistics.Counter;

/// Has a simulated program's own performance counters count what the cycle model sees of it. Exact
/// after a fence; before one, what the model has settled. Events it does not know count 0.
///
/// Source: gemmini.md §5.11, §11.10.
public final class CycleCounters implements Observer, Counters.Source {
  /// The events that the model's statistics tell of.
  public enum Event {
    LOAD_ACTIVE(9, false, s -> s.time(Unit.LOAD, Activity.WORK)),
    EXECUTE_ACTIVE(24, false, CycleStatistics::arrayBusy),
    STATION_FULL(
        41,
        false,
        s -> s.of(Counter.FULL_LOAD) + s.of(Counter.FULL_EXECUTE) + s.of(Counter.FULL_STORE)),
    BYTES_READ(4, true, s -> s.of(Counter.READ_BYTES)),
    BYTES_WRITTEN(5, true, s -> s.of(Counter.WRITE_BYTES));

    private final int number;
    private final boolean external;
    private final ToLongFunction<CycleStatistics> count;

    Event(int number, boolean external, ToLongFunction<CycleStatistics> count) {
      this.number = number;
      this.external = external;
      this.count = count;
    }

    /// The number a program knows the event by.
    public int number() {
      return number;
    }

    /// Whether the event is a value instead of cycles.
    public boolean external() {
      return external;
    }

    long in(CycleStatistics statistics) {
      return count.applyAsLong(statistics);
    }
  }

  private static final int FENCE = Isa.encode(new Instr.Fence()).funct();

  private final CycleModel model;

  /// Counts with a model, which hears of commands from nobody else.
  public CycleCounters(CycleModel model) {
    this.model = model;
  }

  /// Watches the simulator, in place of whoever did, and supplies its counters. To share it with
  /// other observers, chain them and call [Counters#countFrom].
  public void installIn(Simulator simulator) {
    simulator.observe(this);
    simulator.counters().countFrom(this);
  }

  @Override
  public void command(long index, int funct, long rs1, long rs2) {
    if (funct == FENCE) {
      model.fence();
    } else {
      model.command(funct, rs1, rs2);
    }
  }

  @Override
  public long count(int event, boolean external) {
    for (Event known : Event.values()) {
      if (known.number == event && known.external == external) {
        return known.in(model.statistics());
      }
    }
    return 0;
  }
}
