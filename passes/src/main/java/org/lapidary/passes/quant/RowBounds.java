package org.lapidary.passes.quant;

import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.lapidary.ir.Graph.Node;
import org.lapidary.ir.Value;
import org.lapidary.ir.op.Elementwise;
import org.lapidary.ir.op.Layout;
import org.lapidary.ir.op.Neural;
import org.lapidary.ir.op.NnOp;
import org.lapidary.ir.op.OpInfo;

/// What a value of the residual stream can be at most, in real units and channel by channel,
/// because every term of it comes out of eight bits or through a clamp.
final class RowBounds {
  /// Rounding of factors and steps makes the integers a little larger than the real bounds.
  private static final double SLACK = 1.03;

  private final ModelView model;
  private final Sides sides;
  private final Steps steps;

  RowBounds(ModelView model, Sides sides, Steps steps) {
    this.model = model;
    this.sides = sides;
    this.steps = steps;
  }

  private record Bounds(double[] low, double[] high) {
    static Bounds symmetric(int n, double bound) {
      Bounds b = new Bounds(new double[n], new double[n]);
      Arrays.fill(b.low, -bound);
      Arrays.fill(b.high, bound);
      return b;
    }

    Bounds plus(Bounds other) {
      Bounds sum = new Bounds(low.clone(), high.clone());
      for (int c = 0; c < low.length; c++) {
        sum.low[c] += other.low[c];
        sum.high[c] += other.high[c];
      }
      return sum;
    }

    double largest() {
      double least = Arrays.stream(low).min().orElse(0);
      return Math.max(Math.abs(least), Arrays.stream(high).max().orElse(0));
    }
  }

  /// The largest sum of squared distances from the mean that a row of a value can have.
  double largestSquares(Value v) {
    Bounds b = of(v, v.type().dim(-1));
    int n = b.low.length;
    double middle = 0;
    for (int c = 0; c < n; c++) {
      middle += (b.low[c] + b.high[c]) / 2 / n;
    }
    double squares = 0;
    for (int c = 0; c < n; c++) {
      double far = SLACK * Math.max(Math.abs(b.low[c] - middle), Math.abs(b.high[c] - middle));
      squares += far * far;
    }
    return squares;
  }

  private Bounds of(Value v, int n) {
    Node<NnOp> node = model.node(v);
    if (node == null || !sides.accelerated(v)) {
      return Bounds.symmetric(n, steps.entryBound(v));
    }
    if (steps.isResidual(v) && node.op() instanceof Elementwise.Add(var a, var b)) {
      return of(a, n).plus(of(b, n));
    }
    if (node.op() instanceof Neural.LayerNorm norm) {
      return normalised(node.result(), norm, n);
    }
    if (node.op() instanceof Layout layout) {
      return moved(layout, n);
    }
    Optional<Value> from = model.moved(node.op());
    if (from.isPresent()) {
      return of(from.get(), n);
    }
    Bounds b = Bounds.symmetric(n, 0);
    for (int c = 0; c < n; c++) {
      b.high[c] = 128 * step(v, steps.int8(v), c);
      b.low[c] = -b.high[c];
    }
    return b;
  }

  private double step(Value v, double fine, int channel) {
    return steps.grids(v).filter(g -> g.wide().get(channel)).map(TwoGrids::coarse).orElse(fine);
  }

  private Bounds normalised(Value result, Neural.LayerNorm norm, int n) {
    double[] gamma = model.row(norm.gamma(), n);
    double[] beta = model.row(norm.beta(), n);
    Bounds b = Bounds.symmetric(n, 0);
    for (int c = 0; c < n; c++) {
      double reach = 128 * step(result, steps.normalised(result), c) * Math.abs(gamma[c]);
      b.low[c] = beta[c] - reach;
      b.high[c] = beta[c] + reach;
    }
    return b;
  }

  private Bounds moved(Layout layout, int n) {
    List<Value> parts =
        OpInfo.operands(layout).stream().filter(p -> p.type().elements() > 0).toList();
    double largest = 0;
    for (Value part : parts) {
      Bounds b = of(part, part.type().dim(-1));
      if (parts.size() == 1 && b.low.length == n) {
        return b;
      }
      largest = Math.max(largest, b.largest());
    }
    return Bounds.symmetric(n, largest);
  }
}
