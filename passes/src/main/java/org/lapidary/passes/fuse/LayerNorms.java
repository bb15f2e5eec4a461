package org.lapidary.passes.fuse;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import org.lapidary.ir.Tensor;
import org.lapidary.ir.Value;
import org.lapidary.ir.op.Elementwise.Add;
import org.lapidary.ir.op.Elementwise.Mul;
import org.lapidary.ir.op.Layout.Const;
import org.lapidary.ir.op.Layout.Reshape;
import org.lapidary.ir.op.Layout.Transpose;
import org.lapidary.ir.op.Neural.LayerNorm;
import org.lapidary.ir.op.NnOp;
import org.lapidary.ir.op.OpInfo;
import org.lapidary.ir.pass.Rewriter;
import org.lapidary.ir.pass.Rule;
import org.lapidary.passes.canon.Constants;
import org.lapidary.passes.canon.Definitions;
import org.lapidary.passes.canon.LayoutChain;
import org.lapidary.passes.fuse.Recognition.Found;

/// Rules that make one operation of a layer normalisation.
public final class LayerNorms {
  private LayerNorms() {}

  /// All of them.
  public static List<Rule<NnOp>> rules() {
    return List.of(
        new RecogniseLayerNorm(), new AbsorbGain(), new AbsorbShift(), new AbsorbBeforeLayout());
  }

  /// `(x - mean x) / sqrt(mean (x - mean x)^2 + eps) * g + b -> layernorm(x, g, b, eps)`
  public record RecogniseLayerNorm() implements Rule<NnOp> {
    @Override
    public Optional<Value> apply(NnOp op, Rewriter<NnOp> rw) {
      return LayerNormPattern.recognise(op, rw::def) instanceof Found(var parts)
          ? emit(parts, rw)
          : Optional.empty();
    }

    private static Optional<Value> emit(LayerNormPattern.Parts p, Rewriter<NnOp> rw) {
      int rank = p.x().type().rank();
      int n = p.axes().stream().mapToInt(p.x().type()::dim).reduce(1, (a, b) -> a * b);
      Optional<Value> gain = vector(p.gain(), p.gainFactor(), n, p, rw);
      Optional<Value> shift = vector(p.shift(), p.shiftFactor(), n, p, rw);
      if (gain.isEmpty() || shift.isEmpty()) {
        return Optional.empty();
      }
      List<Integer> order =
          new ArrayList<>(
              IntStream.range(0, rank).filter(i -> !p.axes().contains(i)).boxed().toList());
      List<Integer> dims = new ArrayList<>(order.stream().map(p.x().type()::dim).toList());
      dims.add(n);
      order.addAll(p.axes());
      // On the last axis alone both steps do nothing, and canonicalisation removes them.
      Value moved = rw.emit(new Transpose(p.x(), order));
      Value rows = rw.emit(new Reshape(moved, dims));
      Value norm = rw.emit(new LayerNorm(rows, gain.get(), shift.get(), p.epsilon()));
      Value back = rw.emit(new Reshape(norm, moved.type().dims()));
      List<Integer> inverse = IntStream.range(0, rank).map(order::indexOf).boxed().toList();
      return Optional.of(
          rank == 1 || p.axes().equals(List.of(rank - 1))
              ? norm
              : rw.emit(new Transpose(back, inverse)));
    }

    /// Gain or shift as a vector over the normalised axes, if it is one.
    private static Optional<Value> vector(
        Optional<Value> value, double factor, int n, LayerNormPattern.Parts p, Rewriter<NnOp> rw) {
      if (value.isEmpty()) {
        return Optional.of(rw.emit(Constants.vector(n, factor)));
      }
      List<Integer> dims = value.get().type().dims();
      int rank = p.x().type().rank();
      for (int i = 0; i < dims.size(); i++) {
        int axis = i + rank - dims.size();
        if (dims.get(i) != 1 && !p.axes().contains(axis)) {
          return Optional.empty();
        }
      }
      if (value.get().type().elements() != n) {
        return Optional.empty();
      }
      Value flat = rw.emit(new Reshape(value.get(), List.of(n)));
      return Optional.of(
          factor == 1 ? flat : rw.emit(new Mul(flat, rw.emit(Constants.scalar(factor)))));
    }
  }

  /// `layernorm(x, 1, 0) * g -> layernorm(x, g, 0)`
  public record AbsorbGain() implements Rule<NnOp> {
    @Override
    public Optional<Value> apply(NnOp op, Rewriter<NnOp> rw) {
      return switch (op) {
        case Mul(var y, var g) -> absorb(y, g, op, rw).or(() -> absorb(g, y, op, rw));
        default -> Optional.empty();
      };
    }

    private static Optional<Value> absorb(Value y, Value g, NnOp op, Rewriter<NnOp> rw) {
      if (!(rw.def(y) instanceof LayerNorm(var x, var gain, var shift, var epsilon))
          || !isFilledWith(1, gain, rw::def)
          || !isFilledWith(0, shift, rw::def)
          || !op.resultType().equals(y.type())) {
        return Optional.empty();
      }
      return alongLastAxis(g, gain, rw).map(v -> rw.emit(new LayerNorm(x, v, shift, epsilon)));
    }
  }

  /// `layernorm(x, g, 0) + b -> layernorm(x, g, b)`
  public record AbsorbShift() implements Rule<NnOp> {
    @Override
    public Optional<Value> apply(NnOp op, Rewriter<NnOp> rw) {
      return switch (op) {
        case Add(var y, var b) -> absorb(y, b, op, rw).or(() -> absorb(b, y, op, rw));
        default -> Optional.empty();
      };
    }

    private static Optional<Value> absorb(Value y, Value b, NnOp op, Rewriter<NnOp> rw) {
      if (!(rw.def(y) instanceof LayerNorm(var x, var gain, var shift, var epsilon))
          || !isFilledWith(0, shift, rw::def)
          || !op.resultType().equals(y.type())) {
        return Optional.empty();
      }
      return alongLastAxis(b, shift, rw).map(v -> rw.emit(new LayerNorm(x, gain, v, epsilon)));
    }
  }

  /// `layout(layernorm(x)) * g -> layout(layernorm(x) * g)`, and the same for the shift, where the
  /// normalised axes are not the last one
  public record AbsorbBeforeLayout() implements Rule<NnOp> {
    @Override
    public Optional<Value> apply(NnOp op, Rewriter<NnOp> rw) {
      return switch (op) {
        case Mul(var y, var g) -> before(op, y, g, rw);
        case Add(var y, var b) -> before(op, y, b, rw);
        default -> Optional.empty();
      };
    }

    private static Optional<Value> before(NnOp op, Value y, Value other, Rewriter<NnOp> rw) {
      LayoutChain chain = LayoutChain.endingIn(y, rw::def);
      if (chain.length() == 0
          || !Constants.is(other, rw::def)
          || !op.resultType().equals(y.type())
          || !(rw.def(chain.source()) instanceof LayerNorm(var x, _, var shift, _))
          || !isFilledWith(0, shift, rw::def)) {
        return Optional.empty();
      }
      return chain
          .pullBack(other.type().dims())
          .filter(dims -> dims.size() <= 1 && dims.size() <= x.type().rank())
          .map(dims -> {
            Value vector = rw.emit(new Reshape(other, dims));
            NnOp below = OpInfo.mapOperands(op, v -> v == y ? chain.source() : vector);
            return chain.plan().applyTo(rw.emit(below), rw::emit);
          });
    }
  }

  /// A factor or addend as a vector like the given one, if it varies along the last axis only.
  private static Optional<Value> alongLastAxis(Value value, Value like, Rewriter<NnOp> rw) {
    int n = like.type().elements();
    if (!Constants.isAlongLastAxis(value)) {
      return Optional.empty();
    } else if (value.type().elements() == n) {
      return Optional.of(rw.emit(new Reshape(value, List.of(n))));
    } else if (Constants.is(value, rw::def)) {
      Value scalar = rw.emit(new Reshape(value, List.of()));
      return Optional.of(rw.emit(new Mul(rw.emit(Constants.vector(n, 1)), scalar)));
    }
    return Optional.empty();
  }

  private static boolean isFilledWith(double number, Value value, Definitions defs) {
    if (!(defs.def(value) instanceof Const(var data))) {
      return false;
    }
    Tensor tensor = data.load();
    return IntStream.range(0, tensor.elements()).allMatch(i -> tensor.asDouble(i) == number);
  }
}
