package org.lapidary.passes.quant;

import java.util.HashMap;
import java.util.Map;
import org.lapidary.ir.Graph.Node;
import org.lapidary.ir.Value;
import org.lapidary.ir.op.Elementwise;
import org.lapidary.ir.op.Layout;
import org.lapidary.ir.op.Neural;
import org.lapidary.ir.op.NnOp;

/// The step of every integer value: what one unit stands for.
///
/// An int8 activation takes the step that its distribution asks for. Two kinds of values must be
/// coarser than they could be, because of 32-bit sums further on: the operand of a LayerNorm, whose
/// squares are summed over a row, and with it the whole chain of residual additions it lies on,
/// which has one step from end to end; and q and k, whose product's step decides how large the sum
/// of a row of exponentials becomes.
final class Steps {
  private final ModelView model;
  private final Sides sides;
  private final Calibration calibration;
  private final QuantizeOptions options;
  private final Map<Value, Double> int8 = new HashMap<>();
  private final Map<Value, Value> chains = new HashMap<>();
  private final Map<Value, Double> streams = new HashMap<>();

  Steps(ModelView model, Sides sides, Calibration calibration, QuantizeOptions options) {
    this.model = model;
    this.sides = sides;
    this.calibration = calibration;
    this.options = options;
    joinChains();
    measureNorms();
    coarsenScores();
  }

  /// Step of a value as int8.
  double int8(Value v) {
    return int8.computeIfAbsent(v, x -> options.step(calibration.of(x)));
  }

  /// Step of a normalised value as int8, before gamma and beta.
  double normalised(Value norm) {
    return int8.computeIfAbsent(norm, x -> options.step(calibration.ofNorm(x).normalised()));
  }

  /// Step of a value in the residual stream, or of any operand of a LayerNorm.
  double stream(Value v) {
    Value chain = chain(model.root(v));
    Double step = streams.get(chain);
    return step != null ? step : calibration.of(v).absMax() / (1 << 22);
  }

  /// Whether a value is a residual sum, kept in 32 bits.
  boolean isResidual(Value v) {
    return sides.accelerated(v)
        && model.def(v) instanceof Elementwise.Add add
        && !sides.isBias(add)
        && !sides.isMasking(v);
  }

  private void joinChains() {
    for (Node<NnOp> node : model.graph().nodes()) {
      if (node.op() instanceof Elementwise.Add(var a, var b) && isResidual(node.result())) {
        join(node.result(), a);
        join(node.result(), b);
      }
    }
  }

  private void join(Value sum, Value operand) {
    Value root = model.root(operand);
    if (isResidual(root) || sides.of(root) == Sides.Side.HOST) {
      chains.put(chain(sum), chain(root));
    }
  }

  private Value chain(Value v) {
    Value at = v;
    Value next = chains.get(at);
    while (next != null && !next.equals(at)) {
      at = next;
      next = chains.get(at);
    }
    return at;
  }

  private void measureNorms() {
    for (Node<NnOp> node : model.graph().nodes()) {
      if (node.op() instanceof Neural.LayerNorm norm && sides.accelerated(node.result())) {
        double sum = calibration.ofNorm(node.result()).maxSumSquares();
        double finest = Math.sqrt(sum * options.layerNormMargin() / 0x1p31);
        streams.merge(chain(model.root(norm.x())), Math.max(finest, 1e-12), Math::max);
      }
    }
  }

  private void coarsenScores() {
    for (Node<NnOp> node : model.graph().nodes()) {
      if (node.op() instanceof Neural.Softmax softmax && sides.accelerated(node.result())) {
        Product product = product(model.scores(softmax.x()).scores(), 1);
        Source q = source(product.q(), product.factor());
        Source k = source(product.k(), 1);
        double natural = int8(q.value()) * int8(k.value()) * q.factor() * k.factor();
        double finest = SoftmaxConstants.finestStep(softmax.x().type().dim(-1));
        if (natural < finest) {
          double coarser = Math.sqrt(finest / natural);
          double coarserQ = int8(q.value()) * coarser;
          double coarserK = int8(k.value()) * coarser;
          int8.put(q.value(), coarserQ);
          int8.put(k.value(), coarserK);
        }
      }
    }
  }

  private record Product(Value q, Value k, double factor) {}

  private Product product(Value scores, double factor) {
    NnOp op = model.def(scores);
    if (op instanceof Neural.MatMul(var q, var k)) {
      return new Product(q, k, factor);
    }
    if (op instanceof Layout.Reshape(var x, var _)) {
      return product(x, factor);
    }
    ModelView.Scaled scaled =
        op == null ? new ModelView.Scaled(scores, 1) : model.scaled(op).orElseThrow();
    return product(scaled.x(), factor * scaled.factor());
  }

  /// The value whose int8 form is used, and by what it is multiplied afterwards.
  record Source(Value value, double factor) {}

  Source source(Value v, double factor) {
    Value root = model.root(v);
    NnOp op = model.def(root);
    if (op != null && sides.accelerated(root)) {
      var scaled = model.scaled(op);
      if (scaled.isPresent()) {
        return source(scaled.get().x(), factor * scaled.get().factor());
      }
    }
    return new Source(root, factor);
  }
}
