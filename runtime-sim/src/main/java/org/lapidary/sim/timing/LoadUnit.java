package org.lapidary.sim.timing;

import org.lapidary.sim.timing.CycleStatistics.Counter;

/// Load controller and read DMA: one command after the other, one request per row or aligned piece
/// of a row, a bounded number outstanding, answers in order on a shared data bus.
final class LoadUnit {
  private static final int IDENTITY_SCALE = 0x3F80_0000;
  private static final int SCALED_ROW_CYCLES = 4;

  /// Cycles of output that may be pending when the next answer begins to come in.
  private static final int OUTPUT_BUFFER = 4;

  private final TimedMachine machine;
  private final Memory memory;
  private final Banks banks;
  private final ReservationStation station;
  private final CycleStatistics statistics;
  private final Account account;
  private final Account bus;

  private final long[] stride = new long[3];
  private final int[] scale = {IDENTITY_SCALE, IDENTITY_SCALE, IDENTITY_SCALE};
  private final boolean[] shrink = new boolean[3];
  private final int[] blockStride = new int[3];
  private final int[] repeats = {1, 1, 1};

  private final long[] tracker;
  private final long[] slot;
  private final long[] rowAccepted = new long[Depths.ROW_QUEUE];
  private int slotNext;
  private int rowNext;
  private long controllerFree;
  private long readerFree;
  private long fired;
  private long zeroFree;
  private long busFree;
  private long mergerFree;
  private long outputFree;

  private long firstWrite;
  private long lastOut;

  LoadUnit(
      TimedMachine machine,
      Memory memory,
      Banks banks,
      ReservationStation station,
      CycleStatistics statistics,
      Account account,
      Account bus) {
    this.machine = machine;
    this.memory = memory;
    this.banks = banks;
    this.station = station;
    this.statistics = statistics;
    this.account = account;
    this.bus = bus;
    tracker = new long[machine.tracked()];
    slot = new long[machine.inFlight()];
  }

  void configure(long rs1, long rs2, long arrival) {
    int state = (int) Math.min(2, rs1 >>> 3 & 3);
    stride[state] = rs2;
    scale[state] = (int) (rs1 >>> 32);
    shrink[state] = (rs1 & 4) != 0;
    blockStride[state] = (int) (rs1 >>> 16) & 0xFFFF;
    repeats[state] = Math.max(1, (int) (rs1 >>> 8) & 0xFF);
    controllerFree = Math.max(arrival, controllerFree) + 1;
  }

  /// Takes the mvin of an entry that reaches the controller at `arrival`; returns when it leaves
  /// the station.
  long load(int id, long arrival) {
    int free = 0;
    for (int i = 1; i < tracker.length; i++) {
      if (tracker[i] < tracker[free]) {
        free = i;
      }
    }
    long start = Math.max(arrival, Math.max(controllerFree, tracker[free]));
    long rs1 = station.rs1[id];
    long rs2 = station.rs2[id];
    int state = Funct.loadState(station.funct[id]);
    account.start(id, start);
    bus.take(id);
    long done = rs1 == 0 ? zeroFill(state, rs2, start) : transfer(state, rs1, rs2, start);
    account.enter(Activity.WORK, done);
    statistics.add(Counter.LOAD_QUEUED, start - arrival);
    tracker[free] = done - 1;
    return done;
  }

  private long zeroFill(int state, long rs2, long start) {
    int rows = TimedMachine.rows(rs2);
    int blocks = machine.blocks(TimedMachine.cols(rs2));
    long begin = Math.max(start, zeroFree);
    int cycles = blocks * (TimedMachine.isAccumulator(rs2) ? 1 : repeats[state]);
    zeroFree = begin + (long) rows * cycles;
    controllerFree = begin + (long) (rows - 1) * cycles + 1;
    banks.dmaWrite(machine, rs2, blocks, 0, rows, begin + 2, zeroFree + 2);
    return zeroFree + Depths.ZERO_TO_DONE - 1;
  }

  private long transfer(int state, long rs1, long rs2, long start) {
    boolean accumulator = TimedMachine.isAccumulator(rs2);
    boolean wide = accumulator && !shrink[state];
    int cols = TimedMachine.cols(rs2);
    int rows = TimedMachine.rows(rs2);
    int bytes = wide ? 4 * cols : cols;
    int rowBytes = wide ? 4 * machine.dim() : machine.dim();
    boolean repeated = stride[state] == 0;
    int sent = repeated ? 1 : rows;
    int rowCycles =
        wide ? 1 : Math.max(repeats[state], scale[state] == IDENTITY_SCALE ? 1 : SCALED_ROW_CYCLES);
    firstWrite = Long.MAX_VALUE;
    long send = start - 1;
    for (int r = 0; r < sent; r++) {
      send = Math.max(send + 1, rowAccepted[rowNext]);
      long accepted = Math.max(send + 1, readerFree);
      rowAccepted[rowNext] = accepted;
      rowNext = rowNext + 1 == Depths.ROW_QUEUE ? 0 : rowNext + 1;
      request(
          rs1 + r * stride[state],
          bytes,
          accepted + Depths.ROW_TO_REQUEST - 1,
          rowBytes,
          rowCycles);
    }
    controllerFree = send + (sent == 1 ? 2 : 1);
    if (repeated) {
      outputFree = lastOut + rows;
      lastOut = outputFree - 1;
      mergerFree = Math.max(mergerFree, outputFree - OUTPUT_BUFFER);
    }
    long tail = lastOut;
    int blocks = machine.blocks(cols);
    long from = firstWrite + 1 + Depths.ROW_TO_WRITE;
    banks.dmaWrite(
        machine, rs2, blocks, blockStride[state], rows, from, tail + Depths.ROW_TO_WRITE + 1);
    return tail + Depths.ROW_TO_DONE - (wide ? Depths.UNSCALED_SHORTCUT : 0);
  }

  /// Requests one row, in pieces each an aligned power of two covering most of what is left.
  private void request(long address, int bytes, long earliest, int rowBytes, int rowCycles) {
    long at = address;
    int left = bytes;
    long ready = earliest;
    while (left > 0) {
      int size = machine.beatBytes();
      int useful = (int) Math.min(size - (at & (size - 1)), left);
      for (int s = 2 * size; s <= machine.transferBytes(); s *= 2) {
        int covered = (int) Math.min(s - (at & (s - 1)), left);
        if (covered > useful) {
          useful = covered;
          size = s;
        }
      }
      int offset = (int) (at & (size - 1));
      fired = Math.max(Math.max(ready, fired + 1), slot[slotNext]);
      answer(at - offset, size, offset, useful, bytes - left, rowBytes, rowCycles);
      at += useful;
      left -= useful;
      ready = fired + 1;
    }
    readerFree = fired;
  }

  /// The answer to one request: its beats arrive, rows of private memory leave the merger.
  private void answer(
      long address, int size, int shift, int useful, int before, int rowBytes, int rowCycles) {
    int interval = memory.readInterval();
    int beats = size / machine.beatBytes();
    long data = memory.readData(address, fired + Depths.REQUEST_TO_MEMORY);
    long first = Math.max(memory.readStart(data, busFree), mergerFree);
    long last = first + (long) (beats - 1) * interval;
    busFree = last + interval;
    memory.reading(first, busFree);
    bus.skip(first);
    bus.enter(Activity.WORK, busFree);
    long out = first;
    int sent = 0;
    int offset = before % rowBytes;
    while (sent < useful) {
      int needed = Math.min(sent + rowBytes, useful);
      int beat = (shift + needed - 1) / machine.beatBytes();
      out = Math.max(out + rowCycles, first + (long) beat * interval + 1);
      out = Math.max(out, outputFree);
      sent = Math.min(sent + rowBytes - offset, useful);
      offset = 0;
    }
    outputFree = out + rowCycles;
    lastOut = out;
    // A beat nobody needs takes a cycle of its own when it comes with the last row out.
    mergerFree = out > last ? out : out == last ? last + 2 : last + 1;
    if (rowCycles > 1) {
      mergerFree = Math.max(last + 1, out - OUTPUT_BUFFER);
    }
    firstWrite = Math.min(firstWrite, first);
    slot[slotNext] = last + Depths.BEAT_TO_FREE_SLOT;
    slotNext = slotNext + 1 == slot.length ? 0 : slotNext + 1;
    statistics.readRequest(size);
  }
}
