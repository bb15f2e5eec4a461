package org.lapidary.ir.eval;

import org.lapidary.ir.TensorType;

/// Walks over the lines of a tensor along one axis, in row-major order of the other axes.
final class Lines {
  private final int size;
  private final int step;
  private final int count;
  private int line = -1;

  Lines(TensorType type, int axis) {
    this.size = type.dim(axis);
    this.step = Strided.strides(type.dims())[axis];
    this.count = size == 0 ? 0 : type.elements() / size;
  }

  /// Goes to the next line.
  ///
  /// @return whether there is one
  boolean next() {
    return ++line < count;
  }

  /// Position in the tensor of the `i`-th element of this line.
  int at(int i) {
    return line / step * step * size + line % step + i * step;
  }
}
