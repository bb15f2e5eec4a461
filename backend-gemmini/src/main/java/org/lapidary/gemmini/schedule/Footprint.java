package org.lapidary.gemmini.schedule;

import org.lapidary.gemmini.map.View;

/// Which elements of its buffer a view touches, as a rectangle of rows and columns: exact enough to
/// tell parts of a matrix apart, and never too small.
record Footprint(long pitch, long firstRow, long lastRow, long firstCol, long lastCol) {
  /// Whether two views can have an element in common.
  static boolean overlap(View a, View b) {
    if (a.buffer() != b.buffer() || a.isEmpty() || b.isEmpty()) {
      return false;
    }
    if (a.dtype() != b.dtype()) {
      return true;
    }
    boolean apart = a.offset() + a.span() < b.offset() || b.offset() + b.span() < a.offset();
    if (apart) {
      return false;
    }
    for (long pitch : pitches(a)) {
      Footprint f = of(a, pitch);
      Footprint g = of(b, pitch);
      if (f.isRectangle() && g.isRectangle() && !f.meets(g)) {
        return false;
      }
    }
    return true;
  }

  private static long[] pitches(View view) {
    return view.strides().stream().mapToLong(s -> s).filter(s -> s > 1).distinct().toArray();
  }

  /// Axes with a stride of the pitch or more go along rows, the others along columns.
  private static Footprint of(View view, long pitch) {
    long rows = 0;
    long cols = 0;
    boolean whole = true;
    for (int axis = 0; axis < view.rank(); axis++) {
      long stride = view.stride(axis);
      long extent = (view.dim(axis) - 1) * stride;
      if (stride >= pitch) {
        whole &= stride % pitch == 0;
        rows += extent / pitch;
      } else {
        cols += extent;
      }
    }
    long col = view.offset() % pitch;
    boolean fits = whole && col + cols < pitch;
    long row = view.offset() / pitch;
    return new Footprint(fits ? pitch : 0, row, row + rows, col, col + cols);
  }

  private boolean isRectangle() {
    return pitch > 0;
  }

  private boolean meets(Footprint other) {
    return firstRow <= other.lastRow
        && other.firstRow <= lastRow
        && firstCol <= other.lastCol
        && other.firstCol <= lastCol;
  }
}
