package org.lapidary.passes.canon;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import org.lapidary.ir.Data;
import org.lapidary.ir.Tensor;
import org.lapidary.ir.Value;
import org.lapidary.ir.op.Indexing.Gather;
import org.lapidary.ir.op.Layout.Broadcast;
import org.lapidary.ir.op.Layout.Concat;
import org.lapidary.ir.op.Layout.Const;
import org.lapidary.ir.op.Layout.Reshape;
import org.lapidary.ir.op.Layout.Slice;
import org.lapidary.ir.op.Layout.Transpose;
import org.lapidary.ir.op.NnOp;
import org.lapidary.ir.op.Shapes;
import org.lapidary.ir.pass.Rewriter;
import org.lapidary.ir.pass.Rule;

/// Rules that shorten what only moves elements.
public final class Layouts {
  private Layouts() {}

  /// All of them.
  public static List<Rule<NnOp>> rules() {
    return List.of(
        new MergeLayouts(),
        new MergeSlices(),
        new MergeBroadcasts(),
        new SliceConcatenated(),
        new FlattenConcat(),
        new JoinSlices(),
        new SliceBeforeLayout(),
        new ReplaceGatherBySlice());
  }

  /// `reshape(transpose(reshape(x …))) -> ` the shortest chain that does the same; a transpose that
  /// only moves axes of size 1 becomes a reshape
  public record MergeLayouts() implements Rule<NnOp> {
    @Override
    public Optional<Value> apply(NnOp op, Rewriter<NnOp> rw) {
      return switch (op) {
        case Reshape(var x, _) when x.type().elements() > 0 -> shortened(x, op, rw);
        case Transpose(var x, _) when x.type().elements() > 0 -> shortened(x, op, rw);
        default -> Optional.empty();
      };
    }

    private static Optional<Value> shortened(Value x, NnOp op, Rewriter<NnOp> rw) {
      return LayoutChain.endingIn(x, rw::def)
          .then(op)
          .or(() -> LayoutChain.at(x).then(op))
          .flatMap(chain -> {
            LayoutChain.Plan plan = chain.plan();
            boolean plainer = op instanceof Transpose && chain.keepsOrder();
            return plan.length() < chain.length() || (plainer && plan.length() == 1)
                ? Optional.of(plan.applyTo(chain.source(), rw::emit))
                : Optional.empty();
          });
    }
  }

  /// `slice(slice(x, axis), same axis) -> slice(x, axis)`
  public record MergeSlices() implements Rule<NnOp> {
    @Override
    public Optional<Value> apply(NnOp op, Rewriter<NnOp> rw) {
      if (!(op instanceof Slice(var y, var outer, var start, var length, var step))
          || !(rw.def(y) instanceof Slice(var x, var inner, var from, _, var stride))) {
        return Optional.empty();
      }
      int rank = x.type().rank();
      if (Shapes.axis(outer, rank) != Shapes.axis(inner, rank)) {
        return Optional.empty();
      }
      return Optional.of(
          rw.emit(new Slice(x, inner, from + start * stride, length, step * stride)));
    }
  }

  /// `broadcast(broadcast(x)) -> broadcast(x)`
  public record MergeBroadcasts() implements Rule<NnOp> {
    @Override
    public Optional<Value> apply(NnOp op, Rewriter<NnOp> rw) {
      return switch (op) {
        case Broadcast(var y, var dims) when rw.def(y) instanceof Broadcast(var x, _) ->
            Optional.of(rw.emit(new Broadcast(x, dims)));
        default -> Optional.empty();
      };
    }
  }

  /// `slice(concat(.., x, ..), inside x) -> slice(x)`
  public record SliceConcatenated() implements Rule<NnOp> {
    @Override
    public Optional<Value> apply(NnOp op, Rewriter<NnOp> rw) {
      if (!(op instanceof Slice(var y, var axis, var start, var length, var step))
          || step < 0
          || length == 0
          || !(rw.def(y) instanceof Concat(var parts, var along))) {
        return Optional.empty();
      }
      int a = Shapes.axis(axis, y.type().rank());
      if (a != Shapes.axis(along, y.type().rank())) {
        return Optional.empty();
      }
      int last = start + (length - 1) * step;
      int offset = 0;
      for (Value part : parts) {
        int end = offset + part.type().dim(a);
        if (start >= offset && last < end) {
          return Optional.of(rw.emit(new Slice(part, axis, start - offset, length, step)));
        }
        offset = end;
      }
      return Optional.empty();
    }
  }

  /// `concat(x, concat(y, z)) -> concat(x, y, z)`
  public record FlattenConcat() implements Rule<NnOp> {
    @Override
    public Optional<Value> apply(NnOp op, Rewriter<NnOp> rw) {
      if (!(op instanceof Concat(var parts, var axis))) {
        return Optional.empty();
      }
      int a = Shapes.axis(axis, op.resultType().rank());
      List<Value> flat = new ArrayList<>();
      for (Value part : parts) {
        if (rw.def(part) instanceof Concat(var inner, var along)
            && Shapes.axis(along, part.type().rank()) == a) {
          flat.addAll(inner);
        } else {
          flat.add(part);
        }
      }
      return flat.size() == parts.size()
          ? Optional.empty()
          : Optional.of(rw.emit(new Concat(flat, axis)));
    }
  }

  /// `concat(slice(x, 0, m), slice(x, m, n)) -> slice(x, 0, m + n)`
  public record JoinSlices() implements Rule<NnOp> {
    @Override
    public Optional<Value> apply(NnOp op, Rewriter<NnOp> rw) {
      if (!(op instanceof Concat(var parts, var axis)) || parts.size() < 2) {
        return Optional.empty();
      }
      int a = Shapes.axis(axis, op.resultType().rank());
      List<Value> joined = new ArrayList<>();
      Slice last = null;
      for (Value part : parts) {
        boolean plain =
            rw.def(part) instanceof Slice s
                && s.step() == 1
                && Shapes.axis(s.axis(), part.type().rank()) == a;
        Slice next = plain && rw.def(part) instanceof Slice s ? s : null;
        if (last != null
            && next != null
            && next.x() == last.x()
            && next.start() == last.start() + last.length()) {
          last = new Slice(last.x(), a, last.start(), last.length() + next.length(), 1);
          joined.set(joined.size() - 1, rw.emit(last));
        } else {
          last = next;
          joined.add(part);
        }
      }
      if (joined.size() == parts.size()) {
        return Optional.empty();
      }
      return Optional.of(
          joined.size() == 1 ? joined.getFirst() : rw.emit(new Concat(joined, axis)));
    }
  }

  /// `slice(layout(x), an axis that is outermost in an axis of x) -> layout(slice(x))`
  ///
  /// This is how a packed projection of shape `[B,S,3,h,d]` comes apart into q, k and v.
  public record SliceBeforeLayout() implements Rule<NnOp> {
    @Override
    public Optional<Value> apply(NnOp op, Rewriter<NnOp> rw) {
      if (!(op instanceof Slice(var y, var axis, var start, var length, var step)) || step != 1) {
        return Optional.empty();
      }
      LayoutChain chain = LayoutChain.endingIn(y, rw::def);
      List<Integer> sliced = chain.atomsOfAxes().get(Shapes.axis(axis, y.type().rank()));
      if (chain.length() == 0 || sliced.size() != 1 || length == 0) {
        return Optional.empty();
      }
      int atom = sliced.getFirst();
      List<List<Integer>> sourceAxes = chain.atomsOfSourceAxes();
      for (int i = 0; i < sourceAxes.size(); i++) {
        List<Integer> atoms = sourceAxes.get(i);
        if (!atoms.isEmpty() && atoms.getFirst() == atom) {
          int inner = chain.source().type().dim(i) / chain.atoms().get(atom);
          Value part = rw.emit(new Slice(chain.source(), i, start * inner, length * inner, 1));
          LayoutChain rest = chain.shrunk(atom, length, part, op.resultType().dims());
          return Optional.of(rest.plan().applyTo(part, rw::emit));
        }
      }
      return Optional.empty();
    }
  }

  /// `gather(x, constant run of indices) -> slice(x)`
  public record ReplaceGatherBySlice() implements Rule<NnOp> {
    @Override
    public Optional<Value> apply(NnOp op, Rewriter<NnOp> rw) {
      if (!(op instanceof Gather(var x, var indices, var axis))
          || indices.type().rank() > 1
          || indices.type().elements() == 0
          || !(rw.def(indices) instanceof Const(Data data))) {
        return Optional.empty();
      }
      int a = Shapes.axis(axis, x.type().rank());
      int size = x.type().dim(a);
      Tensor at = data.load();
      List<Long> positions =
          IntStream.range(0, at.elements())
              .mapToObj(i -> at.asLong(i) < 0 ? at.asLong(i) + size : at.asLong(i))
              .toList();
      long first = positions.getFirst();
      boolean run =
          IntStream.range(0, positions.size()).allMatch(i -> positions.get(i) == first + i);
      if (!run || first < 0 || first + positions.size() > size) {
        return Optional.empty();
      }
      Value slice = rw.emit(new Slice(x, a, (int) first, positions.size(), 1));
      return Optional.of(
          indices.type().rank() == 1 ? slice : rw.emit(new Reshape(slice, op.resultType().dims())));
    }
  }
}
