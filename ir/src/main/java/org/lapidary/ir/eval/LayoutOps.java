package org.lapidary.ir.eval;

import java.util.List;
import org.lapidary.ir.Tensor;
import org.lapidary.ir.TensorType;
import org.lapidary.ir.op.Layout;
import org.lapidary.ir.op.Shapes;

/// Meaning of the operations that only move elements.
final class LayoutOps {
  private LayoutOps() {}

  static Tensor apply(Layout op, List<Tensor> operands) {
    TensorType type = op.resultType();
    return switch (op) {
      case Layout.Const(var data) -> data.load();
      case Layout.Reshape _ -> operands.getFirst().retyped(type);
      case Layout.Transpose(_, var permutation) ->
          transpose(operands.getFirst(), type, permutation);
      case Layout.Slice slice -> slice(operands.getFirst(), type, slice);
      case Layout.Concat(_, var axis) -> concat(operands, type, Shapes.axis(axis, type.rank()));
      case Layout.Broadcast(_, var dims) -> Strided.broadcast(operands.getFirst(), dims);
    };
  }

  private static Tensor transpose(Tensor x, TensorType type, List<Integer> permutation) {
    int[] from = Strided.strides(x.type().dims());
    int[] strides = new int[type.rank()];
    for (int axis = 0; axis < strides.length; axis++) {
      strides[axis] = from[Shapes.axis(permutation.get(axis), from.length)];
    }
    return Strided.view(x, type, 0, strides);
  }

  private static Tensor slice(Tensor x, TensorType type, Layout.Slice slice) {
    int axis = Shapes.axis(slice.axis(), type.rank());
    int[] strides = Strided.strides(x.type().dims());
    int offset = slice.start() * strides[axis];
    strides[axis] *= slice.step();
    return Strided.view(x, type, offset, strides);
  }

  private static Tensor concat(List<Tensor> parts, TensorType type, int axis) {
    Tensor out = Strided.zeros(type);
    int outer = Shapes.elements(type.dims().subList(0, axis));
    int row = Shapes.elements(type.dims().subList(axis, type.rank()));
    int at = 0;
    for (Tensor part : parts) {
      int partRow = Shapes.elements(part.type().dims().subList(axis, type.rank()));
      for (int i = 0; i < outer; i++) {
        Strided.copy(part, i * partRow, 1, out, i * row + at, partRow);
      }
      at += partRow;
    }
    return out;
  }
}
