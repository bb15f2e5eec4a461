package org.lapidary.passes.quant;

import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import org.lapidary.ir.Graph.Node;
import org.lapidary.ir.Value;
import org.lapidary.ir.op.Elementwise;
import org.lapidary.ir.op.Neural;
import org.lapidary.ir.op.NnOp;
import org.lapidary.ir.op.OpInfo;

/// Finds what one int8 piece is too coarse for, and what a second would win, as far as the
/// distributions tell.
final class PieceCandidates {
  private final ModelView model;
  private final Steps steps;
  private final Sides sides;
  private final Calibration calibration;

  PieceCandidates(ModelView model, Steps steps, Sides sides, Calibration calibration) {
    this.model = model;
    this.steps = steps;
    this.sides = sides;
    this.calibration = calibration;
  }

  /// Something that may be worth a second piece.
  ///
  /// @param shape equal for what costs the same: its kind and the types of what it is made from
  record Candidate(Piece piece, String shape) {}

  /// Those that leave less than so many decibels, in the order of the model.
  List<Candidate> below(double decibels) {
    List<Candidate> found = new ArrayList<>();
    for (Node<NnOp> node : model.graph().nodes()) {
      if (node.op() instanceof Elementwise.Add(var a, var b) && steps.isResidual(node.result())) {
        for (Value v : List.of(a, b)) {
          if (sides.isSum(v) && !steps.isResidual(model.root(v)) && steps.grids(v).isEmpty()) {
            found.add(sum(node, v));
          }
        }
      }
    }
    return found.stream().filter(c -> c.piece().inOne() < decibels).toList();
  }

  /// A sum that enters the residual stream, whose signal counts.
  private Candidate sum(Node<NnOp> addition, Value v) {
    Histogram seen = calibration.of(v);
    double signal = deviation(calibration.of(addition.result()));
    long count = Math.max(1, seen.total());
    double high = steps.high(v);
    double low = ResidualStream.lowStep(high, steps.stream(addition.result()));
    Piece piece =
        new Piece(
            addition.loc().node(),
            Piece.Part.SUM,
            v,
            decibels(signal, seen.squaredError(steps.int8(v)) / count),
            decibels(signal, squaredError(seen, high, low) / count),
            OptionalLong.empty());
    return new Candidate(piece, Piece.Part.SUM + shape(v));
  }

  /// Squared error of rounding to a high piece and the rest to a low one.
  static double squaredError(Histogram seen, double high, double low) {
    return seen.sum(x -> {
      double rest = x - Math.clamp(Math.rint(x / high), -128, 127) * high;
      double left = rest - Math.clamp(Math.rint(rest / low), -128, 127) * low;
      return left * left;
    });
  }

  /// @param noise mean square
  static double decibels(double signal, double noise) {
    return 10 * Math.log10(signal * signal / Math.max(noise, 1e-30));
  }

  /// What the standard deviation would be without a tail.
  static double deviation(Histogram seen) {
    return Math.sqrt(Math.PI / 2) * seen.mean(Math::abs);
  }

  /// The types of a sum and of the products it is made of.
  private String shape(Value v) {
    NnOp op = model.def(v);
    String made = " " + v.type();
    if (op instanceof Neural.MatMul(var a, var b)) {
      return made + " " + a.type() + " " + b.type();
    }
    StringBuilder all = new StringBuilder(made);
    if (op != null) {
      OpInfo.operands(op).stream().filter(sides::isSum).forEach(x -> all.append(shape(x)));
    }
    return all.toString();
  }
}
