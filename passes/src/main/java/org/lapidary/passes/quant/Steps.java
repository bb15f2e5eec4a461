package org.lapidary.passes.quant;

import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import org.lapidary.ir.Graph.Node;
import org.lapidary.ir.Value;
import org.lapidary.ir.op.Elementwise;
import org.lapidary.ir.op.Layout;
import org.lapidary.ir.op.Neural;
import org.lapidary.ir.op.NnOp;

/// The step of every integer value: what one unit stands for.
///
/// An int8 activation takes the step that its model came with, or else that its distribution asks
/// for. Two kinds of values must be coarser than they could be, because of 32-bit sums further on:
/// the operand of a LayerNorm, whose squares are summed over a row, and with it the whole chain of
/// residual additions it lies on, which has one step from end to end; and q and k, whose product's
/// step decides how large the sum of a row of exponentials becomes.
final class Steps {
  /// The host's clamp of what enters the residual stream, over the largest value calibrated.
  private static final double ENTRY_MARGIN = 2;

  /// Steps per standard deviation of a row that a LayerNorm should see. Fewer would do for the row
  /// itself, but gamma becomes an integer factor in these steps, of some thirtieth of them.
  private static final double RESOLUTION = 2048;

  /// Fewer steps than this would make a row of most models too coarse.
  private static final double LEAST_RESOLUTION = 16;

  /// Share of the rows that may be flatter than the resolution asks for.
  private static final double FLAT_ROWS = 0.01;

  /// Rounding to integers adds to the squares that were observed in real numbers.
  private static final double MARGIN_SLACK = 1.02;

  private final ModelView model;
  private final Sides sides;
  private final Calibration calibration;
  private final QuantizeOptions options;
  private final int longestRow;
  private final Map<Value, Double> int8 = new HashMap<>();
  private final Map<Value, Optional<TwoGrids>> grids = new HashMap<>();
  private final Map<Value, Value> chains = new HashMap<>();
  private final Map<Value, Double> streams = new HashMap<>();

  /// @param longestRow of scores, in this graph or one that shares its steps
  Steps(
      ModelView model,
      Sides sides,
      Calibration calibration,
      QuantizeOptions options,
      int longestRow) {
    this.model = model;
    this.sides = sides;
    this.calibration = calibration;
    this.options = options;
    this.longestRow = longestRow;
    joinChains(normSteps());
    coarsenScores();
  }

  /// Step of a value as int8; of most of its channels if it has [#grids].
  double int8(Value v) {
    return int8.computeIfAbsent(v, x -> grids(x).map(TwoGrids::fine).orElseGet(() -> oneGrid(x)));
  }

  /// Step of the high one of two int8 pieces: nothing is clipped, since the low one makes up for
  /// the coarser step.
  double high(Value v) {
    return calibration.given(v).orElseGet(() -> Math.max(1e-12, calibration.of(v).absMax() / 127));
  }

  private double oneGrid(Value v) {
    return calibration.given(v).orElseGet(() -> options.step(calibration.of(v)));
  }

  /// Step of a normalised value as int8, before gamma and beta.
  double normalised(Value norm) {
    return int8.computeIfAbsent(
        norm,
        x ->
            grids(x)
                .map(TwoGrids::fine)
                .orElseGet(() -> options.step(calibration.ofNorm(x).normalised())));
  }

  /// The two int8 grids of a value some of whose channels are much wider than the others: a
  /// normalised value before gamma and beta, a GELU, or a sum that joins the residual stream.
  Optional<TwoGrids> grids(Value v) {
    return grids.computeIfAbsent(v, this::newGrids);
  }

  private Optional<TwoGrids> newGrids(Value v) {
    if (calibration.given(v).isPresent()) {
      return Optional.empty();
    }
    Optional<ChannelHistogram> seen =
        switch (model.def(v)) {
          case Neural.LayerNorm _ -> Optional.of(calibration.ofNorm(v).channels());
          case Elementwise.Gelu _, Elementwise.Relu _ -> calibration.ofChannels(v);
          case null -> Optional.empty();
          default -> sides.isSum(v) ? calibration.ofChannels(v) : Optional.empty(); // moved only
        };
    return options
        .recipe()
        .get(Recipe.Outliers.class)
        .flatMap(wide -> seen.flatMap(channels -> TwoGrids.of(channels, wide)));
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

  private void joinChains(Map<Value, NormStep> wanted) {
    for (Node<NnOp> node : model.graph().nodes()) {
      if (node.op() instanceof Elementwise.Add(var a, var b) && isResidual(node.result())) {
        join(node.result(), a, wanted);
        join(node.result(), b, wanted);
      }
    }
    wanted.forEach((value, step) -> streams.merge(chain(value), step.chosen(), Math::max));
  }

  /// Gives a sum the step of an operand that is in the stream already, unless no step suits all
  /// LayerNorms of the two: then the chain begins anew, in a coarser step.
  private void join(Value sum, Value operand, Map<Value, NormStep> wanted) {
    Value root = model.root(operand);
    if (isResidual(root) || sides.of(root) == Sides.Side.HOST) {
      Value from = chain(sum);
      Value to = chain(root);
      NormStep here = wanted.getOrDefault(from, NormStep.ANY);
      NormStep there = wanted.getOrDefault(to, NormStep.ANY);
      NormStep both = here.with(there);
      if (from.equals(to) || both.strain() <= Math.max(here.strain(), there.strain())) {
        chains.put(from, to);
        wanted.remove(from);
        wanted.put(to, both);
      }
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

  /// The finest step with the margin that is asked for; coarser, so that the sum of squares is
  /// proved or the margin is larger, as long as the rows keep their resolution.
  private record NormStep(double finest, double proving, double coarsest) {
    static final NormStep ANY = new NormStep(0, 0, Double.POSITIVE_INFINITY);

    double chosen() {
      return Math.max(1e-12, Math.max(finest, Math.min(proving, coarsest)));
    }

    /// By how much the finest step is too coarse, 1 if it is not.
    double strain() {
      return Math.max(1, finest / coarsest * LEAST_RESOLUTION / RESOLUTION);
    }

    /// One step for two.
    NormStep with(NormStep other) {
      return new NormStep(
          Math.max(finest, other.finest),
          Math.max(proving, other.proving),
          Math.min(coarsest, other.coarsest));
    }
  }

  /// What the LayerNorms want, by the values they read.
  private Map<Value, NormStep> normSteps() {
    RowBounds bounds = new RowBounds(model, sides, this);
    Map<Value, NormStep> wanted = new HashMap<>();
    for (Node<NnOp> node : model.graph().nodes()) {
      if (node.op() instanceof Neural.LayerNorm norm && sides.accelerated(node.result())) {
        NormObservation seen = calibration.ofNorm(node.result());
        double squares = seen.maxSumSquares() * MARGIN_SLACK * options.layerNormMargin();
        NormStep step =
            new NormStep(
                Math.sqrt(squares / 0x1p31),
                Math.sqrt(bounds.largestSquares(norm.x()) / 0x1p31),
                seen.deviations().percentile(FLAT_ROWS) / RESOLUTION);
        wanted.merge(model.root(norm.x()), step, NormStep::with);
      }
    }
    return wanted;
  }

  /// The largest magnitude with which a value of the host enters the residual stream; what is
  /// larger is clamped.
  double entryBound(Value v) {
    if (!model.isConstant(v)) {
      return ENTRY_MARGIN * calibration.of(v).absMax();
    }
    Histogram h = new Histogram();
    h.add(model.constant(v).f32());
    return ENTRY_MARGIN * h.absMax();
  }

  private void coarsenScores() {
    for (Node<NnOp> node : model.graph().nodes()) {
      if (node.op() instanceof Neural.Softmax softmax && sides.accelerated(node.result())) {
        Product product = product(model.scores(softmax.x()).scores(), 1);
        Source q = source(product.q(), product.factor());
        Source k = source(product.k(), 1);
        double natural = int8(q.value()) * int8(k.value()) * q.factor() * k.factor();
        double finest =
            SoftmaxConstants.finestStep(Math.max(longestRow, softmax.x().type().dim(-1)));
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
