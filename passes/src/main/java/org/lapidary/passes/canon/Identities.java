package org.lapidary.passes.canon;

import java.util.List;
import java.util.Optional;
import org.lapidary.ir.Value;
import org.lapidary.ir.op.Elementwise;
import org.lapidary.ir.op.Elementwise.Add;
import org.lapidary.ir.op.Elementwise.Cast;
import org.lapidary.ir.op.Elementwise.Mul;
import org.lapidary.ir.op.Elementwise.Not;
import org.lapidary.ir.op.Elementwise.Pow;
import org.lapidary.ir.op.Elementwise.Where;
import org.lapidary.ir.op.Layout.Broadcast;
import org.lapidary.ir.op.Layout.Concat;
import org.lapidary.ir.op.Layout.Slice;
import org.lapidary.ir.op.NnOp;
import org.lapidary.ir.op.OpInfo;
import org.lapidary.ir.op.Shapes;
import org.lapidary.ir.pass.Rewriter;
import org.lapidary.ir.pass.Rule;

/// Rules that remove operations which do nothing.
public final class Identities {
  private Identities() {}

  /// All of them.
  public static List<Rule<NnOp>> rules() {
    return List.of(
        new DropAddZero(),
        new DropMulOne(),
        new DropPowOne(),
        new DropSameCast(),
        new DropWholeSlice(),
        new DropSameBroadcast(),
        new DropBroadcastOperand(),
        new DropEmptyParts(),
        new DropEqualBranches(),
        new SwapNegatedBranches());
  }

  /// The operand, if it has the type the operation would have had.
  private static Optional<Value> same(Value operand, NnOp op) {
    return operand.type().equals(op.resultType()) ? Optional.of(operand) : Optional.empty();
  }

  /// `x + 0 -> x`
  public record DropAddZero() implements Rule<NnOp> {
    @Override
    public Optional<Value> apply(NnOp op, Rewriter<NnOp> rw) {
      return switch (op) {
        case Add(var x, var c) when Constants.isScalar(c, 0, rw::def) -> same(x, op);
        default -> Optional.empty();
      };
    }
  }

  /// `x * 1 -> x`
  public record DropMulOne() implements Rule<NnOp> {
    @Override
    public Optional<Value> apply(NnOp op, Rewriter<NnOp> rw) {
      return switch (op) {
        case Mul(var x, var c) when Constants.isScalar(c, 1, rw::def) -> same(x, op);
        default -> Optional.empty();
      };
    }
  }

  /// `x ^ 1 -> x`
  public record DropPowOne() implements Rule<NnOp> {
    @Override
    public Optional<Value> apply(NnOp op, Rewriter<NnOp> rw) {
      return switch (op) {
        case Pow(var x, var c) when Constants.isScalar(c, 1, rw::def) -> same(x, op);
        default -> Optional.empty();
      };
    }
  }

  /// `cast(x: T, T) -> x`
  public record DropSameCast() implements Rule<NnOp> {
    @Override
    public Optional<Value> apply(NnOp op, Rewriter<NnOp> rw) {
      return switch (op) {
        case Cast(var x, _) -> same(x, op);
        default -> Optional.empty();
      };
    }
  }

  /// `slice(x, axis, all of it) -> x`
  public record DropWholeSlice() implements Rule<NnOp> {
    @Override
    public Optional<Value> apply(NnOp op, Rewriter<NnOp> rw) {
      return switch (op) {
        case Slice(var x, _, _, _, var step) when step > 0 -> same(x, op);
        default -> Optional.empty();
      };
    }
  }

  /// `broadcast(x, its own shape) -> x`
  public record DropSameBroadcast() implements Rule<NnOp> {
    @Override
    public Optional<Value> apply(NnOp op, Rewriter<NnOp> rw) {
      return switch (op) {
        case Broadcast(var x, _) -> same(x, op);
        default -> Optional.empty();
      };
    }
  }

  /// `f(broadcast(x), y) -> f(x, y)`, where f broadcasts x to the same shape anyway
  public record DropBroadcastOperand() implements Rule<NnOp> {
    @Override
    public Optional<Value> apply(NnOp op, Rewriter<NnOp> rw) {
      if (!(op instanceof Elementwise)) {
        return Optional.empty();
      }
      for (Value operand : OpInfo.operands(op)) {
        if (rw.def(operand) instanceof Broadcast(var x, _)) {
          NnOp shorter = OpInfo.mapOperands(op, v -> v == operand ? x : v);
          if (shorter.resultType().equals(op.resultType())) {
            return Optional.of(rw.emit(shorter));
          }
        }
      }
      return Optional.empty();
    }
  }

  /// `concat(x, empty) -> x`, for example a cache of length 0
  public record DropEmptyParts() implements Rule<NnOp> {
    @Override
    public Optional<Value> apply(NnOp op, Rewriter<NnOp> rw) {
      if (!(op instanceof Concat(var parts, var axis))) {
        return Optional.empty();
      }
      int a = Shapes.axis(axis, op.resultType().rank());
      List<Value> rest = parts.stream().filter(p -> p.type().dim(a) > 0).toList();
      if (rest.size() == 1) {
        return Optional.of(rest.getFirst());
      }
      return rest.size() == parts.size() || rest.isEmpty()
          ? Optional.empty()
          : Optional.of(rw.emit(new Concat(rest, axis)));
    }
  }

  /// `where(c, x, x) -> x`
  public record DropEqualBranches() implements Rule<NnOp> {
    @Override
    public Optional<Value> apply(NnOp op, Rewriter<NnOp> rw) {
      return switch (op) {
        case Where(_, var x, var y) when x == y -> same(x, op);
        default -> Optional.empty();
      };
    }
  }

  /// `where(not c, x, y) -> where(c, y, x)`
  public record SwapNegatedBranches() implements Rule<NnOp> {
    @Override
    public Optional<Value> apply(NnOp op, Rewriter<NnOp> rw) {
      return switch (op) {
        case Where(var c, var x, var y) when rw.def(c) instanceof Not(var d) ->
            Optional.of(rw.emit(new Where(d, y, x)));
        default -> Optional.empty();
      };
    }
  }
}
