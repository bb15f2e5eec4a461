package org.lapidary.gemmini.program;

/// A stretch of main memory in which a tensor stays from run to run and grows, entry by entry.
///
/// The program's addresses are those for `past` entries; with another number of entries, every
/// address in here moves by as many entries. So what is read always ends where the cache ends, and
/// what is computed is appended there. Addresses of Gemmini's commands are registers of the host:
/// this costs one addition.
///
/// @param input of the graph: the `past` entries that are read
/// @param result of the graph: those and the new ones
/// @param address of the first byte
/// @param bytes of the whole stretch
/// @param entryBytes from one entry to the next
/// @param margin entries of zeros in front of the first one
/// @param past entries the program reads, those of padding included
public record CacheSlot(
    String input, String result, long address, long bytes, long entryBytes, int margin, int past) {

  /// Whether an address is in here.
  boolean holds(long at) {
    return at >= address && at < address + bytes;
  }

  /// By how many bytes addresses move when there are `entries` entries.
  long shift(int entries) {
    return (entries - past) * entryBytes;
  }

  /// Entries there is room for.
  int capacity() {
    return Math.toIntExact(bytes / entryBytes) - margin;
  }
}
