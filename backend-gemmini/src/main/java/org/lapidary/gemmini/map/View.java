package org.lapidary.gemmini.map;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import org.lapidary.ir.DType;
import org.lapidary.ir.TensorType;
import org.lapidary.ir.op.Layout;
import org.lapidary.ir.op.Shapes;

/// A tensor as strided addressing of a buffer: element `(i0, i1, …)` is element `offset + i0 *
/// strides[0] + …` of the buffer. Reshapes, transposes, slices and broadcasts of a view are views
/// again wherever arithmetic allows, and then cost nothing.
///
/// @param dtype element type; offset and strides count elements of it
/// @param strides one per axis; axes of size 1 have stride 0
public record View(
    Buffer buffer, DType dtype, long offset, List<Integer> dims, List<Long> strides) {

  public View {
    dims = List.copyOf(dims);
    List<Long> normal = new ArrayList<>(strides);
    for (int axis = 0; axis < normal.size(); axis++) {
      if (dims.get(axis) == 1) {
        normal.set(axis, 0L);
      }
    }
    strides = List.copyOf(normal);
  }

  /// A whole buffer in row-major order, rows (the last axis) `pitch` elements apart.
  public static View rowMajor(Buffer buffer, TensorType type, long pitch) {
    int rank = type.rank();
    List<Long> strides = new ArrayList<>(Collections.nCopies(rank, 1L));
    long step = pitch;
    for (int axis = rank - 2; axis >= 0; axis--) {
      strides.set(axis, step);
      step *= type.dim(axis);
    }
    return new View(buffer, type.dtype(), 0, type.dims(), strides);
  }

  public int rank() {
    return dims.size();
  }

  /// Distance between neighbours along an axis; negative axes count from the end.
  public long stride(int axis) {
    return strides.get(axis < 0 ? axis + rank() : axis);
  }

  public int dim(int axis) {
    return dims.get(axis < 0 ? axis + rank() : axis);
  }

  /// Whether neighbours along an axis are neighbours in memory.
  public boolean unit(int axis) {
    return dim(axis) == 1 || stride(axis) == 1;
  }

  public boolean isEmpty() {
    return dims.contains(0);
  }

  /// The result of a layout operation on this tensor as a view, if addressing can express it.
  public Optional<View> apply(Layout op) {
    return switch (op) {
      case Layout.Reshape r -> reshape(r.dims());
      case Layout.Transpose t -> Optional.of(transpose(t.permutation()));
      case Layout.Slice s -> s.step() > 0 ? Optional.of(slice(s)) : Optional.empty();
      case Layout.Broadcast b -> Optional.of(broadcast(b.dims()));
      case Layout.Const _, Layout.Concat _ -> Optional.empty();
    };
  }

  /// The operand of a layout operation as a view, this being its result.
  public Optional<View> before(Layout op) {
    return switch (op) {
      case Layout.Reshape r -> reshape(r.x().type().dims());
      case Layout.Transpose t -> {
        List<Integer> inverse = new ArrayList<>(Collections.nCopies(rank(), 0));
        for (int axis = 0; axis < rank(); axis++) {
          inverse.set(Shapes.axis(t.permutation().get(axis), rank()), axis);
        }
        yield Optional.of(transpose(inverse));
      }
      case Layout.Const _, Layout.Concat _, Layout.Slice _, Layout.Broadcast _ -> Optional.empty();
    };
  }

  public View transpose(List<Integer> permutation) {
    List<Integer> newDims = new ArrayList<>();
    List<Long> newStrides = new ArrayList<>();
    for (int axis : permutation) {
      int from = Shapes.axis(axis, rank());
      newDims.add(dims.get(from));
      newStrides.add(strides.get(from));
    }
    return new View(buffer, dtype, offset, newDims, newStrides);
  }

  private View slice(Layout.Slice s) {
    int axis = Shapes.axis(s.axis(), rank());
    List<Long> newStrides = new ArrayList<>(strides);
    newStrides.set(axis, strides.get(axis) * s.step());
    View part = part(axis, s.start(), s.length());
    return new View(buffer, dtype, part.offset, part.dims, newStrides);
  }

  /// `length` neighbours along an axis.
  public View part(int axis, int start, int length) {
    List<Integer> newDims = new ArrayList<>(dims);
    newDims.set(axis, length);
    return new View(buffer, dtype, offset + start * strides.get(axis), newDims, strides);
  }

  /// Axes of size 1 and missing leading axes repeated.
  public View broadcast(List<Integer> to) {
    int missing = to.size() - rank();
    List<Long> newStrides = new ArrayList<>(Collections.nCopies(to.size(), 0L));
    for (int axis = 0; axis < rank(); axis++) {
      newStrides.set(missing + axis, strides.get(axis));
    }
    return new View(buffer, dtype, offset, to, newStrides);
  }

  /// The same elements in row-major order under another shape, if the axes that merge are
  /// neighbours in memory.
  public Optional<View> reshape(List<Integer> to) {
    if (isEmpty()) {
      return Optional.of(new View(buffer, dtype, offset, to, Collections.nCopies(to.size(), 0L)));
    }
    List<Integer> oldDims = new ArrayList<>();
    List<Long> oldStrides = new ArrayList<>();
    for (int axis = 0; axis < rank(); axis++) {
      if (dims.get(axis) != 1) {
        oldDims.add(dims.get(axis));
        oldStrides.add(strides.get(axis));
      }
    }
    List<Long> newStrides = new ArrayList<>(Collections.nCopies(to.size(), 0L));
    int from = 0;
    int at = 0;
    while (at < to.size() && from < oldDims.size()) {
      int fromEnd = from + 1;
      int atEnd = at + 1;
      long oldSize = oldDims.get(from);
      long newSize = to.get(at);
      while (oldSize != newSize) {
        if (newSize < oldSize) {
          newSize *= to.get(atEnd++);
        } else {
          int next = fromEnd++;
          if (oldStrides.get(next - 1) != oldDims.get(next) * oldStrides.get(next)) {
            return Optional.empty();
          }
          oldSize *= oldDims.get(next);
        }
      }
      long step = oldStrides.get(fromEnd - 1);
      for (int axis = atEnd - 1; axis >= at; axis--) {
        newStrides.set(axis, step);
        step *= to.get(axis);
      }
      from = fromEnd;
      at = atEnd;
    }
    return Optional.of(new View(buffer, dtype, offset, to, newStrides));
  }

  /// Distance in elements from the first to the last element.
  public long span() {
    long span = 0;
    for (int axis = 0; axis < rank(); axis++) {
      span += (dims.get(axis) - 1) * strides.get(axis);
    }
    return span;
  }

  /// The same bytes, seen as int8.
  public View asBytes() {
    int size = dtype.bytes();
    if (size == 1) {
      return this;
    }
    List<Integer> newDims = new ArrayList<>(dims);
    List<Long> newStrides = new ArrayList<>(strides.stream().map(s -> s * size).toList());
    newDims.set(rank() - 1, dim(-1) * size);
    newStrides.set(rank() - 1, 1L);
    return new View(buffer, DType.I8, offset * size, newDims, newStrides);
  }
}
