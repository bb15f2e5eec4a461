package org.lapidary.sim;

import java.util.BitSet;
import java.util.HashMap;
import java.util.Map;

/// A set of byte addresses, kept page by page, so that clearing it costs what was added.
final class AddressSet {
  private static final int PAGE_BYTES = 1 << 16;

  private final Map<Long, BitSet> pages = new HashMap<>();

  void clear() {
    pages.clear();
  }

  void add(long address, int bytes) {
    for (long at = address; at < address + bytes; at = pageEnd(at)) {
      int first = (int) (at % PAGE_BYTES);
      int last = (int) (Math.min(address + bytes, pageEnd(at)) - at) + first;
      pages.computeIfAbsent(at / PAGE_BYTES, _ -> new BitSet(PAGE_BYTES)).set(first, last);
    }
  }

  /// Whether any of the bytes is in the set.
  boolean meets(long address, int bytes) {
    for (long at = address; at < address + bytes; at = pageEnd(at)) {
      BitSet page = pages.get(at / PAGE_BYTES);
      int first = (int) (at % PAGE_BYTES);
      int last = (int) (Math.min(address + bytes, pageEnd(at)) - at) + first;
      if (page != null) {
        int found = page.nextSetBit(first);
        if (found >= 0 && found < last) {
          return true;
        }
      }
    }
    return false;
  }

  private static long pageEnd(long address) {
    return (address / PAGE_BYTES + 1) * PAGE_BYTES;
  }
}
