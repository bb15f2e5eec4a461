package org.lapidary.gemmini.emit;

import org.lapidary.gemmini.map.Buffer;
import org.lapidary.gemmini.map.View;

/// Where buffers are in main memory.
public interface Addresses {
  /// Address of the first byte of a buffer.
  long of(Buffer buffer);

  /// Address of element `[batch.., row, col]` of a view.
  default long of(View view, int[] batch, int row, int col) {
    long element = view.offset() + row * view.stride(-2) + col * view.stride(-1);
    for (int axis = 0; axis < batch.length; axis++) {
      element += batch[axis] * view.stride(axis);
    }
    return of(view.buffer()) + element * view.dtype().bytes();
  }

  /// Address of the first element of a view.
  default long first(View view) {
    return of(view.buffer()) + view.offset() * view.dtype().bytes();
  }

  /// Address after the last element of a view.
  default long end(View view) {
    return first(view) + (view.isEmpty() ? 0 : (view.span() + 1) * view.dtype().bytes());
  }
}
