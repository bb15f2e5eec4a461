package org.lapidary.ir.eval;

import java.util.ArrayList;
import java.util.List;
import org.lapidary.ir.DType;
import org.lapidary.ir.Tensor;
import org.lapidary.ir.TensorType;
import org.lapidary.ir.num.Elementary;
import org.lapidary.ir.op.Neural;
import org.lapidary.ir.op.Shapes;

/// Meaning of the operations that mix elements. Sums of reductions are taken in double; matrix
/// products accumulate in f32, as ONNX Runtime does.
final class NeuralOps {
  private NeuralOps() {}

  static Tensor apply(Neural op, List<Tensor> operands) {
    TensorType type = op.resultType();
    return switch (op) {
      case Neural.MatMul _ ->
          type.dtype() == DType.F32
              ? MatMuls.floats(operands.get(0), operands.get(1), type)
              : MatMuls.integers(operands.get(0), operands.get(1), type);
      case Neural.Softmax(_, var axis) -> softmax(operands.getFirst(), type, axis);
      case Neural.LayerNorm(_, _, _, var epsilon) -> layerNorm(operands, type, epsilon);
      case Neural.FakeQuantizeDynamic _ -> onOwnGrid(operands.getFirst(), type);
      case Neural.Reduce reduce -> reduce(operands.getFirst(), type, reduce);
    };
  }

  /// In f32, as ONNX Runtime computes it.
  private static Tensor onOwnGrid(Tensor x, TensorType type) {
    float low = 0;
    float high = 0;
    for (float v : x.f32()) {
      low = Math.min(low, v);
      high = Math.max(high, v);
    }
    float step = high == low ? 1 : (high - low) / 255;
    double zero = Math.rint(Math.clamp(-low / step, 0f, 255f));
    float[] out = new float[type.elements()];
    for (int i = 0; i < out.length; i++) {
      double q = Math.clamp(Math.rint(x.f32()[i] / step) + zero, 0, 255);
      out[i] = (float) (q - zero) * step;
    }
    return Tensor.of(type, out);
  }

  private static Tensor softmax(Tensor x, TensorType type, int givenAxis) {
    int axis = Shapes.axis(givenAxis, type.rank());
    int size = type.dim(axis);
    float[] out = new float[type.elements()];
    double[] e = new double[size];
    for (Lines lines = new Lines(type, axis); lines.next(); ) {
      float max = Float.NEGATIVE_INFINITY;
      for (int i = 0; i < size; i++) {
        max = Math.max(max, x.f32()[lines.at(i)]);
      }
      for (int i = 0; i < size; i++) {
        e[i] = (double) x.f32()[lines.at(i)] - max;
      }
      Elementary.exp(e);
      double sum = 0;
      for (double each : e) {
        sum += each;
      }
      for (int i = 0; i < size; i++) {
        out[lines.at(i)] = (float) (e[i] / sum);
      }
    }
    return Tensor.of(type, out);
  }

  private static Tensor layerNorm(List<Tensor> operands, TensorType type, double epsilon) {
    float[] x = operands.get(0).f32();
    float[] gamma = operands.get(1).f32();
    float[] beta = operands.get(2).f32();
    int n = type.dim(-1);
    float[] out = new float[x.length];
    for (int row = 0; row < x.length; row += n) {
      double sum = 0;
      for (int i = 0; i < n; i++) {
        sum += x[row + i];
      }
      double mean = sum / n;
      double squares = 0;
      for (int i = 0; i < n; i++) {
        squares += (x[row + i] - mean) * (x[row + i] - mean);
      }
      double inverse = 1 / Math.sqrt(squares / n + epsilon);
      for (int i = 0; i < n; i++) {
        out[row + i] = (float) ((x[row + i] - mean) * inverse * gamma[i] + beta[i]);
      }
    }
    return Tensor.of(type, out);
  }

  /// Moves the reduced axes to the end, so that every result is made of a contiguous run.
  private static Tensor reduce(Tensor x, TensorType type, Neural.Reduce op) {
    List<Integer> kept = new ArrayList<>();
    List<Integer> reduced = new ArrayList<>();
    List<Integer> axes = op.axes().stream().map(a -> Shapes.axis(a, x.type().rank())).toList();
    for (int axis = 0; axis < x.type().rank(); axis++) {
      (axes.contains(axis) ? reduced : kept).add(axis);
    }
    List<Integer> order = new ArrayList<>(kept);
    order.addAll(reduced);
    int[] from = Strided.strides(x.type().dims());
    int[] strides = order.stream().mapToInt(axis -> from[axis]).toArray();
    List<Integer> dims = order.stream().map(axis -> x.type().dim(axis)).toList();
    Tensor rows = Strided.view(x, x.type().withDims(dims), 0, strides);
    Tensor out = Strided.zeros(type);
    int run = Shapes.elements(dims.subList(kept.size(), dims.size()));
    for (int i = 0; i < out.elements(); i++) {
      if (type.dtype() == DType.F32) {
        out.f32()[i] = (float) reduceFloats(op.how(), rows.f32(), i * run, run);
      } else {
        ElementwiseOps.set(out, i, reduceIntegers(op.how(), rows, i * run, run));
      }
    }
    return out;
  }

  private static double reduceFloats(Neural.Reduction how, float[] x, int from, int count) {
    double y =
        switch (how) {
          case SUM, MEAN, SUM_SQUARE, L2 -> 0;
          case PROD -> 1;
          case MAX -> Double.NEGATIVE_INFINITY;
          case MIN -> Double.POSITIVE_INFINITY;
        };
    for (int i = from; i < from + count; i++) {
      double v = x[i];
      y =
          switch (how) {
            case SUM, MEAN -> y + v;
            case SUM_SQUARE, L2 -> y + v * v;
            case PROD -> y * v;
            case MAX -> Math.max(y, v);
            case MIN -> Math.min(y, v);
          };
    }
    return switch (how) {
      case MEAN -> y / count;
      case L2 -> Math.sqrt(y);
      case SUM, SUM_SQUARE, PROD, MAX, MIN -> y;
    };
  }

  private static long reduceIntegers(Neural.Reduction how, Tensor x, int from, int count) {
    long y =
        switch (how) {
          case SUM, MEAN, SUM_SQUARE, L2 -> 0;
          case PROD -> 1;
          case MAX -> Long.MIN_VALUE;
          case MIN -> Long.MAX_VALUE;
        };
    for (int i = from; i < from + count; i++) {
      long v = x.asLong(i);
      y =
          switch (how) {
            case SUM, MEAN -> y + v;
            case SUM_SQUARE, L2 -> y + v * v;
            case PROD -> y * v;
            case MAX -> Math.max(y, v);
            case MIN -> Math.min(y, v);
          };
    }
    return switch (how) {
      case MEAN -> y / count;
      case L2 -> (long) Math.sqrt((double) y);
      case SUM, SUM_SQUARE, PROD, MAX, MIN -> y;
    };
  }
}
