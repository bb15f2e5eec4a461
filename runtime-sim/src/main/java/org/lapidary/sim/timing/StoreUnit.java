package org.lapidary.sim.timing;

import java.util.Arrays;
import org.lapidary.sim.timing.CycleStatistics.Counter;

/// Store controller, accumulator read-out with scaling, and write DMA. Works row by row, since the
/// array may take the accumulator port away at any time.
final class StoreUnit {
  private static final int CHUNK = 64;

  private final TimedMachine machine;
  private final Memory memory;
  private final Banks banks;
  private final Completions completions;
  private final ReservationStation station;
  private final CycleStatistics statistics;
  private final Account account;
  private final Account bus;
  private final Normaliser normaliser;

  private final int[] queue;
  private final long[] arrival;
  private final int mask;
  private int head;
  private int count;

  private long stride;
  private final Pooling pooling = new Pooling();

  private final long[] accepted = new long[Depths.SCALE_QUEUE];
  private final long[] scaled = new long[Depths.READ_QUEUE];
  private final Activity[] scaledAfter = new Activity[Depths.READ_QUEUE];
  private final long[] taken = new long[Depths.SCALE_QUEUE + Depths.READ_QUEUE];
  private int acceptedNext;
  private int scaledNext;
  private int takenNext;
  private final long[] slot;
  private int slotNext;

  private boolean busy;
  private int row;
  private int reads;
  private long read;
  private long scaleInput;
  private long writerFree;
  private long beat;
  private long idle;
  private long next = Long.MAX_VALUE;

  StoreUnit(
      TimedMachine machine,
      Memory memory,
      Banks banks,
      Completions completions,
      ReservationStation station,
      CycleStatistics statistics,
      Account account,
      Account bus,
      Account normalisation) {
    this.machine = machine;
    this.memory = memory;
    this.banks = banks;
    this.completions = completions;
    this.station = station;
    this.statistics = statistics;
    this.account = account;
    this.bus = bus;
    normaliser = new Normaliser(Math.max(1, machine.statSlots()), normalisation);
    Arrays.fill(scaledAfter, Activity.WORK);
    slot = new long[machine.inFlight()];
    int length = Integer.highestOneBit(2 * machine.stores());
    queue = new int[length];
    arrival = new long[length];
    mask = length - 1;
  }

  long nextTime() {
    return next;
  }

  /// The cycle from which every write so far has been acknowledged.
  long drained() {
    return idle;
  }

  void configure(long rs1, long rs2) {
    switch ((int) rs1 & 3) {
      case 2 -> {
        stride = rs2 & 0xFFFF_FFFFL;
        pooling.configure(rs1);
      }
      default -> normaliser.configure(rs1);
    }
  }

  void push(int id, long at) {
    int tail = (head + count++) & mask;
    queue[tail] = id;
    arrival[tail] = at;
    if (!busy && count == 1) {
      next = Math.max(at, read + 1) + Depths.STORE_TO_READ;
    }
  }

  /// Reads the next row (or the next part of a pooled window) at `t`.
  void step(long t) {
    if (!busy) {
      busy = true;
      row = 0;
      reads = 0;
      statistics.add(Counter.STORE_QUEUED, t - arrival[head]);
      account.start(queue[head], t);
      bus.take(queue[head]);
      normaliser.take(queue[head]);
    }
    int id = queue[head];
    long rs1 = station.rs1[id];
    long rs2 = station.rs2[id];
    boolean done = pooling.enabled() ? pooledChunk(t, rs1, rs2) : plainRow(t, rs1, rs2);
    if (!done) {
      return;
    }
    busy = false;
    completions.add(Completions.STORE, read + Depths.READ_TO_DONE, id);
    head = (head + 1) & mask;
    count--;
    next = count == 0 ? Long.MAX_VALUE : Math.max(arrival[head] + Depths.STORE_TO_READ, read + 1);
  }

  private boolean plainRow(long t, long rs1, long rs2) {
    int cols = TimedMachine.cols(rs2);
    int rows = TimedMachine.rows(rs2);
    int blocks = machine.blocks(cols);
    boolean acc = TimedMachine.isAccumulator(rs2);
    boolean wide = acc && TimedMachine.fullWidth(rs2);
    Busy port = port(rs2);
    long free = port.freeFrom(t);
    if (acc && free > t) {
      account.enter(Activity.WAIT_PORT, free);
      next = free;
      return false;
    }
    int norm = acc ? TimedMachine.normCommand(rs2) : 0;
    for (int b = 0; b < blocks; b++) {
      boolean last = b == blocks - 1;
      readBlock(b == 0 ? t : read + 1, port, acc, norm, last);
      if (norm == 0 && last) {
        int bytes = wide ? 4 * cols : cols;
        write(rs1 + row * stride, bytes);
      }
    }
    row++;
    next = read + 1;
    return row >= rows;
  }

  private boolean pooledChunk(long t, long rs1, long rs2) {
    int total = pooling.reads();
    int window = pooling.window();
    Busy port = port(rs2);
    for (int i = 0; i < CHUNK && reads < total; i++) {
      readBlock(i == 0 ? t : read + 1, port, true, 0, true);
      reads++;
      if (reads % window == 0) {
        int pixel = reads / window - 1;
        write(rs1 + pooling.offset(pixel) * stride, TimedMachine.cols(rs2));
      }
    }
    next = read + 1;
    return reads >= total;
  }

  private Busy port(long rs2) {
    int bank = machine.bank(machine.row(rs2));
    return TimedMachine.isAccumulator(rs2) ? banks.accumulator[bank] : banks.scratchpad[bank];
  }

  /// Reads one block of up to `dim` columns and moves it up to the writer.
  private void readBlock(long t, Busy port, boolean acc, int norm, boolean last) {
    read = Math.max(t, taken[takenNext]);
    account.enter(Activity.WAIT_WRITER, read);
    long offered;
    if (acc) {
      read = Math.max(read, scaled[scaledNext]);
      account.enter(scaledAfter[scaledNext], read);
      read = port.freeFrom(read);
      account.enter(Activity.WAIT_PORT, read);
      long input = scaleInput(norm, last);
      offered = input + machine.scaleLatency();
    } else {
      offered = read + machine.spadReadDelay();
    }
    account.enter(Activity.WORK, read + 1);
    if (norm != 0) {
      idle = Math.max(idle, scaleInput + 1);
      return;
    }
    long accept = Math.max(offered, writerFree);
    writerFree = accept + 1;
    if (acc) {
      accepted[acceptedNext] = accept;
      acceptedNext = acceptedNext + 1 == accepted.length ? 0 : acceptedNext + 1;
    }
    taken[takenNext] = accept;
    takenNext = takenNext + 1 == taken.length ? 0 : takenNext + 1;
    beat = Math.max(beat, accept);
  }

  /// When the scale unit takes what was read last, and what made it late.
  private long scaleInput(int norm, boolean last) {
    long ready = Math.max(read + Depths.ACC_READ_TO_SCALE, scaleInput + 1);
    long input = ready;
    Activity after = Activity.WORK;
    if (machine.statSlots() > 0) {
      input = normaliser.accept(input, norm, last);
      after = input > ready ? Activity.WAIT_NORMALISER : after;
    }
    if (norm == 0 && accepted[acceptedNext] > input) {
      input = accepted[acceptedNext];
      after = Activity.WAIT_WRITER;
    }
    scaleInput = input;
    scaled[scaledNext] = input;
    scaledAfter[scaledNext] = after;
    scaledNext = scaledNext + 1 == scaled.length ? 0 : scaledNext + 1;
    return input;
  }

  /// Writes one row, in pieces each an aligned power of two, one beat a cycle.
  private void write(long address, int bytes) {
    long at = address;
    int left = bytes;
    while (left > 0) {
      int size = machine.beatBytes();
      int sent = (int) Math.min(size - (at & (size - 1)), left);
      for (int s = 2 * size; s <= machine.transferBytes(); s *= 2) {
        int covered = (int) Math.min(s - (at & (s - 1)), left);
        if (covered > sent) {
          sent = covered;
          size = s;
        }
      }
      int beats = size / machine.beatBytes();
      int following = slotNext + 1 == slot.length ? 0 : slotNext + 1;
      long first = Math.max(beat + 1, slot[slotNext]);
      // With every slot taken the writer stops even inside a burst.
      beat = beats == 1 ? first : Math.max(first + 1, slot[following]) + beats - 2;
      bus.skip(first);
      bus.enter(Activity.WORK, beat + 1);
      long freed = memory.writeDone(at, beat) + Depths.WRITE_TO_FREE_SLOT;
      slot[slotNext] = freed;
      slotNext = following;
      idle = Math.max(idle, freed);
      statistics.writeRequest(sent);
      at += sent;
      left -= sent;
    }
    writerFree = Math.max(writerFree, beat);
  }
}
