package org.lapidary.passes.fuse;

import java.util.List;
import java.util.Optional;
import org.lapidary.ir.Value;
import org.lapidary.ir.op.Elementwise.Div;
import org.lapidary.ir.op.Elementwise.Exp;
import org.lapidary.ir.op.Elementwise.Mul;
import org.lapidary.ir.op.Elementwise.Reciprocal;
import org.lapidary.ir.op.Elementwise.Sub;
import org.lapidary.ir.op.Neural.Reduce;
import org.lapidary.ir.op.Neural.Reduction;
import org.lapidary.ir.op.Neural.Softmax;
import org.lapidary.ir.op.NnOp;
import org.lapidary.ir.op.Shapes;
import org.lapidary.ir.pass.Rewriter;
import org.lapidary.ir.pass.Rule;
import org.lapidary.passes.canon.Definitions;
import org.lapidary.passes.fuse.Recognition.Found;
import org.lapidary.passes.fuse.Recognition.Missed;
import org.lapidary.passes.fuse.Recognition.Unlike;

/// Rules that make one operation of a softmax.
public final class Softmaxes {
  private Softmaxes() {}

  /// All of them.
  public static List<Rule<NnOp>> rules() {
    return List.of(new RecogniseSoftmax(), new DropSoftmaxShift());
  }

  /// The operand and the axis of a softmax.
  public record Parts(Value x, int axis) {}

  /// `e / sum(e)` or `e * (1 / sum(e))`, where `e = exp(x)`.
  public static Recognition<Parts> recognise(NnOp root, Definitions defs) {
    return switch (root) {
      case Div(var e, var sum) -> quotient(e, sum, defs);
      case Mul(var e, var r) when defs.def(r) instanceof Reciprocal(var sum) ->
          quotient(e, sum, defs);
      case Mul(var r, var e) when defs.def(r) instanceof Reciprocal(var sum) ->
          quotient(e, sum, defs);
      default -> new Unlike<>();
    };
  }

  private static Recognition<Parts> quotient(Value e, Value sum, Definitions defs) {
    if (!(defs.def(e) instanceof Exp(var x))) {
      return new Unlike<>();
    }
    if (!(defs.def(sum) instanceof Reduce(var summed, var how, var axes, var keep))
        || how != Reduction.SUM) {
      return new Missed<>(1, e, "it should be divided by its sum");
    }
    if (summed != e) {
      return new Missed<>(2, e, "it is divided by the sum of another value");
    }
    return keep && axes.size() == 1
        ? new Found<>(new Parts(x, axes.getFirst()))
        : new Missed<>(3, e, "its sum should be over one axis and keep it, but is over " + axes);
  }

  /// `exp(x) / sum(exp(x)) -> softmax(x)`
  public record RecogniseSoftmax() implements Rule<NnOp> {
    @Override
    public Optional<Value> apply(NnOp op, Rewriter<NnOp> rw) {
      return recognise(op, rw::def) instanceof Found(var parts)
          ? Optional.of(rw.emit(new Softmax(parts.x(), parts.axis())))
          : Optional.empty();
    }
  }

  /// `softmax(x - m) -> softmax(x)` for an m that is the same along the axis: the maximum
  public record DropSoftmaxShift() implements Rule<NnOp> {
    @Override
    public Optional<Value> apply(NnOp op, Rewriter<NnOp> rw) {
      if (!(op instanceof Softmax(var shifted, var axis))
          || !(rw.def(shifted) instanceof Sub(var x, var m))
          || !x.type().equals(shifted.type())
          || m.type().rank() != x.type().rank()) {
        return Optional.empty();
      }
      return m.type().dim(Shapes.axis(axis, x.type().rank())) == 1
          ? Optional.of(rw.emit(new Softmax(x, axis)))
          : Optional.empty();
    }
  }
}
