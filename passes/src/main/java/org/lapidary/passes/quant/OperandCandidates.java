package org.lapidary.passes.quant;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import org.lapidary.ir.Graph.Node;
import org.lapidary.ir.Value;
import org.lapidary.ir.op.Elementwise;
import org.lapidary.ir.op.Layout;
import org.lapidary.ir.op.Neural;
import org.lapidary.ir.op.NnOp;
import org.lapidary.passes.quant.Piece.Part;
import org.lapidary.passes.quant.PieceCandidates.Candidate;

/// Finds the operands of products that are too coarse as one int8 number: weights, and sums. What a
/// LayerNorm, a GELU or a softmax gives is int8 from the start, and has no low piece.
final class OperandCandidates {
  /// Mean root of the magnitude of a normal number of deviation 1.
  private static final double MEAN_ROOT = 0.822;

  private final ModelView model;
  private final Steps steps;
  private final Sides sides;
  private final Calibration calibration;

  OperandCandidates(ModelView model, Steps steps, Sides sides, Calibration calibration) {
    this.model = model;
    this.steps = steps;
    this.sides = sides;
    this.calibration = calibration;
  }

  /// Those that leave less than so many decibels, in the order of the model.
  ///
  /// @param weights what rounding them does, by product
  List<Candidate> below(double decibels, Map<Value, WeightNoise> weights) {
    List<Candidate> found = new ArrayList<>();
    for (Node<NnOp> node : model.graph().nodes()) {
      if (node.op() instanceof Neural.MatMul(var a, var b) && sides.accelerated(node.result())) {
        Product product = new Product(node, a, b, signal(node.result()));
        WeightNoise rounding = weights.get(node.result());
        if (rounding != null) {
          found.add(product.candidate(Part.WEIGHT, rounding.inOne(), rounding.inTwo()));
        }
        sum(product, Part.LEFT_OPERAND, a, b).ifPresent(found::add);
        if (model.weight(b).isEmpty()) {
          sum(product, Part.RIGHT_OPERAND, b, a).ifPresent(found::add);
        }
      }
    }
    return found.stream().filter(c -> c.piece().inOne() < decibels).toList();
  }

  /// A product of matrices.
  ///
  /// @param signal what noise in it is compared with
  private record Product(Node<NnOp> node, Value a, Value b, double signal) {
    Candidate candidate(Part part, double noise, double left) {
      Value v = node.result();
      String shape = "%s %s %s %s".formatted(part, v.type(), a.type(), b.type());
      return new Candidate(
          new Piece(
              node.loc().node(),
              part,
              v,
              PieceCandidates.decibels(signal, noise),
              PieceCandidates.decibels(signal, left),
              OptionalLong.empty()),
          shape);
    }
  }

  /// The residual stream that a product joins; its own size for any other, but at least 1 for
  /// scores, since noise in those that are near each other is relative noise in probabilities.
  private double signal(Value product) {
    return signal(product, 1, evenDeviation(calibration.of(product)));
  }

  /// @param v what became of the product
  /// @param factor by which it was multiplied
  /// @param own size of the product
  private double signal(Value v, double factor, double own) {
    for (Node<NnOp> use : model.uses(v)) {
      if (steps.isResidual(use.result())) {
        return PieceCandidates.deviation(calibration.of(use.result())) / factor;
      }
      if (use.op() instanceof Neural.Softmax softmax && model.isAttention(softmax, use.result())) {
        return Math.max(own, 1 / factor);
      }
      Optional<ModelView.Scaled> scaled = model.scaled(use.op());
      boolean passed = use.op() instanceof Elementwise.Add || use.op() instanceof Layout.Reshape;
      if (sides.isSum(use.result()) && (passed || scaled.isPresent())) {
        return signal(use.result(), factor * scaled.map(ModelView.Scaled::factor).orElse(1.0), own);
      }
    }
    return own;
  }

  /// An activation that is a sum, moved or scaled since; not if it came with a step, whose rounding
  /// is the model's own.
  ///
  /// @param other operand
  private Optional<Candidate> sum(Product product, Part part, Value operand, Value other) {
    Steps.Source source = steps.source(operand, 1);
    Value v = source.value();
    if (!sides.accelerated(operand)
        || !sides.isSum(v)
        || steps.isResidual(v)
        || steps.grids(v).isPresent()
        || calibration.given(v).isPresent()
        || (model.weight(other).isEmpty() && !calibration.knows(other))) {
      return Optional.empty();
    }
    Histogram seen = calibration.of(v);
    double gain =
        model
            .weight(other)
            .map(OperandCandidates::power)
            .orElseGet(() -> product.a().type().dim(-1) * calibration.of(other).meanSquare());
    double scale = gain * source.factor() * source.factor() / Math.max(1, seen.total());
    double high = Math.max(steps.high(v), steps.int8(v));
    double one = seen.squaredError(steps.int8(v));
    double two = PieceCandidates.squaredError(seen, high, HighAndLow.lowStep(high));
    double left = two + HighAndLow.LEFT_OVER * seen.squaredError(high);
    return Optional.of(product.candidate(part, scale * one, scale * left));
  }

  /// What the standard deviation would be if all channels were as loud as most: a few loud ones
  /// must not hide that the others are lost.
  private static double evenDeviation(Histogram seen) {
    double roots = seen.mean(x -> Math.sqrt(Math.abs(x)));
    return Math.pow(roots / MEAN_ROOT, 2);
  }

  /// Sum of the squares of a column, of all columns the mean.
  private static double power(Weight weight) {
    double squares = 0;
    for (float x : weight.load()) {
      squares += x * x;
    }
    return squares / weight.columns();
  }
}
