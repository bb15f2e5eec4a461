package org.lapidary.ir.op;

import java.util.ArrayList;
import java.util.List;
import org.lapidary.ir.DType;
import org.lapidary.ir.TensorType;
import org.lapidary.ir.Value;

/// Operations that pick or place elements by computed indices, and those that make indices.
public sealed interface Indexing extends NnOp {

  /// Slices of `x` along `axis` at the positions `indices`; negative positions count from the end.
  /// Source: ONNX Gather-13.
  @Name("nn.gather")
  record Gather(Value x, Value indices, int axis) implements Indexing {
    @Override
    public TensorType resultType() {
      positions(indices);
      int a = Shapes.axis(axis, x.type().rank());
      List<Integer> dims = new ArrayList<>(x.type().dims().subList(0, a));
      dims.addAll(indices.type().dims());
      dims.addAll(x.type().dims().subList(a + 1, x.type().rank()));
      return x.type().withDims(dims);
    }
  }

  /// `out[i][j] = x[indices[i][j]][j]` along `axis`. Source: ONNX GatherElements-13.
  @Name("nn.gather_elements")
  record GatherElements(Value x, Value indices, int axis) implements Indexing {
    @Override
    public TensorType resultType() {
      positions(indices);
      int a = Shapes.axis(axis, x.type().rank());
      List<Integer> dims = indices.type().dims();
      boolean fits = dims.size() == x.type().rank();
      for (int i = 0; fits && i < dims.size(); i++) {
        fits = i == a || dims.get(i) <= x.type().dim(i);
      }
      Shapes.require(fits, "gather_elements of %s at %s", x.type(), indices.type());
      return x.type().withDims(dims);
    }
  }

  /// Slices of `x` at index tuples held in the last axis of `indices`. Source: ONNX GatherND-13,
  /// batch_dims 0.
  @Name("nn.gather_nd")
  record GatherNd(Value x, Value indices) implements Indexing {
    @Override
    public TensorType resultType() {
      return x.type().withDims(tupled(x, indices));
    }
  }

  /// A copy of `x` in which the slices at the index tuples of `indices` are replaced by `updates`.
  /// Source: ONNX ScatterND-16, reduction none.
  @Name("nn.scatter_nd")
  record ScatterNd(Value x, Value indices, Value updates) implements Indexing {
    @Override
    public TensorType resultType() {
      Shapes.require(
          updates.type().equals(x.type().withDims(tupled(x, indices))),
          "scatter_nd of %s into %s at %s",
          updates.type(),
          x.type(),
          indices.type());
      return x.type();
    }
  }

  /// Running sum along an axis. Source: ONNX CumSum-14.
  @Name("nn.cumsum")
  record CumSum(Value x, int axis, boolean exclusive, boolean reverse) implements Indexing {
    @Override
    public TensorType resultType() {
      Shapes.axis(axis, x.type().rank());
      Shapes.require(x.type().dtype() != DType.BOOL, "cumsum of %s", x.type());
      return x.type();
    }
  }

  /// The lower (`upper` false) or upper triangle of the last two axes, the rest zero: elements with
  /// `column - row <= k` (lower) or `>= k` (upper) are kept. Source: ONNX Trilu-14.
  @Name("nn.trilu")
  record Trilu(Value x, int k, boolean upper) implements Indexing {
    @Override
    public TensorType resultType() {
      Shapes.require(x.type().rank() >= 2, "trilu of %s", x.type());
      return x.type();
    }
  }

  /// Index of the largest (`max`) or smallest element along an axis, as i64. Source: ONNX
  /// ArgMax-13, ArgMin-13.
  @Name("nn.arg_extreme")
  record ArgExtreme(Value x, int axis, boolean keepDims, boolean max, boolean selectLast)
      implements Indexing {
    @Override
    public TensorType resultType() {
      return TensorType.of(DType.I64, Neural.reduced(x.type().dims(), List.of(axis), keepDims));
    }
  }

  /// Positions of the `k` largest (or smallest) elements along an axis, the best first, of equal
  /// ones the first first, as i64. Source: ONNX TopK-11, its second result, sorted.
  @Name("nn.top_k")
  record TopK(Value x, int k, int axis, boolean largest) implements Indexing {
    @Override
    public TensorType resultType() {
      int a = Shapes.axis(axis, x.type().rank());
      Shapes.require(
          k >= 0 && k <= x.type().dim(a) && x.type().dtype() != DType.BOOL,
          "top_k of %d along axis %d of %s",
          k,
          axis,
          x.type());
      List<Integer> dims = new ArrayList<>(x.type().dims());
      dims.set(a, k);
      return TensorType.of(DType.I64, dims);
    }
  }

  /// `on` at the positions `indices` along a new axis of size `depth`, `off` elsewhere. Source:
  /// ONNX OneHot-11.
  @Name("nn.one_hot")
  record OneHot(Value indices, int depth, int axis, double off, double on, DType to)
      implements Indexing {
    @Override
    public TensorType resultType() {
      positions(indices);
      List<Integer> dims = new ArrayList<>(indices.type().dims());
      dims.add(Shapes.axis(axis, dims.size() + 1), depth);
      return TensorType.of(to, dims);
    }
  }

  private static void positions(Value indices) {
    DType dtype = indices.type().dtype();
    Shapes.require(
        dtype == DType.I64 || dtype == DType.I32, "%s where indices are needed", indices.type());
  }

  /// Shape of the slices of `x` at index tuples in the last axis of `indices`.
  private static List<Integer> tupled(Value x, Value indices) {
    positions(indices);
    int tuple = indices.type().dim(-1);
    Shapes.require(tuple <= x.type().rank(), "index tuples %s into %s", indices.type(), x.type());
    List<Integer> dims =
        new ArrayList<>(indices.type().dims().subList(0, indices.type().rank() - 1));
    dims.addAll(x.type().dims().subList(tuple, x.type().rank()));
    return dims;
  }
}
