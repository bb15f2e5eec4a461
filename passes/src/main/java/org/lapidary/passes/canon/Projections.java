package org.lapidary.passes.canon;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.lapidary.ir.Value;
import org.lapidary.ir.op.Elementwise;
import org.lapidary.ir.op.Elementwise.Add;
import org.lapidary.ir.op.Elementwise.Mul;
import org.lapidary.ir.op.Layout.Reshape;
import org.lapidary.ir.op.Layout.Slice;
import org.lapidary.ir.op.Neural.LayerNorm;
import org.lapidary.ir.op.Neural.MatMul;
import org.lapidary.ir.op.Neural.Softmax;
import org.lapidary.ir.op.NnOp;
import org.lapidary.ir.op.OpInfo;
import org.lapidary.ir.op.Shapes;
import org.lapidary.ir.pass.Rewriter;
import org.lapidary.ir.pass.Rule;

/// Rules that bring linear layers into the form `matmul(x, W) + b` on a stream `[B,S,H]`.
///
/// Reshapes to `[B*S,H]` and transposes to `[S,B,H]` are only bookkeeping of an exporter. They sink
/// below everything that treats each row of the last axis alone, until they meet their inverse, and
/// merge into nothing.
public final class Projections {
  private Projections() {}

  /// All of them.
  public static List<Rule<NnOp>> rules() {
    return List.of(
        new SinkLayoutBelowMatMul(),
        new SinkLayoutBelowRowwise(),
        new SinkLayoutBelowBinary(),
        new MergeBatchAxes(),
        new FlattenBias(),
        new AttachBias(),
        new AddBiasBeforeSplit(),
        new ScaleColumns(),
        new SplitPackedProjection());
  }

  private static boolean isMatrix(Value value) {
    return value.type().rank() == 2;
  }

  private static boolean isProjection(Value value, Rewriter<NnOp> rw) {
    return rw.def(value) instanceof MatMul(_, var w) && Constants.is(w, rw::def);
  }

  private static boolean isBookkeeping(RowLayout layout) {
    return layout.coreIsSource() && (layout.movesRows() || layout.mergesAxes());
  }

  /// `matmul(rows moved or merged (x), W) -> rows moved or merged (matmul(x, W))`
  public record SinkLayoutBelowMatMul() implements Rule<NnOp> {
    @Override
    public Optional<Value> apply(NnOp op, Rewriter<NnOp> rw) {
      if (!(op instanceof MatMul(var rows, var w))
          || w.type().rank() != 2
          || !Constants.is(w, rw::def)) {
        return Optional.empty();
      }
      return RowLayout.of(rows, rw::def)
          // From [1,G,..] to [G,..] is not bookkeeping: that is a stream of rank 3 already.
          .filter(layout -> layout.movesRows() || (layout.mergesAxes() && isMatrix(rows)))
          .map(layout -> {
            Value core = layout.core().plan().applyTo(layout.core().source(), rw::emit);
            return layout.reapply(rw.emit(new MatMul(core, w)), rw::emit);
          });
    }
  }

  /// `f(rows moved or merged (x)) -> rows moved or merged (f(x))` for an f that treats every row
  /// alone: activations and normalisations
  public record SinkLayoutBelowRowwise() implements Rule<NnOp> {
    @Override
    public Optional<Value> apply(NnOp op, Rewriter<NnOp> rw) {
      Optional<Value> rows = rowsOf(op);
      return rows.flatMap(r -> RowLayout.of(r, rw::def))
          .filter(Projections::isBookkeeping)
          .map(layout -> {
            NnOp onSource =
                OpInfo.mapOperands(op, v -> v == rows.get() ? layout.core().source() : v);
            return layout.reapply(rw.emit(onSource), rw::emit);
          });
    }

    /// The operand whose rows the operation treats alone, if it is one that does.
    private static Optional<Value> rowsOf(NnOp op) {
      return switch (op) {
        case Elementwise.Cast _ -> Optional.empty();
        case Elementwise.Unary unary -> Optional.of(unary.x());
        case LayerNorm norm -> Optional.of(norm.x());
        case Softmax(var x, var axis) when axis == -1 -> Optional.of(x);
        default -> Optional.empty();
      };
    }
  }

  /// `f(rows moved or merged (x), the same (y)) -> rows moved or merged (f(x, y))`, and `f(leading
  /// axes merged (x), m) -> leading axes merged (f(x, m with its axes split))`
  public record SinkLayoutBelowBinary() implements Rule<NnOp> {
    @Override
    public Optional<Value> apply(NnOp op, Rewriter<NnOp> rw) {
      if (!(op instanceof Elementwise.Binary binary)) {
        return Optional.empty();
      }
      return sink(binary, binary.a(), binary.b(), rw)
          .or(() -> sink(binary, binary.b(), binary.a(), rw));
    }

    private static Optional<Value> sink(
        Elementwise.Binary op, Value rows, Value other, Rewriter<NnOp> rw) {
      if (rows == other || !op.resultType().dims().equals(rows.type().dims())) {
        return Optional.empty();
      }
      return RowLayout.of(rows, rw::def)
          .filter(Projections::isBookkeeping)
          .flatMap(layout ->
              partner(layout, other, rw)
                  .map(partner -> {
                    Value x = layout.core().source();
                    NnOp onSource = OpInfo.mapOperands((NnOp) op, v -> v == rows ? x : partner);
                    return layout.reapply(rw.emit(onSource), rw::emit);
                  }));
    }

    /// The other operand as it meets the source of the layout.
    private static Optional<Value> partner(RowLayout layout, Value other, Rewriter<NnOp> rw) {
      Optional<RowLayout> its = RowLayout.of(other, rw::def);
      if (its.isPresent() && its.get().isSameAs(layout)) {
        return Optional.of(its.get().core().source());
      }
      return layout
          .chain()
          .pullBack(other.type().dims())
          .map(
              dims -> dims.equals(other.type().dims()) ? other : rw.emit(new Reshape(other, dims)));
    }
  }

  /// `matmul([G,M,K], [G,K,N]) -> reshape(matmul([B,h,M,K], [B,h,K,N]))`, where G are heads of
  /// several sentences, or with one sentence, `[1,G,..]`
  public record MergeBatchAxes() implements Rule<NnOp> {
    @Override
    public Optional<Value> apply(NnOp op, Rewriter<NnOp> rw) {
      if (!(op instanceof MatMul(var a, var b))
          || a.type().rank() != 3
          || b.type().rank() != 3
          || Constants.is(b, rw::def)
          || a.type().dim(0) != b.type().dim(0)) {
        return Optional.empty();
      }
      List<Integer> batch =
          batchOf(a, rw).or(() -> batchOf(b, rw)).orElse(List.of(1, a.type().dim(0)));
      Value product = rw.emit(new MatMul(withBatch(a, batch, rw), withBatch(b, batch, rw)));
      return Optional.of(rw.emit(new Reshape(product, op.resultType().dims())));
    }

    /// The two axes that were merged into the first one.
    private static Optional<List<Integer>> batchOf(Value value, Rewriter<NnOp> rw) {
      LayoutChain chain = LayoutChain.endingIn(value, rw::def);
      List<Integer> merged = chain.atomsOfAxes().getFirst();
      return merged.size() == 2
          ? Optional.of(merged.stream().map(chain.atoms()::get).toList())
          : Optional.empty();
    }

    private static Value withBatch(Value value, List<Integer> batch, Rewriter<NnOp> rw) {
      List<Integer> dims = new ArrayList<>(batch);
      dims.addAll(value.type().dims().subList(1, 3));
      return rw.emit(new Reshape(value, dims));
    }
  }

  /// `matmul(x, W) + b[1,1,N] -> matmul(x, W) + b[N]`
  public record FlattenBias() implements Rule<NnOp> {
    @Override
    public Optional<Value> apply(NnOp op, Rewriter<NnOp> rw) {
      if (!(op instanceof Add(var x, var b))
          || !isProjection(x, rw)
          || !Constants.is(b, rw::def)
          || b.type().rank() < 2
          || b.type().rank() > x.type().rank()
          || b.type().elements() != b.type().dim(-1)
          || b.type().dim(-1) != x.type().dim(-1)) {
        return Optional.empty();
      }
      Value flat = rw.emit(new Reshape(b, List.of(b.type().elements())));
      return Optional.of(rw.emit(new Add(x, flat)));
    }
  }

  /// `(matmul(x, W) + r) + b -> (matmul(x, W) + b) + r` for a constant vector b
  public record AttachBias() implements Rule<NnOp> {
    @Override
    public Optional<Value> apply(NnOp op, Rewriter<NnOp> rw) {
      return op instanceof Add(var sum, var b)
              && isVector(b, rw)
              && rw.def(sum) instanceof Add(var p, var r)
              && sum.type().equals(op.resultType())
          ? attach(p, r, b, sum, rw).or(() -> attach(r, p, b, sum, rw))
          : Optional.empty();
    }

    private static Optional<Value> attach(
        Value product, Value rest, Value b, Value sum, Rewriter<NnOp> rw) {
      boolean unbiased =
          isProjection(product, rw)
              && !Constants.is(rest, rw::def)
              && product.type().equals(sum.type());
      return unbiased
          ? Optional.of(rw.emitLike(sum, new Add(rw.emit(new Add(product, b)), rest)))
          : Optional.empty();
    }

    private static boolean isVector(Value b, Rewriter<NnOp> rw) {
      return b.type().rank() == 1 && Constants.is(b, rw::def);
    }
  }

  /// `reshape(y, [B,S,h,d]) + b[h,d] -> reshape(y + b[h*d], [B,S,h,d])`
  public record AddBiasBeforeSplit() implements Rule<NnOp> {
    @Override
    public Optional<Value> apply(NnOp op, Rewriter<NnOp> rw) {
      if (!(op instanceof Add(var split, var b))
          || !Constants.is(b, rw::def)
          || b.type().elements() == 1
          || !split.type().equals(op.resultType())
          || !(rw.def(split) instanceof Reshape(var y, var dims))
          || !isProjection(y, rw)) {
        return Optional.empty();
      }
      return LayoutChain.at(y)
          .then(new Reshape(y, dims))
          .flatMap(chain -> chain.pullBack(b.type().dims()))
          .filter(shape -> shape.equals(List.of(y.type().dim(-1))))
          .map(shape -> rw.emit(new Add(y, rw.emit(new Reshape(b, shape)))))
          .map(sum -> rw.emitLike(split, new Reshape(sum, dims)));
    }
  }

  /// `slice(matmul(x, W) + b, columns) -> matmul(x, W columns) + b columns`
  ///
  /// The packed projection of q, k and v becomes three, so that each gets a scale of its own.
  public record SplitPackedProjection() implements Rule<NnOp> {
    @Override
    public Optional<Value> apply(NnOp op, Rewriter<NnOp> rw) {
      if (!(op instanceof Slice columns)
          || Shapes.axis(columns.axis(), columns.x().type().rank())
              != columns.x().type().rank() - 1) {
        return Optional.empty();
      }
      return switch (rw.def(columns.x())) {
        case MatMul(var x, var w) -> product(x, w, columns, rw);
        case Add(var y, var b)
            when rw.def(y) instanceof MatMul(var x, var w)
                && Constants.is(b, rw::def)
                && b.type().rank() == 1
                && b.type().dim(0) == y.type().dim(-1) ->
            product(x, w, columns, rw).map(part -> rw.emit(new Add(part, rw.emit(of(columns, b)))));
        case null, default -> Optional.empty();
      };
    }

    private static Optional<Value> product(Value x, Value w, Slice columns, Rewriter<NnOp> rw) {
      return Constants.is(w, rw::def) && w.type().rank() == 2
          ? Optional.of(rw.emit(new MatMul(x, rw.emit(of(columns, w)))))
          : Optional.empty();
    }

    private static Slice of(Slice columns, Value packed) {
      int last = packed.type().rank() - 1;
      return new Slice(packed, last, columns.start(), columns.length(), columns.step());
    }
  }

  /// `(x W + b) * row -> x (W * row) + b * row` for a product that nothing else reads
  public record ScaleColumns() implements Rule<NnOp> {
    @Override
    public Optional<Value> apply(NnOp op, Rewriter<NnOp> rw) {
      if (!(op instanceof Mul(var y, var row))
          || !Constants.is(row, rw::def)
          || row.type().elements() == 1
          || !Constants.isAlongLastAxis(row)
          || !op.resultType().equals(y.type())) {
        return Optional.empty();
      }
      Value columns = rw.emit(new Reshape(row, List.of(row.type().elements())));
      return scaled(y, columns, rw);
    }

    private static Optional<Value> scaled(Value y, Value columns, Rewriter<NnOp> rw) {
      if (rw.users(y) > 1) {
        return Optional.empty();
      }
      return switch (rw.def(y)) {
        case MatMul(var x, var w) when isMatrix(w) && Constants.is(w, rw::def) ->
            Optional.of(rw.emitLike(y, new MatMul(x, rw.emitLike(w, new Mul(w, columns)))));
        case Add(var product, var b) when Constants.is(b, rw::def) ->
            scaled(product, columns, rw)
                .map(part -> rw.emitLike(y, new Add(part, rw.emitLike(b, new Mul(b, columns)))));
        case null, default -> Optional.empty();
      };
    }
  }
}
