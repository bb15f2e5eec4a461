package org.lapidary.sim.timing;

import java.util.Arrays;
import java.util.EnumMap;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.lapidary.machine.GemminiParams;

/// Predicts the cycles of a command stream on the Gemmini RTL. Event-driven: time advances from one
/// command or memory request to the next. Observes commands in program order, changes nothing.
public final class CycleModel {
  /// Printed with every cycle count this model gives.
  public static final String NAME = "gemmini-event-1";

  private static final int INPUT = 64;
  private static final long NEVER = Long.MAX_VALUE;

  private final int gap;
  private final ReservationStation station;
  private final Completions completions = new Completions();
  private final LoadUnit loads;
  private final ExecuteUnit array;
  private final StoreUnit stores;
  private final MatmulLoops matmuls;
  private final ConvLoops convs;
  private final CycleStatistics statistics = new CycleStatistics();
  private final Map<Unit, Account> accounts = new EnumMap<>(Unit.class);

  private final int[] inFunct = new int[INPUT];
  private final long[] inRs1 = new long[INPUT];
  private final long[] inRs2 = new long[INPUT];
  private final int[] inRegion = new int[INPUT];
  private final long[] inArrival = new long[INPUT];
  private final long[] decoded = new long[Depths.FRONT_QUEUE];
  private int inHead;
  private int inCount;
  private int decodedNext;
  private long presented;
  private long feedAt;

  private final int[] outFunct = new int[Depths.UNROLLED_QUEUE];
  private final long[] outRs1 = new long[Depths.UNROLLED_QUEUE];
  private final long[] outRs2 = new long[Depths.UNROLLED_QUEUE];
  private final int[] outRegion = new int[Depths.UNROLLED_QUEUE];
  private final int[] outSource = new int[Depths.UNROLLED_QUEUE];
  private final long[] outVisible = new long[Depths.UNROLLED_QUEUE];
  private int outHead;
  private int outCount;
  private long unrollAt = NEVER;
  private long allocateAt = NEVER;
  private long blockedSince = NEVER;
  private final int[] source;

  private final long[] issueAt = {NEVER, NEVER, NEVER};
  private long finished;
  private long[] regionEnd = new long[16];
  private int region;

  /// A model of the given machine at rest.
  public CycleModel(GemminiParams params, MemoryTiming timing) {
    this(params, timing, null);
  }

  /// The same, telling a timeline what the units do. It changes no figure.
  public CycleModel(GemminiParams params, MemoryTiming timing, @Nullable Timeline timeline) {
    TimedMachine machine = TimedMachine.of(params);
    gap = timing.commandGap();
    Memory memory = new Memory(timing);
    Banks banks = new Banks(machine);
    station = new ReservationStation(machine);
    source = new int[station.funct.length];
    for (Unit unit : Unit.values()) {
      accounts.put(unit, new Account(unit, station, statistics, timeline));
    }
    loads =
        new LoadUnit(
            machine, memory, banks, station, statistics, account(Unit.LOAD), account(Unit.READ));
    array =
        new ExecuteUnit(machine, banks, completions, station, statistics, account(Unit.EXECUTE));
    stores =
        new StoreUnit(
            machine,
            memory,
            banks,
            completions,
            station,
            statistics,
            account(Unit.STORE),
            account(Unit.WRITE),
            account(Unit.NORMALISER));
    matmuls = new MatmulLoops(machine);
    convs = new ConvLoops(machine);
    Arrays.fill(decoded, -1);
    presented = -gap;
  }

  private Account account(Unit unit) {
    return Objects.requireNonNull(accounts.get(unit));
  }

  /// Observes the next command in program order.
  public void command(int funct, long rs1, long rs2) {
    if (funct > Funct.LOOP_CONV_LAST || funct == Funct.FLUSH) {
      int taken = funct == Funct.FLUSH ? Depths.FLUSH : Depths.ACCEPT;
      finished = Math.max(finished, presented + gap + taken);
      return;
    }
    int tail = (inHead + inCount) & (INPUT - 1);
    inFunct[tail] = funct;
    inRs1[tail] = rs1;
    inRs2[tail] = rs2;
    inRegion[tail] = region;
    inArrival[tail] = NEVER;
    inCount++;
    if (feedAt == NEVER && inCount == 1) {
      feedAt = 0;
    }
    run(false);
  }

  /// Waits until everything observed so far has drained, as software does with a fence.
  public void fence() {
    run(true);
    long end = Math.max(finished, Math.max(array.drained(), stores.drained()));
    finished = end;
    accounts.values().forEach(account -> account.fence(end, region));
    if (end > 0) {
      presented = Math.max(presented, end - gap);
    }
    regionEnd[region] = Math.max(regionEnd[region], end);
  }

  /// Cycles from the first command being presented until a fence after the last one returns. Acts
  /// as that fence.
  public long cycles() {
    fence();
    return finished;
  }

  /// Starts a new range of commands, for example those of the next source operation, and returns
  /// its number. The range before the first call has number 0.
  public int mark() {
    region++;
    if (region == regionEnd.length) {
      regionEnd = Arrays.copyOf(regionEnd, 2 * region);
    }
    return region;
  }

  /// The cycle by which every command up to the end of range `number` has completed. Settled once a
  /// fence has been observed.
  public long endOf(int number) {
    long end = 0;
    for (int i = 0; i <= number; i++) {
      end = Math.max(end, regionEnd[i]);
    }
    return end;
  }

  /// How far the model was off against measured cycles, per family of workloads.
  public static KnownError knownError() {
    return KnownError.shipped();
  }

  /// What the units did so far.
  public CycleStatistics statistics() {
    return statistics;
  }

  private void run(boolean drain) {
    while (true) {
      long t = completions.nextTime();
      int event = 0;
      for (int unit = 0; unit < 3; unit++) {
        if (issueAt[unit] < t) {
          t = issueAt[unit];
          event = 1 + unit;
        }
      }
      if (array.nextTime() < t) {
        t = array.nextTime();
        event = 4;
      }
      if (stores.nextTime() < t) {
        t = stores.nextTime();
        event = 5;
      }
      if (unrollAt < t) {
        t = unrollAt;
        event = 6;
      }
      if (feedAt < t) {
        if (inCount > 0 || !drain) {
          t = feedAt;
          event = 7;
        }
      }
      if (allocateAt < t) {
        t = allocateAt;
        event = 8;
      }
      if (t == NEVER) {
        return;
      }
      if (event == 7 && inCount == 0) {
        return;
      }
      step(event, t);
    }
  }

  private void step(int event, long t) {
    switch (event) {
      case 0 -> complete(t);
      case 4 -> array.step(t);
      case 5 -> stores.step(t);
      case 6 -> unroll(t);
      case 7 -> feed(t);
      case 8 -> allocate(t);
      default -> issue(event - 1, t);
    }
  }

  private void complete(long t) {
    int unit = Completions.unit(completions.stream());
    int id = completions.take();
    release(id, unit, t);
  }

  private void release(int id, int unit, long t) {
    station.complete(id, unit, t);
    finished = Math.max(finished, t);
    int number = station.region[id];
    if (t > regionEnd[number]) {
      regionEnd[number] = t;
    }
    for (int other = 0; other < 3; other++) {
      schedule(other, t);
    }
    if (source[id] == 1) {
      matmuls.completed(unit);
    } else if (source[id] == 2) {
      convs.completed(unit);
    }
    wakeUnroller(t);
    if (blockedSince != NEVER) {
      allocateAt = t;
    }
  }

  private void schedule(int unit, long t) {
    int id = station.oldest(unit);
    if (id < 0 || !station.ready(id)) {
      issueAt[unit] = NEVER;
    } else if (issueAt[unit] == NEVER) {
      issueAt[unit] = Math.max(t, station.allocated[id] + 1);
    }
  }

  private void issue(int unit, long t) {
    int id = station.oldest(unit);
    station.issue(unit);
    issueAt[unit] = NEVER;
    long rs1 = station.rs1[id];
    long rs2 = station.rs2[id];
    boolean config = station.funct[id] == Funct.CONFIG;
    switch (unit) {
      case Funct.LOAD -> {
        long arrival = t + Depths.ISSUE_TO_CONTROLLER;
        if (config) {
          loads.configure(rs1, rs2, arrival);
        } else {
          int stream = rs1 == 0 ? Completions.ZEROS : Completions.LOAD;
          completions.add(stream, loads.load(id, arrival), id);
        }
      }
      case Funct.STORE -> {
        if (config) {
          stores.configure(rs1, rs2);
        } else {
          stores.push(id, t + Depths.ISSUE_TO_CONTROLLER);
        }
      }
      default -> array.push(id, t + Depths.ISSUE_TO_EXECUTE);
    }
    if (config && unit != Funct.EXECUTE) {
      release(id, unit, t + (unit == Funct.STORE ? 2 : 1));
      finished = Math.max(finished, t + 2);
    }
    schedule(unit, t + 1);
  }

  /// Moves the next command from the processor to the loop unrollers or past them.
  private void feed(long t) {
    if (inArrival[inHead] == NEVER) {
      presented = Math.max(presented + gap, decoded[decodedNext]);
      inArrival[inHead] = presented + Depths.PRESENT_TO_UNROLLER;
    }
    if (inArrival[inHead] > t) {
      feedAt = inArrival[inHead];
      return;
    }
    int funct = inFunct[inHead];
    long rs1 = inRs1[inHead];
    long rs2 = inRs2[inHead];
    if (Funct.isMatmulLoop(funct) || Funct.isConvLoop(funct)) {
      LoopUnroller loop = Funct.isMatmulLoop(funct) ? matmuls : convs;
      LoopUnroller other = loop == matmuls ? convs : matmuls;
      if (other.active() || !loop.configure(funct, rs1, rs2, inRegion[inHead], t)) {
        feedAt = NEVER;
        return;
      }
      if (loop.active() && unrollAt == NEVER) {
        unrollAt = t + 1;
      }
    } else {
      int unit = Funct.unit(funct, rs1);
      if (matmuls.active() || convs.active() || outCount == Depths.UNROLLED_QUEUE) {
        feedAt = NEVER;
        return;
      }
      if (unit != Funct.NONE) {
        enqueue(funct, rs1, rs2, inRegion[inHead], 0, t);
      }
    }
    decoded[decodedNext] = t;
    decodedNext = decodedNext + 1 == Depths.FRONT_QUEUE ? 0 : decodedNext + 1;
    inHead = (inHead + 1) & (INPUT - 1);
    inCount--;
    feedAt = t + 1;
  }

  private void enqueue(int funct, long rs1, long rs2, int of, int from, long t) {
    int tail = (outHead + outCount++) % Depths.UNROLLED_QUEUE;
    outFunct[tail] = funct;
    outRs1[tail] = rs1;
    outRs2[tail] = rs2;
    outRegion[tail] = of;
    outSource[tail] = from;
    outVisible[tail] = t + 1;
    if (outCount == 1) {
      allocateAt = t + 1;
    }
  }

  private void unroll(long t) {
    unrollAt = NEVER;
    if (outCount == Depths.UNROLLED_QUEUE) {
      return;
    }
    boolean convolution = convs.active();
    LoopUnroller loop = convolution ? convs : matmuls;
    if (!loop.active()) {
      return;
    }
    long next = loop.emit(t);
    if (next == t) {
      enqueue(loop.funct, loop.rs1, loop.rs2, loop.region, convolution ? 2 : 1, t);
      unrollAt = t + 1;
    } else {
      unrollAt = next;
    }
    if (feedAt == NEVER) {
      feedAt = t + 1;
    }
  }

  private void wakeUnroller(long t) {
    if (unrollAt == NEVER && (matmuls.active() || convs.active())) {
      unrollAt = t;
    }
  }

  private void allocate(long t) {
    int unit = Funct.unit(outFunct[outHead], outRs1[outHead]);
    if (station.full(unit)) {
      if (blockedSince == NEVER) {
        blockedSince = t;
      }
      allocateAt = NEVER;
      return;
    }
    if (blockedSince != NEVER) {
      statistics.full(unit, t - blockedSince);
      blockedSince = NEVER;
    }
    int id = station.allocate(unit, outFunct[outHead], outRs1[outHead], outRs2[outHead], t);
    station.region[id] = outRegion[outHead];
    source[id] = outSource[outHead];
    statistics.add(CycleStatistics.Counter.COMMANDS, 1);
    outHead = (outHead + 1) % Depths.UNROLLED_QUEUE;
    outCount--;
    allocateAt = outCount == 0 ? NEVER : Math.max(t + 1, outVisible[outHead]);
    if (station.oldest(unit) == id) {
      schedule(unit, t + 1);
    }
    wakeUnroller(t + 1);
    if (feedAt == NEVER) {
      feedAt = t + 1;
    }
  }
}
