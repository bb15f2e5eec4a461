package org.lapidary.passes.cut;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.OptionalInt;
import java.util.stream.IntStream;
import org.lapidary.ir.Graph;
import org.lapidary.ir.TensorType;
import org.lapidary.ir.Value;
import org.lapidary.ir.op.Elementwise;
import org.lapidary.ir.op.Indexing;
import org.lapidary.ir.op.Layout;
import org.lapidary.ir.op.Neural;
import org.lapidary.ir.op.NnOp;
import org.lapidary.ir.op.OpInfo;

/// The axes of a graph's values, in classes of those that can only be cut together: a matrix's
/// columns with what they are added to, the rows of the next matrix with them, and so on. An axis
/// that a reshape splits is the product of its parts: cutting heads cuts the columns that make
/// them.
///
/// The graph must not share constants: `ones` that normalize two streams are two constants here.
public final class Axes {
  /// What is known of the axes of a class.
  ///
  /// @param size before any cut
  /// @param parts classes whose product this is; empty if it is whole
  private record Traits(int size, List<Integer> parts, boolean fixed) {
    Traits and(Traits other) {
      return new Traits(size, parts.isEmpty() ? other.parts : parts, fixed || other.fixed);
    }
  }

  private final Map<Value, int[]> axes = new HashMap<>();
  private final List<Integer> parents = new ArrayList<>();
  private final List<Traits> traits = new ArrayList<>();

  private Axes() {}

  public static Axes of(Graph<NnOp> graph) {
    Axes all = new Axes();
    graph.inputs().forEach(port -> all.add(port.value()));
    graph.nodes().forEach(node -> all.add(node.result()));
    graph.nodes().forEach(all::visit);
    graph.inputs().forEach(port -> all.fix(port.value()));
    graph.results().forEach(port -> all.fix(port.value()));
    return all;
  }

  /// The class of an axis; negative numbers count from the end.
  public int of(Value value, int axis) {
    int[] own = axes(value);
    return root(own[axis < 0 ? own.length + axis : axis]);
  }

  /// The class of the residual stream's channels: the one that all normalizations share, if it can
  /// be cut by itself.
  public OptionalInt residualStream(Graph<NnOp> graph) {
    int[] classes =
        graph.nodes().stream()
            .filter(n -> n.op() instanceof Neural.LayerNorm)
            .mapToInt(n -> of(n.result(), -1))
            .distinct()
            .toArray();
    return classes.length == 1 && isFree(classes[0])
        ? OptionalInt.of(classes[0])
        : OptionalInt.empty();
  }

  /// Whether the class can be cut by itself.
  public boolean isFree(int of) {
    return !traits.get(root(of)).fixed() && traits.get(root(of)).parts().isEmpty();
  }

  /// Size before any cut.
  public int size(int of) {
    return traits.get(root(of)).size();
  }

  /// The classes whose product this class is, itself if it is whole.
  public List<Integer> parts(int of) {
    Traits own = traits.get(root(of));
    return own.parts().isEmpty()
        ? List.of(root(of))
        : own.parts().stream().map(this::root).toList();
  }

  /// Which positions of an axis are left, rising.
  ///
  /// @param left positions that are kept of some classes; of the others all are
  public int[] kept(int of, Map<Integer, int[]> left) {
    int[] kept = {0};
    for (int part : parts(of)) {
      int size = size(part);
      int[] own = left.getOrDefault(part, IntStream.range(0, size).toArray());
      kept =
          Arrays.stream(kept)
              .flatMap(high -> Arrays.stream(own).map(low -> high * size + low))
              .toArray();
    }
    return kept;
  }

  private void add(Value value) {
    TensorType type = value.type();
    int[] own = new int[type.rank()];
    for (int i = 0; i < own.length; i++) {
      own[i] = parents.size();
      parents.add(own[i]);
      traits.add(new Traits(type.dim(i), List.of(), type.dim(i) == 1));
    }
    axes.put(value, own);
  }

  private void visit(Graph.Node<NnOp> node) {
    Value result = node.result();
    switch (node.op()) {
      case Layout.Const _ -> {}
      case Elementwise op -> OpInfo.operands(op).forEach(x -> broadcast(x, result));
      case Layout.Broadcast op -> broadcast(op.x(), result);
      case Layout.Transpose op -> transpose(op, result);
      case Layout.Reshape op -> reshape(op.x(), result);
      case Neural.Softmax op -> {
        broadcast(op.x(), result);
        fix(of(result, op.axis()));
      }
      case Neural.LayerNorm op -> {
        broadcast(op.x(), result);
        unite(of(op.gamma(), 0), of(result, -1));
        unite(of(op.beta(), 0), of(result, -1));
      }
      case Neural.MatMul op when op.a().type().rank() > 1 && op.b().type().rank() > 1 ->
          matmul(op, result);
      case Indexing.Gather op -> gather(op, result);
      case Layout.Slice op -> along(op.x(), op.axis(), result);
      case Layout.Concat op -> op.parts().forEach(x -> along(x, op.axis(), result));
      default -> {
        OpInfo.operands(node.op()).forEach(this::fix);
        fix(result);
      }
    }
  }

  private void matmul(Neural.MatMul op, Value result) {
    unite(of(op.a(), -1), of(op.b(), -2));
    unite(of(op.a(), -2), of(result, -2));
    unite(of(op.b(), -1), of(result, -1));
    align(op.a(), result, 2);
    align(op.b(), result, 2);
  }

  private void gather(Indexing.Gather op, Value result) {
    int axis = Math.floorMod(op.axis(), op.x().type().rank());
    int inserted = op.indices().type().rank();
    fix(of(op.x(), axis));
    fix(op.indices());
    for (int i = 0; i < op.x().type().rank(); i++) {
      if (i != axis) {
        unite(of(op.x(), i), of(result, i < axis ? i : i - 1 + inserted));
      }
    }
    IntStream.range(axis, axis + inserted).forEach(i -> fix(of(result, i)));
  }

  /// One axis loses or gains elements, the others stay.
  private void along(Value x, int axis, Value result) {
    for (int i = 0; i < x.type().rank(); i++) {
      if (i == Math.floorMod(axis, x.type().rank())) {
        fix(of(x, i));
        fix(of(result, i));
      } else {
        unite(of(x, i), of(result, i));
      }
    }
  }

  private void transpose(Layout.Transpose op, Value result) {
    for (int i = 0; i < op.permutation().size(); i++) {
      unite(of(op.x(), op.permutation().get(i)), of(result, i));
    }
  }

  /// Groups the axes of both sides so that groups have the same number of elements.
  private void reshape(Value x, Value result) {
    if (x.type().elements() == 0) {
      fix(x);
      fix(result);
      return;
    }
    int i = 0;
    int j = 0;
    while (i < x.type().rank() || j < result.type().rank()) {
      List<Integer> from = new ArrayList<>();
      List<Integer> to = new ArrayList<>();
      long difference = 0;
      long left = 1;
      long right = 1;
      do {
        boolean takeLeft = i < x.type().rank() && (left <= right || j == result.type().rank());
        if (takeLeft) {
          left *= x.type().dim(i);
          from.add(of(x, i++));
        } else {
          right *= result.type().dim(j);
          to.add(of(result, j++));
        }
        difference = left - right;
      } while (difference != 0);
      regroup(
          from.stream().filter(a -> size(a) > 1).toList(),
          to.stream().filter(a -> size(a) > 1).toList());
    }
  }

  private void regroup(List<Integer> from, List<Integer> to) {
    if (from.size() == 1 && to.size() == 1) {
      unite(from.getFirst(), to.getFirst());
    } else if (from.size() == 1) {
      compose(from.getFirst(), to);
    } else if (to.size() == 1) {
      compose(to.getFirst(), from);
    } else {
      from.forEach(this::fix);
      to.forEach(this::fix);
    }
  }

  private void compose(int whole, List<Integer> parts) {
    unite(whole, fresh(size(whole), parts));
  }

  private int fresh(int size, List<Integer> parts) {
    int id = parents.size();
    parents.add(id);
    traits.add(new Traits(size, List.copyOf(parts), false));
    return id;
  }

  /// Axes from the end on, but for the last `skipped`, whose sizes are equal.
  private void align(Value x, Value result, int skipped) {
    for (int back = skipped + 1; back <= x.type().rank(); back++) {
      if (x.type().dim(-back) == result.type().dim(-back)) {
        unite(of(x, -back), of(result, -back));
      } else {
        fix(of(result, -back)); // one axis repeated as often as another is long stays whole
      }
    }
  }

  private void broadcast(Value x, Value result) {
    for (int back = 1; back <= x.type().rank(); back++) {
      if (x.type().dim(-back) == result.type().dim(-back)) {
        unite(of(x, -back), of(result, -back));
      }
    }
  }

  private void unite(int a, int b) {
    int x = root(a);
    int y = root(b);
    if (x == y) {
      return;
    }
    List<Integer> left = traits.get(x).parts();
    List<Integer> right = traits.get(y).parts();
    parents.set(y, x);
    traits.set(x, traits.get(x).and(traits.get(y)));
    if (!left.isEmpty() && !right.isEmpty()) {
      uniteParts(x, left, right);
    }
    if (traits.get(root(x)).fixed()) {
      fix(x);
    }
  }

  private void uniteParts(int whole, List<Integer> left, List<Integer> right) {
    List<Integer> sizes = left.stream().map(this::size).toList();
    if (sizes.equals(right.stream().map(this::size).toList())) {
      for (int i = 0; i < left.size(); i++) {
        unite(left.get(i), right.get(i));
      }
    } else {
      fix(whole);
      right.forEach(this::fix);
    }
  }

  private void fix(Value value) {
    for (int axis : axes(value)) {
      fix(axis);
    }
  }

  private void fix(int axis) {
    int at = root(axis);
    Traits old = traits.get(at);
    traits.set(at, new Traits(old.size(), old.parts(), true));
    old.parts().stream().filter(part -> !traits.get(root(part)).fixed()).forEach(this::fix);
  }

  private int root(int axis) {
    int at = axis;
    while (parents.get(at) != at) {
      at = parents.get(at);
    }
    return at;
  }

  private int[] axes(Value value) {
    return Objects.requireNonNull(axes.get(value), "a value of another graph");
  }
}
