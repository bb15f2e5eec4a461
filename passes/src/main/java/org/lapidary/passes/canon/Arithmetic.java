package org.lapidary.passes.canon;

import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import org.lapidary.ir.DType;
import org.lapidary.ir.Value;
import org.lapidary.ir.op.Elementwise;
import org.lapidary.ir.op.Elementwise.Add;
import org.lapidary.ir.op.Elementwise.Div;
import org.lapidary.ir.op.Elementwise.Max;
import org.lapidary.ir.op.Elementwise.Min;
import org.lapidary.ir.op.Elementwise.Mul;
import org.lapidary.ir.op.Elementwise.Neg;
import org.lapidary.ir.op.Elementwise.Pow;
import org.lapidary.ir.op.Elementwise.Reciprocal;
import org.lapidary.ir.op.Elementwise.Sqrt;
import org.lapidary.ir.op.Elementwise.Sub;
import org.lapidary.ir.op.Layout.Reshape;
import org.lapidary.ir.op.Neural.Reduce;
import org.lapidary.ir.op.Neural.Reduction;
import org.lapidary.ir.op.Neural.Softmax;
import org.lapidary.ir.op.NnOp;
import org.lapidary.ir.op.Shapes;
import org.lapidary.ir.pass.Rewriter;
import org.lapidary.ir.pass.Rule;

/// Rules that choose one spelling of sums, products and reductions.
public final class Arithmetic {
  private Arithmetic() {}

  /// All of them.
  public static List<Rule<NnOp>> rules() {
    return List.of(
        new MoveConstantRight(),
        new ReplaceSubtraction(),
        new ReplaceDivision(),
        new ReplacePower(),
        new CancelNegation(),
        new MergeFactors(),
        new MergeAddends(),
        new CountAxesFromZero(),
        new KeepReducedAxes(),
        new AverageSum(),
        new CountSoftmaxAxisFromEnd());
  }

  private static boolean isReal(Value value) {
    return value.type().dtype() == DType.F32;
  }

  /// `c + x -> x + c`, and so for every commutative operation
  public record MoveConstantRight() implements Rule<NnOp> {
    @Override
    public Optional<Value> apply(NnOp op, Rewriter<NnOp> rw) {
      if (!(op instanceof Elementwise.Commutative commutative)) {
        return Optional.empty();
      }
      Elementwise.Binary swapped =
          switch (commutative) {
            case Add(var a, var b) -> new Add(b, a);
            case Mul(var a, var b) -> new Mul(b, a);
            case Min(var a, var b) -> new Min(b, a);
            case Max(var a, var b) -> new Max(b, a);
          };
      boolean wrongSide = Constants.is(swapped.b(), rw::def) && !Constants.is(swapped.a(), rw::def);
      return wrongSide ? Optional.of(rw.emit(swapped)) : Optional.empty();
    }
  }

  /// `x - c -> x + (-c)`
  public record ReplaceSubtraction() implements Rule<NnOp> {
    @Override
    public Optional<Value> apply(NnOp op, Rewriter<NnOp> rw) {
      return switch (op) {
        case Sub(var x, var c) when Constants.is(c, rw::def) && isReal(x) ->
            Optional.of(rw.emit(new Add(x, rw.emit(new Neg(c)))));
        default -> Optional.empty();
      };
    }
  }

  /// `x / c -> x * (1/c)` for a number c whose reciprocal is a normal number
  public record ReplaceDivision() implements Rule<NnOp> {
    @Override
    public Optional<Value> apply(NnOp op, Rewriter<NnOp> rw) {
      if (!(op instanceof Div(var x, var c)) || !isReal(x)) {
        return Optional.empty();
      }
      OptionalDouble divisor = Constants.scalar(c, rw::def);
      if (divisor.isEmpty() || !isNormal(divisor.getAsDouble())) {
        return Optional.empty();
      }
      return Optional.of(rw.emit(new Mul(x, rw.emit(new Reciprocal(c)))));
    }

    private static boolean isNormal(double divisor) {
      double size = Math.abs(divisor);
      return size >= Float.MIN_NORMAL && size <= 1 / (double) Float.MIN_NORMAL;
    }
  }

  /// `x ^ 2 -> x * x`, `x ^ 0.5 -> sqrt x`, `x ^ -0.5 -> 1 / sqrt x`, `x ^ -1 -> 1 / x`
  public record ReplacePower() implements Rule<NnOp> {
    @Override
    public Optional<Value> apply(NnOp op, Rewriter<NnOp> rw) {
      if (!(op instanceof Pow(var x, var e)) || !isReal(x)) {
        return Optional.empty();
      }
      double exponent = Constants.scalar(e, rw::def).orElse(0);
      if (!op.resultType().equals(x.type())) {
        return Optional.empty();
      }
      if (exponent == 2) {
        return Optional.of(rw.emit(new Mul(x, x)));
      } else if (exponent == 0.5) {
        return Optional.of(rw.emit(new Sqrt(x)));
      } else if (exponent == -0.5) {
        return Optional.of(rw.emit(new Reciprocal(rw.emit(new Sqrt(x)))));
      } else if (exponent == -1) {
        return Optional.of(rw.emit(new Reciprocal(x)));
      }
      return Optional.empty();
    }
  }

  /// `-(-x) -> x`, `x + (-y) -> x - y`
  public record CancelNegation() implements Rule<NnOp> {
    @Override
    public Optional<Value> apply(NnOp op, Rewriter<NnOp> rw) {
      return switch (op) {
        case Neg(var y) when rw.def(y) instanceof Neg(var x) -> Optional.of(x);
        case Add(var x, var n) when rw.def(n) instanceof Neg(var y) ->
            Optional.of(rw.emit(new Sub(x, y)));
        default -> Optional.empty();
      };
    }
  }

  /// `(x * c) * d -> x * (c * d)` for numbers c and d
  public record MergeFactors() implements Rule<NnOp> {
    @Override
    public Optional<Value> apply(NnOp op, Rewriter<NnOp> rw) {
      return switch (op) {
        case Mul(var y, var d)
            when isReal(y)
                && Constants.scalar(d, rw::def).isPresent()
                && rw.def(y) instanceof Mul(var x, var c)
                && Constants.scalar(c, rw::def).isPresent() ->
            Optional.of(rw.emit(new Mul(x, rw.emit(new Mul(c, d)))));
        default -> Optional.empty();
      };
    }
  }

  /// `(x + c) + d -> x + (c + d)` for constants c and d
  public record MergeAddends() implements Rule<NnOp> {
    @Override
    public Optional<Value> apply(NnOp op, Rewriter<NnOp> rw) {
      return switch (op) {
        case Add(var y, var d)
            when isReal(y)
                && Constants.is(d, rw::def)
                && rw.def(y) instanceof Add(var x, var c)
                && Constants.is(c, rw::def)
                && !Constants.is(x, rw::def) ->
            Optional.of(rw.emit(new Add(x, rw.emit(new Add(c, d)))));
        default -> Optional.empty();
      };
    }
  }

  /// `reduce(x, axis -1) -> reduce(x, axis rank-1)`, axes in ascending order
  public record CountAxesFromZero() implements Rule<NnOp> {
    @Override
    public Optional<Value> apply(NnOp op, Rewriter<NnOp> rw) {
      if (!(op instanceof Reduce(var x, var how, var axes, var keep))) {
        return Optional.empty();
      }
      int rank = x.type().rank();
      List<Integer> counted =
          axes.stream().map(a -> Shapes.axis(a, rank)).sorted().distinct().toList();
      return counted.equals(axes)
          ? Optional.empty()
          : Optional.of(rw.emit(new Reduce(x, how, counted, keep)));
    }
  }

  /// `reshape(reduce(x, drop), with the axes back) -> reduce(x, keep)`
  public record KeepReducedAxes() implements Rule<NnOp> {
    @Override
    public Optional<Value> apply(NnOp op, Rewriter<NnOp> rw) {
      if (!(op instanceof Reshape(var r, var dims))
          || !(rw.def(r) instanceof Reduce(var x, var how, var axes, var keep))
          || keep) {
        return Optional.empty();
      }
      Reduce kept = new Reduce(x, how, axes, true);
      return kept.resultType().dims().equals(dims) ? Optional.of(rw.emit(kept)) : Optional.empty();
    }
  }

  /// `sum(x) * (1/n) -> mean(x)` for n summed elements
  public record AverageSum() implements Rule<NnOp> {
    private static final double TOLERANCE = 1e-6;

    @Override
    public Optional<Value> apply(NnOp op, Rewriter<NnOp> rw) {
      if (!(op instanceof Mul(var s, var c))
          || !isReal(s)
          || !(rw.def(s) instanceof Reduce(var x, var how, var axes, var keep))
          || how != Reduction.SUM) {
        return Optional.empty();
      }
      double n = (double) x.type().elements() / Math.max(1, s.type().elements());
      double factor = Constants.scalar(c, rw::def).orElse(0);
      return Math.abs(factor * n - 1) < TOLERANCE && op.resultType().equals(s.type())
          ? Optional.of(rw.emit(new Reduce(x, Reduction.MEAN, axes, keep)))
          : Optional.empty();
    }
  }

  /// `softmax(x, axis rank-1) -> softmax(x, axis -1)`
  public record CountSoftmaxAxisFromEnd() implements Rule<NnOp> {
    @Override
    public Optional<Value> apply(NnOp op, Rewriter<NnOp> rw) {
      return switch (op) {
        case Softmax(var x, var axis) when axis == x.type().rank() - 1 ->
            Optional.of(rw.emit(new Softmax(x, -1)));
        default -> Optional.empty();
      };
    }
  }
}
