package org.lapidary.machine.isa;

/// A byte address in main memory; 0 means "no memory: read zeros, write nothing".
///
/// @param bytes the address, in bytes
public record DramAddr(long bytes) {
  /// The address that commands take for "read zeros" or "skip".
  public static final DramAddr NONE = new DramAddr(0);

  /// Whether this is the null address.
  public boolean isNone() {
    return bytes == 0;
  }

  /// The address `offsetBytes` further on.
  public DramAddr plus(long offsetBytes) {
    return new DramAddr(bytes + offsetBytes);
  }
}
