package org.lapidary.gemmini.emit;

import java.util.ArrayList;
import java.util.List;
import org.lapidary.gemmini.map.Kernel;
import org.lapidary.gemmini.map.View;

/// What has been read and written in main memory since the last fence: the accelerator does not
/// track it. Source: gemmini.md §1.
final class Hazards {
  /// Bytes of main memory.
  record Range(long from, long to) {
    boolean overlaps(Range other) {
      return from < other.to && other.from < to;
    }
  }

  private final Addresses addresses;
  private final List<Range> read = new ArrayList<>();
  private final List<Range> written = new ArrayList<>();

  Hazards(Addresses addresses) {
    this.addresses = addresses;
  }

  /// Whether a kernel may only start after a fence.
  boolean needFence(Kernel kernel) {
    return anyOverlap(kernel.reads(), written)
        || anyOverlap(kernel.writes(), written)
        || anyOverlap(kernel.writes(), read);
  }

  void add(Kernel kernel) {
    kernel.reads().stream()
        .filter(v -> !v.buffer().isConstant())
        .map(this::range)
        .forEach(read::add);
    kernel.writes().stream().map(this::range).forEach(written::add);
  }

  /// What was written since the last fence.
  List<Range> written() {
    return List.copyOf(written);
  }

  void clear() {
    read.clear();
    written.clear();
  }

  private boolean anyOverlap(List<View> views, List<Range> ranges) {
    return views.stream().map(this::range).anyMatch(r -> ranges.stream().anyMatch(r::overlaps));
  }

  private Range range(View view) {
    return new Range(addresses.first(view), addresses.end(view));
  }
}
