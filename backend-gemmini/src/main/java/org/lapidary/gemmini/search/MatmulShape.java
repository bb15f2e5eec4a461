package org.lapidary.gemmini.search;

import java.util.ArrayList;
import java.util.List;
import org.lapidary.gemmini.map.Buffer;
import org.lapidary.gemmini.map.Contribution;
import org.lapidary.gemmini.map.Epilogue;
import org.lapidary.gemmini.map.Kernel;
import org.lapidary.gemmini.map.View;
import org.lapidary.ir.DType;
import org.lapidary.ir.GraphBuilder;
import org.lapidary.ir.TensorType;
import org.lapidary.ir.Value;
import org.lapidary.ir.op.MoveOut;
import org.lapidary.ir.op.Op;

/// A matrix product as Transformers have them, moved out as int8.
///
/// @param heads products of the same shape; more than one take their operands, where they are as
///   narrow as a head, from rows in which all heads lie side by side
/// @param transposedB whether the right operand lies in memory as `[cols, depth]`
public record MatmulShape(
    int heads,
    int rows,
    int cols,
    int depth,
    boolean transposedB,
    Bias bias,
    Activation activation) {

  /// What the sum starts from.
  public enum Bias {
    NONE,
    ROW,
    MATRIX
  }

  /// What becomes of it on the way out, besides a scale.
  public enum Activation {
    NONE,
    RELU,
    GELU
  }

  /// Multiply-accumulates.
  public long macs() {
    return (long) heads * rows * cols * depth;
  }

  /// The kernel of this shape, with memory of its own.
  public Kernel.Accumulation kernel() {
    View a = operand("a", rows, depth, depth < cols || depth <= 64);
    View b =
        transposedB
            ? transposed(operand("b", cols, depth, true))
            : operand("b", depth, cols, cols <= 128);
    List<Contribution> sum = new ArrayList<>();
    switch (bias) {
      case NONE -> {}
      case ROW -> sum.add(new Contribution.Matrix(bias(List.of(0L, 0L, 1L), cols)));
      case MATRIX ->
          sum.add(
              new Contribution.Matrix(
                  bias(List.of((long) rows * cols, (long) cols, 1L), (long) heads * rows * cols)));
    }
    sum.add(new Contribution.Product(a, b));
    View out = operand("c", rows, cols, cols <= 128 && depth >= cols);
    return new Kernel.Accumulation(
        List.of(), List.of(heads), rows, cols, sum, List.of(new Epilogue.Scaled(moveOut(), out)));
  }

  /// `[heads, rows, cols]`, row after row, or with the heads side by side in a row.
  private View operand(String name, int high, int wide, boolean sideBySide) {
    Buffer buffer = Buffer.activation(name, (long) heads * high * wide);
    return sideBySide
        ? View.rowMajor(buffer, TensorType.of(DType.I8, high, heads, wide), wide)
            .transpose(List.of(1, 0, 2))
        : View.rowMajor(buffer, TensorType.of(DType.I8, heads, high, wide), wide);
  }

  private static View transposed(View view) {
    return view.transpose(List.of(0, 2, 1));
  }

  private View bias(List<Long> strides, long elements) {
    Buffer buffer = Buffer.activation("bias", Integer.BYTES * elements);
    return new View(buffer, DType.I32, 0, List.of(heads, rows, cols), strides);
  }

  private MoveOut moveOut() {
    GraphBuilder<Op> builder = new GraphBuilder<>("shape");
    Value sum = builder.input("sum", TensorType.of(DType.I32, rows, cols));
    return switch (activation) {
      case NONE -> new MoveOut.Requantize(sum, 0.01f, false, 1);
      case RELU -> new MoveOut.Requantize(sum, 0.01f, true, 1);
      case GELU -> new MoveOut.GeluI32(sum, -50, -1000, -3e-7f, 1);
    };
  }
}
