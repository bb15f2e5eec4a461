package org.lapidary.gemmini.emit;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.lapidary.gemmini.map.Buffer;

/// Addresses in main memory: constants first, then activations, which take over the memory of those
/// that nobody reads any more.
public final class MemoryPlan implements Addresses {
  private static final long ALIGNMENT = 64;

  private final long base;
  private final Map<Buffer, Long> address = new HashMap<>();
  private long constantEnd;
  private long end;

  /// When a buffer is in use.
  ///
  /// @param from first step at which it is written
  /// @param to last step at which it is read
  public record Lifetime(Buffer buffer, int from, int to) {}

  private record Placed(Lifetime lifetime, long address) {
    long end() {
      return address + lifetime.buffer.bytes();
    }
  }

  /// Plans memory from an address on.
  public MemoryPlan(long base, List<Buffer> constants, List<Lifetime> activations) {
    this.base = base;
    long next = base;
    for (Buffer constant : constants) {
      address.put(constant, next);
      next = aligned(next + constant.bytes());
    }
    this.constantEnd = next;
    this.end = next;
    List<Placed> placed = new ArrayList<>();
    List<Lifetime> order = new ArrayList<>(activations);
    order.sort(
        Comparator.comparingLong((Lifetime l) -> -l.buffer.bytes()).thenComparingInt(l -> l.from));
    for (Lifetime lifetime : order) {
      long at = firstFit(lifetime, placed);
      placed.add(new Placed(lifetime, at));
      placed.sort(Comparator.comparingLong(Placed::address));
      address.put(lifetime.buffer, at);
      end = Math.max(end, aligned(at + lifetime.buffer.bytes()));
    }
  }

  @Override
  public long of(Buffer buffer) {
    Long at = address.get(buffer);
    if (at == null) {
      throw new IllegalStateException("no address for " + buffer);
    }
    return at;
  }

  public long base() {
    return base;
  }

  /// Address after the constants.
  public long constantEnd() {
    return constantEnd;
  }

  /// Address after everything.
  public long end() {
    return end;
  }

  private long firstFit(Lifetime wanted, List<Placed> placed) {
    long at = constantEnd;
    for (Placed other : placed) {
      boolean together = other.lifetime.from <= wanted.to && wanted.from <= other.lifetime.to;
      if (together && other.end() > at) {
        if (other.address >= at + wanted.buffer.bytes()) {
          return at;
        }
        at = aligned(other.end());
      }
    }
    return at;
  }

  private static long aligned(long address) {
    return (address + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
  }
}
