package org.lapidary.gemmini.map;

import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.lapidary.ir.Graph;
import org.lapidary.ir.TensorType;
import org.lapidary.ir.Value;
import org.lapidary.ir.op.Layout;
import org.lapidary.ir.op.Op;
import org.lapidary.ir.op.Shapes;

/// Where the parts of caches are computed: in their cache, wherever addressing can express it.
final class CachePlaces {
  private static final int LINE_BYTES = 64;

  private final Uses uses;
  private final Map<Value, View> places = new LinkedHashMap<>();
  private final Map<Cache, View> wholes = new LinkedHashMap<>();

  CachePlaces(Graph<Op> graph, Uses uses, List<Cache> caches) {
    this.uses = uses;
    for (Cache cache : caches) {
      Value result =
          graph.results().stream()
              .filter(p -> p.name().equals(cache.result()))
              .map(Graph.Port::value)
              .findFirst()
              .orElseThrow(() -> new IllegalArgumentException("no result " + cache.result()));
      View whole = whole(cache, result.type());
      wholes.put(cache, whole);
      place(result, whole);
    }
  }

  /// The view of each cache that its result is.
  Map<Cache, View> wholes() {
    return wholes;
  }

  /// Where a value must be; null if anywhere.
  @Nullable View of(Value value) {
    return places.get(uses.origin(value));
  }

  /// The entries right after the margin, one after the other on whole lines.
  private static View whole(Cache cache, TensorType type) {
    int axis = Shapes.axis(cache.axis(), type.rank());
    List<Long> strides = new ArrayList<>(Collections.nCopies(type.rank(), 0L));
    long entry = 1;
    for (int i = type.rank() - 1; i >= 0; i--) {
      if (i != axis) {
        strides.set(i, entry);
        entry *= type.dim(i);
      }
    }
    long line = LINE_BYTES / type.dtype().bytes();
    long pitch = (entry + line - 1) / line * line;
    strides.set(axis, pitch);
    long bytes = (cache.margin() + cache.capacity()) * pitch * type.dtype().bytes();
    Buffer buffer = Buffer.resident(cache.result(), bytes);
    return new View(buffer, type.dtype(), cache.margin() * pitch, type.dims(), strides);
  }

  private void place(Value value, View view) {
    if (!view.unit(-1)) {
      return; // rows are written; what is computed elsewhere is copied
    }
    places.put(uses.origin(value), view);
    switch (uses.op(value)) {
      case Layout.Concat concat -> {
        int axis = Shapes.axis(concat.axis(), view.rank());
        int start = 0;
        for (Value part : concat.parts()) {
          int length = part.type().dim(axis);
          if (part.type().elements() > 0) {
            place(part, view.part(axis, start, length));
          }
          start += length;
        }
      }
      case Layout.Reshape r -> view.before(r).ifPresent(v -> place(r.x(), v));
      case Layout.Transpose t -> view.before(t).ifPresent(v -> place(t.x(), v));
      case null -> {} // an input
      default -> {} // computed right there
    }
  }
}
