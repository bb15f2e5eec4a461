package org.lapidary.passes.fuse;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.lapidary.ir.DType;
import org.lapidary.ir.Tensor;
import org.lapidary.ir.Value;
import org.lapidary.ir.op.Elementwise.Add;
import org.lapidary.ir.op.Elementwise.Cast;
import org.lapidary.ir.op.Elementwise.Equal;
import org.lapidary.ir.op.Elementwise.Max;
import org.lapidary.ir.op.Elementwise.Mul;
import org.lapidary.ir.op.Elementwise.Neg;
import org.lapidary.ir.op.Elementwise.Sub;
import org.lapidary.ir.op.Elementwise.Where;
import org.lapidary.ir.op.Layout.Broadcast;
import org.lapidary.ir.op.Layout.Const;
import org.lapidary.ir.op.Layout.Reshape;
import org.lapidary.ir.op.Layout.Slice;
import org.lapidary.ir.op.Layout.Transpose;
import org.lapidary.ir.op.Neural.MatMul;
import org.lapidary.ir.op.Neural.Softmax;
import org.lapidary.ir.op.NnOp;
import org.lapidary.ir.pass.Rewriter;
import org.lapidary.ir.pass.Rule;
import org.lapidary.passes.canon.Constants;
import org.lapidary.passes.canon.Definitions;

/// Rules that bring the mask of attention into the form `softmax(scores + mask)`.
///
/// Masks by choice (`where`), by several addends and by multiplication become one addend that is at
/// least [#FLOOR]. They agree wherever a row has one visible key at least; a row without any has no
/// meaning, and exporters differ in what they make of it (a uniform distribution, or NaN).
public final class Masks {
  /// What a masked key is given: `exp` of it is 0 in f32, and no sum of two overflows.
  public static final double FLOOR = -10_000;

  /// A number at or below this, in place of a score, is a mask.
  static final double LARGEST_FILL = -1_000;

  private static final int DEPTH = 6;

  private Masks() {}

  /// All of them.
  public static List<Rule<NnOp>> rules() {
    return List.of(new AddMask(), new DropNanGuard());
  }

  /// `softmax(where(c, s, -inf) + m) -> softmax(s + max(where(c, 0, -inf) + m, -10000))`, with any
  /// number of masks in any order, and with or without a lower bound on the masked scores
  public record AddMask() implements Rule<NnOp> {
    @Override
    public Optional<Value> apply(NnOp op, Rewriter<NnOp> rw) {
      if (!(op instanceof Softmax(var x, var axis)) || isPlain(x, rw::def)) {
        return Optional.empty();
      }
      List<Value> masks = new ArrayList<>();
      Value scores = peel(x, masks, rw);
      if (masks.isEmpty()) {
        return scores.equals(x)
            ? Optional.empty()
            : Optional.of(rw.emit(new Softmax(scores, axis)));
      }
      Value mask = masks.getFirst();
      for (Value more : masks.subList(1, masks.size())) {
        mask = rw.emit(new Add(mask, more));
      }
      if (range(mask, rw::def).isZero()) {
        return Optional.of(rw.emit(new Softmax(scores, axis)));
      }
      if (!isFloored(mask, rw::def)) {
        mask = rw.emit(new Max(mask, rw.emit(Constants.scalar(FLOOR))));
      }
      Value sum = rw.emit(new Add(scores, mask));
      return sum.type().equals(x.type())
          ? Optional.of(rw.emit(new Softmax(sum, axis)))
          : Optional.empty();
    }
  }

  /// `where(p == p, p, 0) -> p` for a softmax p whose mask is floored: it cannot be NaN
  public record DropNanGuard() implements Rule<NnOp> {
    @Override
    public Optional<Value> apply(NnOp op, Rewriter<NnOp> rw) {
      return op instanceof Where(var isNumber, var p, _)
              && rw.def(isNumber) instanceof Equal(var left, var right)
              && left == p
              && right == p
              && rw.def(p) instanceof Softmax(var x, _)
              && isPlain(x, rw::def)
              && p.type().equals(op.resultType())
          ? Optional.of(p)
          : Optional.empty();
    }
  }

  /// Whether it already is `scores`, or `scores + floored mask`.
  private static boolean isPlain(Value x, Definitions defs) {
    return switch (defs.def(x)) {
      case Add(var a, var b) ->
          isScores(a, defs)
              && !isScores(b, defs)
              && isCore(a, defs)
              && isFloored(b, defs)
              && !range(b, defs).isZero()
              && !(defs.def(a) instanceof Mul(_, var kept) && isZeroWhereMasked(kept, b, defs));
      case null, default -> isCore(x, defs);
    };
  }

  private static boolean isCore(Value x, Definitions defs) {
    return switch (defs.def(x)) {
      case Add _, Sub _, Where _, Max _ -> false;
      case null, default -> true;
    };
  }

  /// Takes the masks off the scores, outermost first.
  private static Value peel(Value x, List<Value> masks, Rewriter<NnOp> rw) {
    return switch (rw.def(x)) {
      case Add(var a, var b) when isScores(a, rw::def) && !isScores(b, rw::def) ->
          peelAddend(a, b, masks, rw);
      case Add(var a, var b) when isScores(b, rw::def) && !isScores(a, rw::def) ->
          peelAddend(b, a, masks, rw);
      case Sub(var a, var b) when isScores(a, rw::def) && !isScores(b, rw::def) ->
          peelAddend(a, rw.emit(new Neg(b)), masks, rw);
      case Where(var c, var a, var b)
          when isFill(b, rw::def) && isScores(a, rw::def) && !isScores(c, rw::def) -> {
        Value zero = rw.emit(Constants.scalar(0));
        masks.add(rw.emit(new Where(c, zero, rw.emit(Constants.scalar(FLOOR)))));
        yield peel(a, masks, rw);
      }
      case Where(var c, var a, var b)
          when isFill(a, rw::def) && isScores(b, rw::def) && !isScores(c, rw::def) -> {
        Value zero = rw.emit(Constants.scalar(0));
        masks.add(rw.emit(new Where(c, rw.emit(Constants.scalar(FLOOR)), zero)));
        yield peel(b, masks, rw);
      }
      case Max(var a, var low) when isFill(low, rw::def) && isScores(a, rw::def) ->
          peel(a, masks, rw);
      case null, default -> x;
    };
  }

  /// Why a choice was not taken for a mask.
  static String whyNotAdded(Where where, Definitions defs) {
    boolean chosen = isScores(where.a(), defs);
    if (!chosen && !isScores(where.b(), defs)) {
      return "one branch of the mask should be the scores matmul(q, k)";
    }
    if (isScores(where.condition(), defs)) {
      return "the condition of the mask should not depend on the scores";
    }
    Value fill = chosen ? where.b() : where.a();
    double high = range(fill, defs).high();
    String found = Double.isInfinite(high) ? "not a constant" : "up to " + (float) high;
    return "what replaces a masked score should be at most " + LARGEST_FILL + ", but is " + found;
  }

  private static Value peelAddend(Value scores, Value mask, List<Value> masks, Rewriter<NnOp> rw) {
    masks.add(mask);
    boolean redundant =
        rw.def(scores) instanceof Mul(_, var kept) && isZeroWhereMasked(kept, mask, rw::def);
    Value rest = redundant && rw.def(scores) instanceof Mul(var s, _) ? s : scores;
    return peel(rest, masks, rw);
  }

  /// Megatron multiplies scores by 0 where it then adds the fill; the fill alone is as good.
  private static boolean isZeroWhereMasked(Value kept, Value mask, Definitions defs) {
    if (!(defs.def(kept) instanceof Const(var k))
        || !(defs.def(mask) instanceof Const(var m))
        || !k.type().equals(m.type())) {
      return false;
    }
    Tensor factor = k.load();
    Tensor addend = m.load();
    for (int i = 0; i < factor.elements(); i++) {
      boolean open = factor.asDouble(i) == 1;
      boolean masked = factor.asDouble(i) == 0 && addend.asDouble(i) <= LARGEST_FILL;
      if (!open && !masked) {
        return false;
      }
    }
    return true;
  }

  /// Whether a value is, or is computed from, the product of two computed matrices nearby.
  static boolean isScores(Value value, Definitions defs) {
    NnOp op = defs.def(value);
    return op != null
        && (isProduct(op, defs)
            || Cone.above(op, DEPTH, o -> isAroundScores(o, defs), defs).stream()
                .anyMatch(v -> isProduct(defs.def(v), defs)));
  }

  private static boolean isProduct(@Nullable NnOp op, Definitions defs) {
    return op instanceof MatMul(_, var b) && !Constants.is(b, defs);
  }

  private static boolean isAroundScores(NnOp op, Definitions defs) {
    return op instanceof Where
        || op instanceof Reshape
        || op instanceof Transpose
        || (op instanceof Cast(_, var to) && to == DType.F32)
        || Polynomial.isArithmetic(op, defs);
  }

  /// Whether a value is the number that stands for a masked score.
  static boolean isFill(Value value, Definitions defs) {
    return range(value, defs).high() <= LARGEST_FILL;
  }

  static boolean isFloored(Value mask, Definitions defs) {
    return range(mask, defs).low() >= FLOOR;
  }

  /// Smallest and largest value.
  record Range(double low, double high) {
    static final Range ALL = new Range(Double.NEGATIVE_INFINITY, Double.POSITIVE_INFINITY);

    boolean isZero() {
      return low == 0 && high == 0;
    }

    Range union(Range other) {
      return new Range(Math.min(low, other.low), Math.max(high, other.high));
    }
  }

  /// What can be said of a mask without computing it.
  static Range range(Value value, Definitions defs) {
    return switch (defs.def(value)) {
      case Const(var data) -> range(data.load());
      case Where(_, var a, var b) -> range(a, defs).union(range(b, defs));
      case Max(var a, var b) -> {
        Range x = range(a, defs);
        Range y = range(b, defs);
        yield new Range(Math.max(x.low(), y.low()), Math.max(x.high(), y.high()));
      }
      case Reshape(var x, _) -> range(x, defs);
      case Broadcast(var x, _) -> range(x, defs);
      case Slice(var x, _, _, _, _) -> range(x, defs);
      case null, default -> Range.ALL;
    };
  }

  private static Range range(Tensor tensor) {
    double low = Double.POSITIVE_INFINITY;
    double high = Double.NEGATIVE_INFINITY;
    for (int i = 0; i < tensor.elements(); i++) {
      low = Math.min(low, tensor.asDouble(i));
      high = Math.max(high, tensor.asDouble(i));
    }
    return new Range(low, high);
  }
}
