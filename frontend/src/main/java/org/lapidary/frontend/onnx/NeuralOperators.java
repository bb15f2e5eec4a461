package org.lapidary.frontend.onnx;

import static org.lapidary.frontend.onnx.OnnxOp.many;
import static org.lapidary.frontend.onnx.OnnxOp.onnx;

import java.util.Collections;
import java.util.List;
import java.util.Optional;
import org.lapidary.ir.Value;
import org.lapidary.ir.op.Elementwise;
import org.lapidary.ir.op.Neural;
import org.lapidary.ir.op.Neural.Reduction;
import org.lapidary.ir.op.Shapes;

/// Operators that mix elements: products, reductions, normalisations.
final class NeuralOperators {
  private NeuralOperators() {}

  static final List<OnnxOp> ALL =
      List.of(
          onnx("MatMul", 1, "nn.matmul", c -> matmul(c, c.in(0), c.in(1))),
          onnx("Gemm", 7, "nn.matmul, nn.transpose, nn.add, nn.mul", NeuralOperators::gemm),
          onnx("Einsum", 12, "nn.transpose, nn.matmul, nn.reduce", Einsum::lower),
          onnx("Softmax", 1, "nn.softmax", c -> coerced(c, NeuralOperators::softmax)),
          onnx("LogSoftmax", 1, "nn.sub, nn.exp, …", c -> coerced(c, NeuralOperators::logSoftmax)),
          many("LayerNormalization", 1, "nn.layernorm", NeuralOperators::layerNormalization),
          reduce("ReduceSum", Reduction.SUM),
          reduce("ReduceMean", Reduction.MEAN),
          reduce("ReduceMax", Reduction.MAX),
          reduce("ReduceMin", Reduction.MIN),
          reduce("ReduceProd", Reduction.PROD),
          reduce("ReduceSumSquare", Reduction.SUM_SQUARE),
          reduce("ReduceL2", Reduction.L2),
          onnx("ReduceL1", 1, "nn.abs, nn.reduce", NeuralOperators::reduceL1),
          onnx("ReduceLogSumExp", 1, "nn.exp, nn.reduce, nn.log", NeuralOperators::reduceLogSumExp),
          onnx("LpNormalization", 1, "nn.reduce, nn.div", NeuralOperators::lpNormalization),
          onnx("ReduceLogSum", 1, "nn.reduce, nn.log", NeuralOperators::reduceLogSum),
          onnx("BatchNormalization", 7, "nn.sub, nn.mul, nn.add", NeuralOperators::batchNorm),
          onnx("GlobalMaxPool", 1, "nn.reduce", c -> globalPool(c, Reduction.MAX)),
          onnx("GlobalAveragePool", 1, "nn.reduce", c -> globalPool(c, Reduction.MEAN)));

  private static OnnxOp reduce(String name, Reduction how) {
    return onnx(name, 1, "nn.reduce", c -> reduce(c, c.in(0), how));
  }

  /// Vectors get the axis the product needs, and lose it again.
  static Value matmul(Call c, Value a, Value b) {
    if (a.type().rank() == 0 || b.type().rank() == 0) {
      throw Refusal.shape("MatMul of " + a.type() + " and " + b.type(), "check the model");
    }
    boolean row = a.type().rank() == 1;
    boolean column = b.type().rank() == 1;
    Value lhs = row ? c.reshape(a, Dims.join(List.of(1), a.type().dims())) : a;
    Value rhs = column ? c.reshape(b, Dims.join(b.type().dims(), List.of(1))) : b;
    Value product = c.emit(new Neural.MatMul(lhs, rhs));
    List<Integer> dims = product.type().dims();
    List<Integer> rows = row ? List.of() : List.of(lhs.type().dim(-2));
    List<Integer> columns = column ? List.of() : List.of(rhs.type().dim(-1));
    return c.reshape(product, Dims.join(dims.subList(0, dims.size() - 2), rows, columns));
  }

  static Value gemm(Call c) {
    Attributes at = c.attributes();
    Value a = at.flag("transA", false) ? c.transposeLast(c.in(0)) : c.in(0);
    Value b = at.flag("transB", false) ? c.transposeLast(c.in(1)) : c.in(1);
    if (a.type().rank() != 2 || b.type().rank() != 2) {
      throw Refusal.shape("Gemm of " + a.type() + " and " + b.type(), "check the model");
    }
    Value product = c.scale(matmul(c, a, b), at.number("alpha", 1));
    float beta = at.number("beta", 1);
    if (c.maybe(2).isEmpty() || beta == 0) {
      return product;
    }
    return c.add(product, c.scale(c.in(2), beta));
  }

  /// Before opset 13 the axes from `axis` on were taken together.
  private static Value coerced(Call c, Normalizer normalizer) {
    Value x = c.in(0);
    boolean old = c.opset() < 13;
    int axis = c.axis(c.attributes().small("axis", old ? 1 : -1), x);
    if (!old || axis == x.type().rank() - 1) {
      return normalizer.apply(c, x, axis);
    }
    List<Integer> dims = x.type().dims();
    List<Integer> flat =
        List.of(Dims.product(dims.subList(0, axis)), Dims.product(dims.subList(axis, dims.size())));
    return c.reshape(normalizer.apply(c, c.reshape(x, flat), 1), dims);
  }

  private interface Normalizer {
    Value apply(Call c, Value x, int axis);
  }

  static Value softmax(Call c, Value x, int axis) {
    return c.emit(new Neural.Softmax(x, axis));
  }

  private static Value logSoftmax(Call c, Value x, int axis) {
    Value top = c.emit(new Neural.Reduce(x, Reduction.MAX, List.of(axis), true));
    Value shifted = c.emit(new Elementwise.Sub(x, top));
    Value exp = c.emit(new Elementwise.Exp(shifted));
    Value sum = c.emit(new Neural.Reduce(exp, Reduction.SUM, List.of(axis), true));
    return c.emit(new Elementwise.Sub(shifted, c.emit(new Elementwise.Log(sum))));
  }

  private static List<Value> layerNormalization(Call c) {
    Value x = c.in(0);
    int axis = c.axis(c.attributes().small("axis", -1), x);
    float epsilon = c.attributes().number("epsilon", 1e-5f);
    Value y = layerNorm(c, x, axis, c.in(1), c.maybe(2), epsilon);
    return c.outputs() == 1
        ? List.of(y)
        : List.of(y, mean(c, x, axis), inverseDeviation(c, x, axis, epsilon));
  }

  /// Mean over the axes from `axis` on.
  static Value mean(Call c, Value x, int axis) {
    List<Integer> axes = Dims.all(x.type().rank()).subList(axis, x.type().rank());
    return c.emit(new Neural.Reduce(x, Reduction.MEAN, axes, true));
  }

  /// `1 / sqrt(variance + epsilon)` over the axes from `axis` on.
  static Value inverseDeviation(Call c, Value x, int axis, double epsilon) {
    Value centred = c.emit(new Elementwise.Sub(x, mean(c, x, axis)));
    Value variance = mean(c, c.mul(centred, centred), axis);
    Value deviation = c.emit(new Elementwise.Sqrt(c.add(variance, c.scalar(epsilon, x))));
    return c.emit(new Elementwise.Reciprocal(deviation));
  }

  /// Over several axes, these are taken as one.
  static Value layerNorm(
      Call c, Value x, int axis, Value gamma, Optional<Value> beta, double epsilon) {
    List<Integer> dims = x.type().dims();
    List<Integer> normalized = dims.subList(axis, dims.size());
    List<Integer> row = List.of(Dims.product(normalized));
    Value shift = beta.orElseGet(() -> c.broadcast(c.scalar(0, gamma), row));
    Value flat = c.reshape(x, Dims.join(dims.subList(0, axis), row));
    Value y =
        c.emit(
            new Neural.LayerNorm(
                flat,
                stretched(c, gamma, normalized, row),
                stretched(c, shift, normalized, row),
                epsilon));
    return c.reshape(y, dims);
  }

  private static Value stretched(Call c, Value v, List<Integer> normalized, List<Integer> row) {
    boolean whole = v.type().elements() == row.getFirst();
    return c.reshape(whole ? v : c.broadcast(v, normalized), row);
  }

  private static Value reduce(Call c, Value x, Reduction how) {
    int rank = x.type().rank();
    List<Integer> axes = c.integers("axes", 1).orElse(List.of());
    if (axes.isEmpty() && c.attributes().flag("noop_with_empty_axes", false)) {
      return switch (how) {
        case SUM, MEAN, MAX, MIN, PROD -> x;
        case SUM_SQUARE -> c.mul(x, x);
        case L2 -> c.emit(new Elementwise.Abs(x));
      };
    }
    List<Integer> positive = axes.isEmpty() ? Dims.all(rank) : Dims.positive(axes, rank);
    boolean keep = c.attributes().flag("keepdims", true);
    return c.emit(new Neural.Reduce(x, how, positive, keep));
  }

  private static Value reduceL1(Call c) {
    return reduce(c, c.emit(new Elementwise.Abs(c.in(0))), Reduction.SUM);
  }

  /// The maximum over everything is taken out first, so that no exponential overflows.
  private static Value reduceLogSumExp(Call c) {
    Value x = c.in(0);
    Value top = c.emit(new Neural.Reduce(x, Reduction.MAX, Dims.all(x.type().rank()), false));
    Value exp = c.emit(new Elementwise.Exp(c.emit(new Elementwise.Sub(x, top))));
    return c.add(c.emit(new Elementwise.Log(reduce(c, exp, Reduction.SUM))), top);
  }

  private static Value lpNormalization(Call c) {
    Value x = c.in(0);
    List<Integer> axis = List.of(c.axis(c.attributes().small("axis", -1), x));
    boolean l1 = c.attributes().small("p", 2) == 1;
    Value norm =
        l1
            ? c.emit(new Neural.Reduce(c.emit(new Elementwise.Abs(x)), Reduction.SUM, axis, true))
            : c.emit(new Neural.Reduce(x, Reduction.L2, axis, true));
    return c.emit(new Elementwise.Div(x, norm));
  }

  private static Value reduceLogSum(Call c) {
    return c.emit(new Elementwise.Log(reduce(c, c.in(0), Reduction.SUM)));
  }

  /// With the statistics of training: per channel (axis 1) a factor and an offset, of which the
  /// constants are folded.
  private static Value batchNorm(Call c) {
    if (c.attributes().flag("training_mode", false)) {
      throw Refusal.op("BatchNormalization is in training mode", "export the model in eval mode");
    }
    Value x = c.in(0);
    Value variance = c.in(4);
    Value safe = c.add(variance, c.scalar(c.attributes().number("epsilon", 1e-5f), variance));
    Value factor = c.emit(new Elementwise.Div(c.in(1), c.emit(new Elementwise.Sqrt(safe))));
    Value offset = c.emit(new Elementwise.Sub(c.in(2), c.mul(c.in(3), factor)));
    return c.add(c.mul(x, perChannel(c, factor, x)), perChannel(c, offset, x));
  }

  private static Value perChannel(Call c, Value v, Value x) {
    List<Integer> ones = Collections.nCopies(x.type().rank() - 2, 1);
    return c.reshape(v, Dims.join(v.type().dims(), ones));
  }

  private static Value globalPool(Call c, Reduction how) {
    Value x = c.in(0);
    int rank = x.type().rank();
    Shapes.axis(2, rank);
    return c.emit(new Neural.Reduce(x, how, Dims.all(rank).subList(2, rank), true));
  }
}
