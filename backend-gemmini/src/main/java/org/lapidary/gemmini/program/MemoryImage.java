package org.lapidary.gemmini.program;

import java.util.List;
import java.util.function.Supplier;
import org.lapidary.sim.MainMemory;

/// What main memory holds before the program starts: constants by reference, read when they are
/// needed.
///
/// @param base address of main memory
/// @param bytes size of main memory, activations included
/// @param segments in ascending order of address; what is between them is zero
public record MemoryImage(long base, long bytes, List<Segment> segments) {
  public MemoryImage {
    segments = List.copyOf(segments);
  }

  /// Neighbouring bytes.
  public record Segment(long address, long bytes, Supplier<byte[]> content) {}

  /// Puts the content into memory.
  public void load(MainMemory memory) {
    segments.forEach(segment -> memory.store(segment.address(), segment.content().get()));
  }

  /// Size of the part that is not all zero.
  public long contentBytes() {
    return segments.isEmpty()
        ? 0
        : segments.getLast().address() + segments.getLast().bytes() - base;
  }
}
