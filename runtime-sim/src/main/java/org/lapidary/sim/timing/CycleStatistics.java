package org.lapidary.sim.timing;

/// What the units did and what they waited for. All figures are cycles unless named otherwise.
public final class CycleStatistics {
  private long readBytes;
  private long writeBytes;
  private long readRequests;
  private long writeRequests;
  private long macs;
  private long arrayBusy;
  private long bankStall;
  private final long[] arrayWait = new long[4];
  private long loadBusy;
  private long loadBusyUntil;
  private long loadQueued;
  private long storeStall;
  private long storeQueued;
  private final long[] frontStall = new long[3];
  private long commands;

  CycleStatistics() {}

  void readRequest(int bytes) {
    readRequests++;
    readBytes += bytes;
  }

  void writeRequest(int bytes) {
    writeRequests++;
    writeBytes += bytes;
  }

  void load(long arrival, long start, long done) {
    loadQueued += start - arrival;
    loadBusy += done - Math.max(start, Math.min(done, loadBusyUntil));
    loadBusyUntil = Math.max(loadBusyUntil, done);
  }

  void arrayStart(ReservationStation station, int id, long free, long t) {
    if (t > free) {
      boolean late = station.cleared[id] > station.allocated[id];
      int cause = late && station.cleared[id] > free ? station.blamed[id] + 1 : 0;
      arrayWait[cause] += t - free;
    }
  }

  void arrayBusy(long cycles) {
    arrayBusy += cycles;
  }

  void bankStall(long cycles) {
    bankStall += cycles;
  }

  void compute(TimedMachine machine, long a, long output) {
    if (machine.row(a) >= 0) {
      macs += (long) TimedMachine.rows(a) * TimedMachine.cols(a) * TimedMachine.cols(output);
    }
  }

  void storeStart(long arrival, long t) {
    storeQueued += t - arrival;
  }

  void storeStall(long cycles) {
    storeStall += cycles;
  }

  void frontStall(int unit, long cycles) {
    frontStall[unit] += cycles;
  }

  void allocated() {
    commands++;
  }

  /// Bytes requested from memory, whole transfers.
  public long readBytes() {
    return readBytes;
  }

  /// Bytes written to memory.
  public long writeBytes() {
    return writeBytes;
  }

  /// Read transfers.
  public long readRequests() {
    return readRequests;
  }

  /// Write transfers.
  public long writeRequests() {
    return writeRequests;
  }

  /// Multiply-accumulates on valid rows and columns.
  public long macs() {
    return macs;
  }

  /// Commands that went through the reservation station, loops unrolled.
  public long commands() {
    return commands;
  }

  /// Cycles rows were fed into the array, bank stalls included.
  public long arrayBusy() {
    return arrayBusy;
  }

  /// Cycles the array waited for a scratchpad bank.
  public long arrayBankStall() {
    return bankStall;
  }

  /// Cycles the array idled because the next command had not arrived.
  public long arrayWaitCommands() {
    return arrayWait[0];
  }

  /// Cycles the array idled for an mvin.
  public long arrayWaitLoads() {
    return arrayWait[1];
  }

  /// Cycles the array idled for an mvout.
  public long arrayWaitStores() {
    return arrayWait[3];
  }

  /// Cycles at least one mvin was in flight.
  public long loadBusy() {
    return loadBusy;
  }

  /// Cycles mvins spent queued in the load controller, summed over mvins.
  public long loadQueued() {
    return loadQueued;
  }

  /// Cycles mvouts waited for the accumulator port.
  public long storePortStall() {
    return storeStall;
  }

  /// Cycles mvouts spent queued in the store controller, summed over mvouts.
  public long storeQueued() {
    return storeQueued;
  }

  /// Cycles allocation was blocked because the load entries were full.
  public long frontStallLoads() {
    return frontStall[Funct.LOAD];
  }

  /// Cycles allocation was blocked because the execute entries were full.
  public long frontStallExecutes() {
    return frontStall[Funct.EXECUTE];
  }

  /// Cycles allocation was blocked because the store entries were full.
  public long frontStallStores() {
    return frontStall[Funct.STORE];
  }
}
