package org.lapidary.passes.quant;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.lapidary.ir.Graph.Node;
import org.lapidary.ir.Value;
import org.lapidary.ir.op.Elementwise;
import org.lapidary.ir.op.NnOp;

/// Which sums enter the residual stream as two int8 pieces, a high and a low one, instead of one.
///
/// A piece costs as many cycles as it has elements, so what is ranked is by how much rounding to
/// one piece disturbs the stream, per element.
final class Pieces {
  private final List<TwoPieceSum> chosen;
  private final Set<Value> values = new HashSet<>();

  Pieces(ModelView model, Steps steps, Sides sides, Calibration calibration, Recipe recipe) {
    chosen =
        recipe
            .get(Recipe.TwoPieces.class)
            .map(options ->
                candidates(model, steps, sides, calibration).stream()
                    .filter(p -> p.decibels() < options.below())
                    .sorted(Comparator.comparingDouble(Pieces::disturbance).reversed())
                    .limit(options.most())
                    .toList())
            .orElse(List.of());
    chosen.forEach(p -> values.add(p.value()));
  }

  /// Whether a value is one of them.
  boolean inTwo(Value v) {
    return values.contains(v);
  }

  /// All of them, the most disturbing first.
  List<TwoPieceSum> chosen() {
    return chosen;
  }

  private static double disturbance(TwoPieceSum sum) {
    return Math.pow(10, -sum.decibels() / 10) / sum.value().type().elements();
  }

  private static List<TwoPieceSum> candidates(
      ModelView model, Steps steps, Sides sides, Calibration calibration) {
    List<TwoPieceSum> found = new ArrayList<>();
    for (Node<NnOp> node : model.graph().nodes()) {
      if (node.op() instanceof Elementwise.Add(var a, var b) && steps.isResidual(node.result())) {
        double signal = deviation(calibration.of(node.result()));
        for (Value v : List.of(a, b)) {
          if (sides.isSum(v) && !steps.isResidual(model.root(v)) && steps.grids(v).isEmpty()) {
            Histogram seen = calibration.of(v);
            double noise = seen.squaredError(steps.int8(v)) / Math.max(1, seen.total());
            double decibels = 10 * Math.log10(signal * signal / Math.max(noise, 1e-30));
            found.add(new TwoPieceSum(node.loc().node(), v, decibels));
          }
        }
      }
    }
    return found;
  }

  /// What the standard deviation would be without a tail.
  private static double deviation(Histogram seen) {
    return Math.sqrt(Math.PI / 2) * seen.sum(Math::abs) / Math.max(1, seen.total());
  }
}
