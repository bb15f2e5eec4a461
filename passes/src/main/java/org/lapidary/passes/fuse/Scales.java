package org.lapidary.passes.fuse;

import java.util.List;
import java.util.Optional;
import org.lapidary.ir.DType;
import org.lapidary.ir.Value;
import org.lapidary.ir.op.Elementwise.Add;
import org.lapidary.ir.op.Elementwise.Mul;
import org.lapidary.ir.op.Layout.Reshape;
import org.lapidary.ir.op.Layout.Slice;
import org.lapidary.ir.op.Layout.Transpose;
import org.lapidary.ir.op.Neural.MatMul;
import org.lapidary.ir.op.NnOp;
import org.lapidary.ir.op.OpInfo;
import org.lapidary.ir.pass.Rewriter;
import org.lapidary.ir.pass.Rule;
import org.lapidary.passes.canon.Constants;
import org.lapidary.passes.canon.Definitions;

/// Rules that bring numbers which multiply q, k or the scores to one place, and then make them
/// disappear in the weights of a linear layer.
public final class Scales {
  private Scales() {}

  /// The rules that gather scales behind products.
  public static List<Rule<NnOp>> gathering() {
    return List.of(new SinkScale(), new ScaleBeforeMask());
  }

  /// The rules that fold scales into weights.
  public static List<Rule<NnOp>> folding() {
    return List.of(new FoldScale());
  }

  private static boolean isScale(Value value, Definitions defs) {
    return value.type().dtype() == DType.F32 && Constants.scalar(value, defs).isPresent();
  }

  /// `matmul(a * c, b) -> matmul(a, b) * c` for a number c, on either side, and `layout(x * c) ->
  /// layout(x) * c`
  public record SinkScale() implements Rule<NnOp> {
    @Override
    public Optional<Value> apply(NnOp op, Rewriter<NnOp> rw) {
      return switch (op) {
        case MatMul(var a, var b) -> sink(op, a, rw).or(() -> sink(op, b, rw));
        case Reshape(var x, _) -> sink(op, x, rw);
        case Transpose(var x, _) -> sink(op, x, rw);
        case Slice(var x, _, _, _, _) -> sink(op, x, rw);
        default -> Optional.empty();
      };
    }

    private static Optional<Value> sink(NnOp op, Value scaled, Rewriter<NnOp> rw) {
      if (!(rw.def(scaled) instanceof Mul(var x, var c))
          || !isScale(c, rw::def)
          || !x.type().equals(scaled.type())) {
        return Optional.empty();
      }
      Value factor = rw.emit(new Reshape(c, List.of()));
      Value product =
          rw.emit(new Mul(rw.emit(OpInfo.mapOperands(op, v -> v == scaled ? x : v)), factor));
      boolean isSquare = op instanceof MatMul(var a, var b) && a == b;
      return Optional.of(isSquare ? rw.emit(new Mul(product, factor)) : product);
    }
  }

  /// `(scores + m) * c -> scores * c + m * c`
  public record ScaleBeforeMask() implements Rule<NnOp> {
    @Override
    public Optional<Value> apply(NnOp op, Rewriter<NnOp> rw) {
      if (!(op instanceof Mul(var y, var c))
          || !isScale(c, rw::def)
          || !(rw.def(y) instanceof Add(var a, var m))
          || !Masks.isScores(a, rw::def)
          || Masks.isScores(m, rw::def)) {
        return Optional.empty();
      }
      return Optional.of(
          rw.emitLike(y, new Add(rw.emit(new Mul(a, c)), rw.emitLike(m, new Mul(m, c)))));
    }
  }

  /// `(x W + b) * c -> x (c W) + c b`, and the same for the scores of a q, or k, that nothing else
  /// reads
  public record FoldScale() implements Rule<NnOp> {
    @Override
    public Optional<Value> apply(NnOp op, Rewriter<NnOp> rw) {
      if (!(op instanceof Mul(var x, var c))
          || !isScale(c, rw::def)
          || !op.resultType().equals(x.type())) {
        return Optional.empty();
      }
      return scaled(x, c, rw);
    }

    /// The value times c, if that can be had by scaling constants.
    private static Optional<Value> scaled(Value value, Value c, Rewriter<NnOp> rw) {
      if (rw.users(value) > 1) {
        return Optional.empty();
      }
      return switch (rw.def(value)) {
        case MatMul(var x, var w) when Constants.is(w, rw::def) ->
            Optional.of(rw.emitLike(value, new MatMul(x, times(w, c, rw))));
        case MatMul(var q, var k) ->
            scaled(q, c, rw)
                .map(part -> rw.emitLike(value, new MatMul(part, k)))
                .or(() -> scaled(k, c, rw).map(part -> rw.emitLike(value, new MatMul(q, part))));
        case Add(var y, var b) when Constants.is(b, rw::def) ->
            scaled(y, c, rw).map(part -> rw.emitLike(value, new Add(part, times(b, c, rw))));
        case Reshape(var x, var dims) ->
            scaled(x, c, rw).map(part -> rw.emitLike(value, new Reshape(part, dims)));
        case Transpose(var x, var permutation) ->
            scaled(x, c, rw).map(part -> rw.emitLike(value, new Transpose(part, permutation)));
        case null, default -> Optional.empty();
      };
    }

    private static Value times(Value constant, Value c, Rewriter<NnOp> rw) {
      return rw.emitLike(constant, new Mul(constant, c));
    }
  }
}
