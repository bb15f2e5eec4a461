package org.lapidary.sim.timing;

/// Fixed pipeline depths, in cycles, between the points the model keeps time at. Each was read off
/// the back-to-back single-instruction measurements (rtl/README rules 1 to 7), none is fitted to a
/// workload.
final class Depths {
  /// A command the front end swallows, such as a fence or a counter access.
  static final int ACCEPT = 1;

  /// A TLB flush.
  static final int FLUSH = 6;

  /// From a command being presented to its arrival at the loop unrollers.
  static final int PRESENT_TO_UNROLLER = 3;

  /// Commands the queues in front of the loop unrollers hold.
  static final int FRONT_QUEUE = 6;

  /// Entries between the loop unrollers and the reservation station.
  static final int UNROLLED_QUEUE = 2;

  /// From the issue of a load or store to its controller handling it.
  static final int ISSUE_TO_CONTROLLER = 1;

  /// From the issue of an execute command to its controller handling it (one queue more).
  static final int ISSUE_TO_EXECUTE = 2;

  /// From the load controller sending a row to the DMA firing the first request of that row.
  static final int ROW_TO_REQUEST = 2;

  /// Rows waiting between load controller and DMA.
  static final int ROW_QUEUE = 5;

  /// From a read request leaving the DMA to its handshake at the memory.
  static final int REQUEST_TO_MEMORY = 5;

  /// From the last beat of a read to the reuse of its request slot.
  static final int BEAT_TO_FREE_SLOT = 2;

  /// From a row leaving the beat merger to its write.
  static final int ROW_TO_WRITE = 5;

  /// From the last row leaving the beat merger to the mvin leaving the reservation station.
  static final int ROW_TO_DONE = 8;

  /// An int32 mvin skips the scaling pipeline and ends that much sooner.
  static final int UNSCALED_SHORTCUT = 2;

  /// From the last row of a zero-fill mvin being made to it leaving the reservation station.
  static final int ZERO_TO_DONE = 5;

  /// From a store controller handling an mvout to its first read.
  static final int STORE_TO_READ = 1;

  /// From an accumulator read to the scale unit.
  static final int ACC_READ_TO_SCALE = 3;

  /// Rows between the scale unit's input and the write DMA.
  static final int SCALE_QUEUE = 5;

  /// Rows between the accumulator read and the scale unit's input.
  static final int READ_QUEUE = 3;

  /// From the last read of an mvout to it leaving the reservation station.
  static final int READ_TO_DONE = 2;

  /// From the last beat of a write to the reuse of its slot, memory latency apart.
  static final int WRITE_TO_FREE_SLOT = 7;

  /// From the last row leaving the array to the result counting as written, including the way of
  /// the operands to the array but not its latency.
  static final int FEED_TO_RESULT = 4;

  /// From the last beat of a write leaving the DMA to its handshake at the memory.
  static final int WRITE_TO_ACK = 5;

  /// From the last row fed to the compute itself (not its output) leaving the reservation station.
  static final int FEED_TO_DONE = 2;

  /// The same for a row's accumulator write.
  static final int FEED_TO_ACC_WRITE = 2;

  private Depths() {}
}
