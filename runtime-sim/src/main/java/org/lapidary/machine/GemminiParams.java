package org.lapidary.machine;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/// One build of the accelerator. Sizes are architectural, the rest is what the cycle model needs to
/// know.
///
/// The text form (see [ParamsText]) has one `key = value` line per component, the key being the
/// component's name in snake case, and may start from another configuration with `base = NAME`.
/// Source: gemmini.md §1, §9, §11.
///
/// @param dim side of the array; also the number of elements in a row of either private memory
/// @param spadBanks banks of the scratchpad
/// @param spadBankRows rows in each scratchpad bank
/// @param accBanks banks of the accumulator
/// @param accBankRows rows in each accumulator bank
/// @param accSubBanks sub-banks of each accumulator bank
/// @param accSinglePorted whether an accumulator bank reads and writes through one port
/// @param dataflows which dataflows the array was built for
/// @param arrayReadsAcc whether the array can take operands from the accumulator
/// @param arrayWritesSpad whether the array can write results to the scratchpad
/// @param fullWidthAccRead whether mvout can read int32 rows
/// @param hasNormalizations whether the normalisation unit exists
/// @param statSlots statistics slots of the normalisation unit
/// @param busBytes width of the memory bus, bytes per cycle
/// @param maxTransferBytes largest single memory request
/// @param memRequestsInFlight read requests, and likewise write requests, outstanding at once
/// @param memLatencyCycles from a request's handshake to its first beat
/// @param memBeatIntervalCycles cycles between two beats
/// @param loadEntries load commands the reservation station holds
/// @param executeEntries execute commands the reservation station holds
/// @param storeEntries store commands the reservation station holds
/// @param loadQueue commands queued at the load controller
/// @param executeQueue commands queued at the execute controller
/// @param storeQueue commands queued at the store controller
/// @param spadReadDelayCycles read pipeline of the scratchpad
/// @param accLatencyCycles an accumulating write
/// @param tileLatencyCycles pipeline registers between tiles of the array
/// @param meshOutputDelayCycles pipeline registers behind the array
/// @param accScaleLatencyCycles accumulator scale unit
/// @param mvinScaleLatencyCycles mvin scale unit
/// @param mvinScaleUnits multipliers of the mvin scale unit
public record GemminiParams(
    String name,
    int dim,
    int spadBanks,
    int spadBankRows,
    int accBanks,
    int accBankRows,
    int accSubBanks,
    boolean accSinglePorted,
    Dataflows dataflows,
    boolean arrayReadsAcc,
    boolean arrayWritesSpad,
    boolean fullWidthAccRead,
    boolean hasNormalizations,
    int statSlots,
    int busBytes,
    int maxTransferBytes,
    int memRequestsInFlight,
    int memLatencyCycles,
    int memBeatIntervalCycles,
    int loadEntries,
    int executeEntries,
    int storeEntries,
    int loadQueue,
    int executeQueue,
    int storeQueue,
    int spadReadDelayCycles,
    int accLatencyCycles,
    int tileLatencyCycles,
    int meshOutputDelayCycles,
    int accScaleLatencyCycles,
    int mvinScaleLatencyCycles,
    int mvinScaleUnits) {

  private static final int MOST_COLUMNS = 64;

  /// The dataflows an array can be built for.
  public enum Dataflows {
    OS,
    WS,
    BOTH
  }

  /// Something wrong with a configuration.
  ///
  /// @param fatal whether no machine of this kind can be simulated, as opposed to merely not
  ///   generated as hardware
  /// @param key the line of the configuration at fault
  public record Objection(boolean fatal, String key, String reason) {}

  /// One of the shipped configurations, or the file of that name.
  ///
  /// @throws ParamsException when there is no such configuration or it makes no sense
  public static GemminiParams load(String nameOrFile) {
    return ParamsText.load(nameOrFile);
  }

  /// Rows of the whole scratchpad.
  public int spadRows() {
    return spadBanks * spadBankRows;
  }

  /// Rows of the whole accumulator.
  public int accRows() {
    return accBanks * accBankRows;
  }

  /// Tiles of DIM × DIM that the scratchpad holds.
  public int spadTiles() {
    return spadRows() / dim;
  }

  /// Tiles of DIM × DIM that the accumulator holds.
  public int accTiles() {
    return accRows() / dim;
  }

  /// Size of the scratchpad in bytes.
  public int spadBytes() {
    return spadRows() * dim;
  }

  /// Size of the accumulator in bytes.
  public int accBytes() {
    return accRows() * dim * Integer.BYTES;
  }

  /// int8 tiles that one mvin or mvout may span.
  public int maxBlockTiles() {
    return Math.max(1, blockBytes() / dim);
  }

  /// int32 tiles that one mvin may span.
  public int maxAccBlockTiles() {
    return Math.max(1, blockBytes() / (dim * Integer.BYTES));
  }

  /// Columns that the field of a mvin or mvout holds. Source: gemmini.md §9.
  public int maxColumns() {
    return Math.max(MOST_COLUMNS, dim);
  }

  /// Longer transfers of the DMA make a command no wider.
  private int blockBytes() {
    return Math.min(maxTransferBytes, MOST_COLUMNS);
  }

  /// Multiply-accumulates per cycle at full utilisation.
  public int peakMacsPerCycle() {
    return dim * dim;
  }

  /// This machine with another memory.
  public GemminiParams withMemory(int latencyCycles, int beatIntervalCycles) {
    return ParamsText.with(
        this,
        Map.of(
            "mem_latency_cycles",
            Integer.toString(latencyCycles),
            "mem_beat_interval_cycles",
            Integer.toString(beatIntervalCycles)));
  }

  /// This machine with private memories of other sizes, in as many banks.
  public GemminiParams withPrivateMemories(int newSpadBytes, int newAccBytes) {
    int spadRows = newSpadBytes / dim;
    int accRows = newAccBytes / (dim * Integer.BYTES);
    return ParamsText.with(
        this,
        Map.of(
            "spad_bank_rows",
            Integer.toString(spadRows / spadBanks),
            "acc_bank_rows",
            Integer.toString(accRows / accBanks)));
  }

  /// Everything the hardware generator, or this simulator, would reject, with the reason.
  public List<Objection> objections() {
    List<Objection> found = new ArrayList<>();
    positive(found, "dim", dim);
    positive(found, "spad_banks", spadBanks);
    positive(found, "spad_bank_rows", spadBankRows);
    positive(found, "acc_banks", accBanks);
    positive(found, "acc_bank_rows", accBankRows);
    positive(found, "stat_slots", statSlots);
    positive(found, "bus_bytes", busBytes);
    positive(found, "max_transfer_bytes", maxTransferBytes);
    positive(found, "mem_requests_in_flight", memRequestsInFlight);
    positive(found, "mem_beat_interval_cycles", memBeatIntervalCycles);
    if (!found.isEmpty()) {
      return found;
    }
    if (dim < 2 || Integer.bitCount(dim) != 1 || dim > 128) {
      found.add(new Objection(true, "dim", "must be a power of two from 2 to 128, is " + dim));
      return found;
    }
    bankRows(found, "spad_bank_rows", spadBankRows);
    bankRows(found, "acc_bank_rows", accBankRows);
    if (spadTiles() - 2 < accTiles()) {
      found.add(
          new Objection(
              false,
              "acc_bank_rows",
              ("the generator asserts scratchpad tiles - 2 >= accumulator tiles, here %d - 2 < %d; "
                      + "simulated all the same")
                  .formatted(spadTiles(), accTiles())));
    }
    return found;
  }

  private static void positive(List<Objection> found, String key, int value) {
    if (value <= 0) {
      found.add(new Objection(true, key, "must be positive, is " + value));
    }
  }

  private void bankRows(List<Objection> found, String key, int rows) {
    if (Integer.bitCount(rows) != 1) {
      found.add(
          new Objection(
              false, key, "the generator asserts a power of two, here %d".formatted(rows)));
    }
    if (rows % dim != 0) {
      found.add(
          new Objection(
              false, key, "the generator asserts a multiple of dim, here %d".formatted(rows)));
    }
  }
}
