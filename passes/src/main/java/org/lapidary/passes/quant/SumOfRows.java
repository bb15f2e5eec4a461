package org.lapidary.passes.quant;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.lapidary.ir.DType;
import org.lapidary.ir.Data;
import org.lapidary.ir.Tensor;
import org.lapidary.ir.TensorType;
import org.lapidary.ir.Value;
import org.lapidary.ir.op.Accumulate;
import org.lapidary.ir.op.Layout;
import org.lapidary.ir.op.Neural;
import org.lapidary.ir.op.Shapes;

/// Sums of bytes over rows, `x[..,R,N] -> [..,1,N]`, as a product with a row of ones: exact.
final class SumOfRows {
  private SumOfRows() {}

  /// Whether a reduction is one, over the axis before the last and any right before that.
  static boolean fits(Neural.Reduce reduce) {
    int rank = reduce.x().type().rank();
    List<Integer> axes =
        reduce.axes().stream().map(axis -> Shapes.axis(axis, rank)).sorted().toList();
    return reduce.how() == Neural.Reduction.SUM
        && reduce.keepDims()
        && !axes.isEmpty()
        && axes.equals(IntStream.range(rank - 1 - axes.size(), rank - 1).boxed().toList());
  }

  /// The sums over so many axes before the last.
  static Value of(Value bytes, int axes, Emitter emitter) {
    List<Integer> dims = new ArrayList<>(bytes.type().dims());
    int rows = dims.size() - 2;
    for (int axis = rows - axes + 1; axis < rows; axis++) {
      dims.set(rows, dims.get(rows) * dims.get(axis));
      dims.set(axis, 1);
    }
    byte[] ones = new byte[dims.get(rows)];
    Arrays.fill(ones, (byte) 1);
    TensorType row = new TensorType(DType.I8, List.of(1, ones.length), 1);
    Value left = emitter.constant(Data.of(emitter.loc().node() + ".ones", Tensor.of(row, ones)));
    Value right = axes == 1 ? bytes : emitter.emit(new Layout.Reshape(bytes, dims));
    return emitter.emit(new Accumulate.MatMulI8(left, right));
  }
}
