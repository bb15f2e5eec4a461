package org.lapidary.passes.quant;

import java.util.List;
import java.util.Objects;
import java.util.Optional;
import org.lapidary.ir.DType;
import org.lapidary.ir.Graph;
import org.lapidary.ir.Loc;
import org.lapidary.ir.Tensor;
import org.lapidary.ir.Value;
import org.lapidary.ir.op.Elementwise;
import org.lapidary.ir.op.HostBridge;
import org.lapidary.ir.op.Layout;
import org.lapidary.ir.op.MoveOut;
import org.lapidary.ir.op.Neural;
import org.lapidary.ir.op.NnOp;
import org.lapidary.passes.quant.Emitter.Sum;

/// Writes the softmax of an attention, with its mask and its constants.
final class Attention {
  /// Of two int8 numbers.
  private static final int LARGEST_PRODUCT = 1 << 14;

  /// The widest row of scores over the largest one: both signs, and a little for low pieces of q
  /// and k.
  private static final double BOTH_SIGNS = 2.125;

  /// Of the 32 bits over what was observed: 2, and a little for what rounding adds.
  private static final double MARGIN = 2.04;

  private final Lowering lowering;
  private final ModelView model;
  private final Calibration calibration;
  private final QuantizeOptions options;
  private final Agreement agreement;
  private final Emitter emitter;

  Attention(
      Lowering lowering,
      ModelView model,
      Calibration calibration,
      QuantizeOptions options,
      Agreement agreement,
      Emitter emitter) {
    this.lowering = lowering;
    this.model = model;
    this.calibration = calibration;
    this.options = options;
    this.agreement = agreement;
    this.emitter = emitter;
  }

  /// The probabilities as int8.
  Value softmax(Neural.Softmax softmax, Graph.Node<NnOp> node) {
    ModelView.Scores parts = model.scores(softmax.x());
    Sum sum = lowering.sum(parts.scores());
    Fit fit = fit(sum.step(), node.result(), parts);
    SoftmaxConstants c = fit.constants();
    Value scores = lowering.at(node.loc(), () -> emitter.finish(sum));
    Optional<Value> mask = mask(parts, sum.step(), fit.mask(), node.loc());
    Value masked =
        mask.map(m -> lowering.at(node.loc(), () -> emitter.add(scores, m))).orElse(scores);
    float scale = softmaxScale(node.result());
    double outStep = 1.0 / (127.0 * scale);
    Value q =
        lowering.at(
            node,
            () ->
                new MoveOut.SoftmaxI32(
                    masked, c.qln2(), c.qln2Inv(), c.qb(), c.qc(), scale, outStep));
    lowering.observed().scores().put(q, fit.widest());
    return q;
  }

  /// Constants with what follows from them, in steps of the scores.
  ///
  /// @param mask what a mask takes from a score
  /// @param widest largest difference between two scores of a row, of all that were seen
  /// @param possible the same of all that are possible
  private record Fit(SoftmaxConstants constants, double mask, double widest, double possible) {
    /// Whether the number of halvings times 2^16 stays in 32 bits whatever the input, or at least
    /// with the margin asked for.
    boolean holds() {
      return Math.min(possible, MARGIN * widest) * constants.qln2Inv() < 0x1p31;
    }
  }

  /// The constants for scores of that step; softer ones where a row may span so many halvings, tens
  /// of thousands, that they do not hold. All but one of its probabilities are 0 either way.
  private Fit fit(double step, Value softmax, ModelView.Scores parts) {
    double finest = SoftmaxConstants.finestStep(softmax.type().dim(-1));
    Fit fit = fit(SoftmaxConstants.of(step), step, softmax, parts);
    while (!fit.holds() && fit.constants().softer().step() >= finest) {
      fit = fit(fit.constants().softer(), step, softmax, parts);
    }
    return fit;
  }

  private Fit fit(SoftmaxConstants c, double step, Value softmax, ModelView.Scores parts) {
    ScoreObservation seen = calibration.ofSoftmax(softmax).times(c.step() / step);
    long largest = (long) LARGEST_PRODUCT * terms(parts.scores());
    double mask = maskBound(c, seen, parts, largest) / c.step();
    double masking = isMasked(parts) ? mask : 0;
    return new Fit(c, mask, seen.spread() / c.step() + masking, BOTH_SIGNS * largest + masking);
  }

  /// How much finer than 1/127 probabilities are read out. A power of two, so that it is exact; 1
  /// for libgemmini, which would round twice.
  private float softmaxScale(Value probabilities) {
    if (options.truncatingLayerNorm()) {
      return 1;
    }
    double largest = calibration.of(probabilities).max();
    return options
        .recipe()
        .get(Recipe.SoftmaxScale.class)
        .map(wide -> 1 / Math.max(largest * wide.margin(), 1.0 / 256))
        .map(room -> (float) Math.max(1, Math.scalb(1.0, Math.getExponent(room))))
        .orElse(1f);
  }

  private double maskBound(
      SoftmaxConstants c, ScoreObservation seen, ModelView.Scores parts, long largest) {
    return agreement.isShared() && isMasked(parts)
        ? Math.max(c.mask(seen), c.exactMask(largest))
        : c.mask(seen);
  }

  private static boolean isMasked(ModelView.Scores parts) {
    return parts.mask().isPresent() || parts.condition().isPresent();
  }

  /// Terms of each sum of a product.
  private int terms(Value product) {
    return switch (model.def(product)) {
      case Neural.MatMul(var a, var _) -> a.type().dim(-1);
      case Layout.Reshape(var x, var _) -> terms(x);
      case null -> throw new IllegalStateException(product + " is no product");
      case NnOp op -> terms(model.scaled(op).orElseThrow().x());
    };
  }

  /// What is added to the scores, as i32; `lowest` at least, in steps.
  private Optional<Value> mask(ModelView.Scores parts, double step, double lowest, Loc loc) {
    long low = -(long) Math.ceil(lowest);
    long high = (long) Math.ceil(ScoreObservation.MASKED / step);
    return parts
        .condition()
        .map(c -> chosen(c, parts.keepIf(), new Grid(step, low, high), loc))
        .or(() -> parts.mask().map(m -> lowering.enter(m, DType.I32, step, low, high)));
  }

  /// The i32 that a mask is quantized to.
  private record Grid(double step, long low, long high) {}

  /// The mask that a condition makes, moved as the condition is.
  private Value chosen(Value condition, boolean keepIf, Grid grid, Loc loc) {
    if (lowering.movedByResults(condition)) {
      Graph.Node<NnOp> node = Objects.requireNonNull(model.node(condition));
      Value from = model.moved(node.op()).orElseThrow();
      return lowering.moved(node, chosen(from, keepIf, grid, loc));
    }
    Value known = lowering.host(condition);
    emitter.at(loc);
    Value masked = emitter.real("masked", Tensor.f32(List.of(), -1e4f));
    Value zero = emitter.real("unmasked", Tensor.f32(List.of(), 0));
    Value a = keepIf ? zero : masked;
    Value b = keepIf ? masked : zero;
    Value real = emitter.emit(new Elementwise.Where(known, a, b));
    return emitter.emit(
        new HostBridge.Quantize(real, DType.I32, grid.step(), grid.low(), grid.high()));
  }
}
