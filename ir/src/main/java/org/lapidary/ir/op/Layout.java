package org.lapidary.ir.op;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.lapidary.ir.Data;
import org.lapidary.ir.TensorType;
import org.lapidary.ir.Value;

/// Operations that only move elements, whatever their type: they belong to both levels, and on the
/// accelerator they cost nothing where addressing can do them.
public sealed interface Layout extends NnOp, QOp {

  /// A constant, by reference.
  @Name("nn.const")
  record Const(Data data) implements Layout {
    @Override
    public TensorType resultType() {
      return data.type();
    }
  }

  /// The same elements in row-major order under another shape. Source: ONNX Reshape-14, Squeeze,
  /// Unsqueeze, Flatten, Identity.
  @Name("nn.reshape")
  record Reshape(Value x, List<Integer> dims) implements Layout {
    public Reshape {
      dims = List.copyOf(dims);
    }

    @Override
    public TensorType resultType() {
      Shapes.require(
          Shapes.elements(dims) == x.type().elements(), "reshape of %s to %s", x.type(), dims);
      return x.type().withDims(dims);
    }
  }

  /// Axis `i` of the result is axis `permutation[i]` of the operand. Source: ONNX Transpose-13.
  @Name("nn.transpose")
  record Transpose(Value x, List<Integer> permutation) implements Layout {
    public Transpose {
      permutation = List.copyOf(permutation);
    }

    @Override
    public TensorType resultType() {
      List<Integer> dims = new ArrayList<>();
      Set<Integer> axes = new HashSet<>();
      for (int axis : permutation) {
        dims.add(x.type().dim(axis));
        axes.add(Shapes.axis(axis, x.type().rank()));
      }
      Shapes.require(
          axes.size() == x.type().rank() && permutation.size() == x.type().rank(),
          "permutation %s of %s",
          permutation,
          x.type());
      return x.type().withDims(dims);
    }
  }

  /// Along one axis the elements `start, start + step, …`, `length` of them. Source: ONNX Slice-13
  /// and Split-18, one axis at a time.
  @Name("nn.slice")
  record Slice(Value x, int axis, int start, int length, int step) implements Layout {
    @Override
    public TensorType resultType() {
      int a = Shapes.axis(axis, x.type().rank());
      long last = start + (length - 1L) * step;
      int size = x.type().dim(a);
      Shapes.require(
          step != 0
              && (length == 0
                  || (length > 0 && start >= 0 && start < size && last >= 0 && last < size)),
          "slice %d:%d:%d of axis %d of %s",
          start,
          length,
          step,
          axis,
          x.type());
      List<Integer> dims = new ArrayList<>(x.type().dims());
      dims.set(a, length);
      return x.type().withDims(dims);
    }
  }

  /// The operands one after the other along an axis. Source: ONNX Concat-13.
  @Name("nn.concat")
  record Concat(List<Value> parts, int axis) implements Layout {
    public Concat {
      parts = List.copyOf(parts);
    }

    @Override
    public TensorType resultType() {
      Shapes.require(!parts.isEmpty(), "concat of nothing");
      TensorType first = parts.getFirst().type();
      int a = Shapes.axis(axis, first.rank());
      int size = 0;
      for (Value part : parts) {
        List<Integer> rest = new ArrayList<>(part.type().dims());
        Shapes.require(
            part.type().dtype() == first.dtype()
                && part.type().scale() == first.scale()
                && rest.size() == first.rank(),
            "concat of %s and %s",
            first,
            part.type());
        size += rest.set(a, first.dim(a));
        Shapes.require(rest.equals(first.dims()), "concat of %s and %s", first, part.type());
      }
      List<Integer> dims = new ArrayList<>(first.dims());
      dims.set(a, size);
      return first.withDims(dims);
    }
  }

  /// Repeats axes of size 1 (and missing leading axes) up to `dims`. Source: ONNX Expand-13.
  @Name("nn.broadcast")
  record Broadcast(Value x, List<Integer> dims) implements Layout {
    public Broadcast {
      dims = List.copyOf(dims);
    }

    @Override
    public TensorType resultType() {
      Shapes.require(
          Shapes.broadcast(x.type().dims(), dims).equals(dims),
          "broadcast of %s to %s",
          x.type(),
          dims);
      return x.type().withDims(dims);
    }
  }
}
