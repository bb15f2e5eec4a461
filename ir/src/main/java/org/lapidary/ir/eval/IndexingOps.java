package org.lapidary.ir.eval;

import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;
import org.lapidary.ir.DType;
import org.lapidary.ir.Tensor;
import org.lapidary.ir.TensorType;
import org.lapidary.ir.op.Indexing;
import org.lapidary.ir.op.Shapes;

/// Meaning of the operations that pick or place elements by computed indices.
final class IndexingOps {
  private IndexingOps() {}

  static Tensor apply(Indexing op, List<Tensor> operands) {
    TensorType type = op.resultType();
    Tensor x = operands.getFirst();
    return switch (op) {
      case Indexing.Gather(_, _, var axis) -> gather(x, operands.get(1), type, axis);
      case Indexing.GatherElements(_, _, var axis) ->
          gatherElements(x, operands.get(1), type, axis);
      case Indexing.GatherNd _ -> gatherNd(x, operands.get(1), type);
      case Indexing.ScatterNd _ -> scatterNd(x, operands.get(1), operands.get(2), type);
      case Indexing.CumSum sum -> cumSum(x, type, sum);
      case Indexing.Trilu(_, var k, var upper) -> trilu(x, type, k, upper);
      case Indexing.ArgExtreme arg -> argExtreme(x, type, arg);
      case Indexing.TopK top -> topK(x, type, top);
      case Indexing.OneHot oneHot -> oneHot(x, type, oneHot);
    };
  }

  private static Tensor gather(Tensor x, Tensor indices, TensorType type, int givenAxis) {
    int axis = Shapes.axis(givenAxis, x.type().rank());
    int outer = Shapes.elements(x.type().dims().subList(0, axis));
    int size = x.type().dim(axis);
    int inner = Shapes.elements(x.type().dims().subList(axis + 1, x.type().rank()));
    Tensor out = Strided.zeros(type);
    int at = 0;
    for (int o = 0; o < outer; o++) {
      for (int i = 0; i < indices.elements(); i++) {
        int from = (o * size + position(indices.asLong(i), size)) * inner;
        Strided.copy(x, from, 1, out, at, inner);
        at += inner;
      }
    }
    return out;
  }

  private static Tensor gatherElements(Tensor x, Tensor indices, TensorType type, int givenAxis) {
    int axis = Shapes.axis(givenAxis, x.type().rank());
    int[] from = Strided.strides(x.type().dims());
    int[] strides = Strided.strides(type.dims());
    Tensor out = Strided.zeros(type);
    for (int at = 0; at < out.elements(); at++) {
      int source = 0;
      for (int a = 0; a < type.rank(); a++) {
        int own = at / strides[a] % type.dim(a);
        int picked = a == axis ? position(indices.asLong(at), x.type().dim(a)) : own;
        source += picked * from[a];
      }
      Strided.copy(x, source, 1, out, at, 1);
    }
    return out;
  }

  private static Tensor gatherNd(Tensor x, Tensor indices, TensorType type) {
    int tuple = indices.type().dim(-1);
    int inner = Shapes.elements(x.type().dims().subList(tuple, x.type().rank()));
    Tensor out = Strided.zeros(type);
    for (int i = 0; i * inner < out.elements(); i++) {
      Strided.copy(x, offset(x.type(), indices, i, tuple), 1, out, i * inner, inner);
    }
    return out;
  }

  private static Tensor scatterNd(Tensor x, Tensor indices, Tensor updates, TensorType type) {
    int tuple = indices.type().dim(-1);
    int inner = Shapes.elements(x.type().dims().subList(tuple, x.type().rank()));
    Tensor out = Strided.zeros(type);
    Strided.copy(x, 0, 1, out, 0, x.elements());
    for (int i = 0; i * inner < updates.elements(); i++) {
      Strided.copy(updates, i * inner, 1, out, offset(x.type(), indices, i, tuple), inner);
    }
    return out;
  }

  /// Where the slice at the `row`-th index tuple begins.
  private static int offset(TensorType type, Tensor indices, int row, int tuple) {
    int[] strides = Strided.strides(type.dims());
    int offset = 0;
    for (int axis = 0; axis < tuple; axis++) {
      offset += position(indices.asLong(row * tuple + axis), type.dim(axis)) * strides[axis];
    }
    return offset;
  }

  private static int position(long index, int size) {
    long p = index < 0 ? index + size : index;
    if (p < 0 || p >= size) {
      throw new ArithmeticException("index " + index + " on an axis of size " + size);
    }
    return (int) p;
  }

  private static Tensor cumSum(Tensor x, TensorType type, Indexing.CumSum op) {
    int axis = Shapes.axis(op.axis(), type.rank());
    int size = type.dim(axis);
    Tensor out = Strided.zeros(type);
    for (Lines lines = new Lines(type, axis); lines.next(); ) {
      double floats = 0;
      long integers = 0;
      for (int i = 0; i < size; i++) {
        int at = lines.at(op.reverse() ? size - 1 - i : i);
        double floatsBefore = floats;
        long integersBefore = integers;
        if (type.dtype() == DType.F32) {
          floats += x.f32()[at];
          out.f32()[at] = (float) (op.exclusive() ? floatsBefore : floats);
        } else {
          integers += x.asLong(at);
          ElementwiseOps.set(out, at, op.exclusive() ? integersBefore : integers);
        }
      }
    }
    return out;
  }

  private static Tensor trilu(Tensor x, TensorType type, int k, boolean upper) {
    int rows = type.dim(-2);
    int cols = type.dim(-1);
    Tensor out = Strided.zeros(type);
    for (int at = 0; at < out.elements(); at++) {
      int diagonal = at % cols - at / cols % rows;
      if (upper ? diagonal >= k : diagonal <= k) {
        Strided.copy(x, at, 1, out, at, 1);
      }
    }
    return out;
  }

  private static Tensor argExtreme(Tensor x, TensorType type, Indexing.ArgExtreme op) {
    int axis = Shapes.axis(op.axis(), x.type().rank());
    long[] out = new long[type.elements()];
    int n = 0;
    for (Lines lines = new Lines(x.type(), axis); lines.next(); ) {
      int best = 0;
      for (int i = 1; i < x.type().dim(axis); i++) {
        int order = compare(x, lines.at(i), lines.at(best)) * (op.max() ? 1 : -1);
        if (order > 0 || (order == 0 && op.selectLast())) {
          best = i;
        }
      }
      out[n++] = best;
    }
    return Tensor.of(type, out);
  }

  private static Tensor topK(Tensor x, TensorType type, Indexing.TopK op) {
    int axis = Shapes.axis(op.axis(), type.rank());
    int size = x.type().dim(axis);
    Tensor out = Strided.zeros(type);
    Lines from = new Lines(x.type(), axis);
    for (Lines to = new Lines(type, axis); to.next() && from.next(); ) {
      Comparator<Integer> ascending = (i, j) -> compare(x, from.at(i), from.at(j));
      long[] best =
          IntStream.range(0, size)
              .boxed()
              .sorted(op.largest() ? ascending.reversed() : ascending) // stable
              .limit(op.k())
              .mapToLong(Integer::longValue)
              .toArray();
      for (int i = 0; i < best.length; i++) {
        out.i64()[to.at(i)] = best[i];
      }
    }
    return out;
  }

  private static int compare(Tensor x, int a, int b) {
    return x.type().dtype() == DType.F32
        ? Float.compare(x.f32()[a], x.f32()[b])
        : Long.compare(x.asLong(a), x.asLong(b));
  }

  private static Tensor oneHot(Tensor indices, TensorType type, Indexing.OneHot op) {
    int axis = Shapes.axis(op.axis(), type.rank());
    int depth = op.depth();
    Tensor out = Strided.zeros(type);
    int n = 0;
    for (Lines lines = new Lines(type, axis); lines.next(); ) {
      long index = indices.asLong(n++);
      long hot = index < 0 ? index + depth : index;
      for (int i = 0; i < depth; i++) {
        double v = i == hot ? op.on() : op.off();
        if (type.dtype() == DType.F32) {
          out.f32()[lines.at(i)] = (float) v;
        } else {
          ElementwiseOps.set(out, lines.at(i), (long) v);
        }
      }
    }
    return out;
  }
}
