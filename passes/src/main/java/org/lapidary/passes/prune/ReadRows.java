package org.lapidary.passes.prune;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.lapidary.ir.Graph;
import org.lapidary.ir.GraphBuilder;
import org.lapidary.ir.Value;
import org.lapidary.ir.op.Elementwise;
import org.lapidary.ir.op.Indexing;
import org.lapidary.ir.op.Layout;
import org.lapidary.ir.op.Neural;
import org.lapidary.ir.op.NnOp;
import org.lapidary.ir.op.OpInfo;
import org.lapidary.ir.pass.EliminateDeadCode;

/// Leaves out rows that nothing reads. A classifier reads one position of its last layer: queries,
/// feed-forward block and LayerNorms of the others are computed for nobody. What the graph computes
/// stays the same.
///
/// Demands go backward from the results through everything that treats rows alone; then every value
/// is computed as far as it is demanded.
public final class ReadRows {
  private final Graph<NnOp> graph;
  private final Map<Value, Demand> demands = new HashMap<>();
  private final Map<Value, Value> narrow = new HashMap<>();
  private final Map<Asked, Value> slices = new HashMap<>();
  private final GraphBuilder<NnOp> builder;

  private ReadRows(Graph<NnOp> graph) {
    this.graph = graph;
    this.builder = new GraphBuilder<>(graph.name());
  }

  /// How much of a value is read: positions of one axis, or, without an axis, everything.
  private record Demand(int axis, int start, int length) {
    static final Demand ALL = new Demand(-1, 0, 0);

    boolean isAll() {
      return axis < 0;
    }
  }

  private record Asked(Value value, Demand demand) {}

  /// The graph without rows that nothing reads.
  public static Graph<NnOp> only(Graph<NnOp> graph) {
    return new ReadRows(graph).run();
  }

  private Graph<NnOp> run() {
    graph.results().forEach(port -> demand(port.value(), Demand.ALL));
    for (Graph.Node<NnOp> node : graph.nodes().reversed()) {
      Demand demand = demands.getOrDefault(node.result(), Demand.ALL);
      for (Value operand : OpInfo.operands(node.op())) {
        demand(operand, of(node, demand, operand));
      }
    }
    graph.inputs().forEach(builder::input);
    graph.nodes().forEach(this::rebuild);
    graph
        .results()
        .forEach(p -> builder.result(p.name(), narrow.getOrDefault(p.value(), p.value())));
    return EliminateDeadCode.in(builder.build());
  }

  private void demand(Value value, Demand demand) {
    demands.merge(value, demand, (a, b) -> a.equals(b) ? a : Demand.ALL);
  }

  /// What an operation of which some is read reads of an operand.
  private static Demand of(Graph.Node<NnOp> node, Demand demand, Value operand) {
    int rank = node.result().type().rank();
    int axis = demand.axis();
    Optional<Integer> through =
        switch (node.op()) {
          case Layout.Slice s
              when s.step() == 1 && (demand.isAll() || axis == axis(s.axis(), rank)) ->
              Optional.of(axis(s.axis(), rank));
          case NnOp _ when demand.isAll() -> Optional.empty();
          case Elementwise _ -> aligned(axis, rank, operand);
          case Neural.LayerNorm(var x, var _, var _, var _) when axis < rank - 1 ->
              x.equals(operand) ? Optional.of(axis) : Optional.empty();
          case Neural.Softmax(var _, var over) when axis(over, rank) != axis -> Optional.of(axis);
          case Neural.MatMul(var a, var b)
              when axis == rank - 2 && a.equals(operand) && !b.equals(operand) ->
              Optional.of(a.type().rank() - 2);
          case Layout.Transpose(var _, var permutation) ->
              Optional.of(axis(permutation.get(axis), rank));
          case Layout.Reshape(var x, var _) -> sameAxis(node.result(), axis, x);
          case Indexing.Gather(var x, var indices, var along) when indices.type().rank() == 1 -> {
            boolean picked = axis(along, rank) == axis;
            yield picked == operand.equals(indices)
                ? Optional.of(picked ? 0 : axis)
                : Optional.empty();
          }
          default -> Optional.empty(); // reads everything, whatever is read of it
        };
    int start = node.op() instanceof Layout.Slice s ? s.start() : 0;
    int length =
        node.op() instanceof Layout.Slice s && demand.isAll() ? s.length() : demand.length();
    return through.map(a -> new Demand(a, start + demand.start(), length)).orElse(Demand.ALL);
  }

  private static int axis(int axis, int rank) {
    return axis < 0 ? axis + rank : axis;
  }

  /// The axis of a broadcast operand, if it is as long there.
  private static Optional<Integer> aligned(int axis, int rank, Value operand) {
    int own = axis - rank + operand.type().rank();
    return own >= 0 && operand.type().dim(own) > 1 ? Optional.of(own) : Optional.empty();
  }

  /// The axis of `x` that a reshape leaves as it is.
  private static Optional<Integer> sameAxis(Value reshaped, int axis, Value x) {
    long before = product(reshaped, axis);
    for (int i = 0; i < x.type().rank(); i++) {
      if (product(x, i) == before && x.type().dim(i) == reshaped.type().dim(axis)) {
        return Optional.of(i);
      }
    }
    return Optional.empty();
  }

  private static long product(Value v, int axes) {
    return v.type().dims().subList(0, axes).stream()
        .mapToLong(Integer::longValue)
        .reduce(1, (a, b) -> a * b);
  }

  private void rebuild(Graph.Node<NnOp> node) {
    Demand demand = demands.getOrDefault(node.result(), Demand.ALL);
    if (node.op() instanceof Layout.Slice slice && !of(node, demand, slice.x()).isAll()) {
      narrow.put(node.result(), read(slice.x(), of(node, demand, slice.x())));
      return;
    }
    Graph.Node<NnOp> mapped = node.mapOperands(operand -> read(operand, of(node, demand, operand)));
    NnOp op = narrowed(mapped.op(), node.result(), demand);
    if (op.equals(node.op())) {
      builder.keep(node);
    } else {
      narrow.put(node.result(), builder.emit(op, node.loc()));
    }
  }

  /// An operand as far as it is read.
  private Value read(Value operand, Demand demand) {
    Value value = narrow.getOrDefault(operand, operand);
    if (demand.isAll() || value.type().dim(demand.axis()) == demand.length()) {
      return value;
    }
    return slices.computeIfAbsent(
        new Asked(operand, demand),
        _ ->
            builder.emit(
                new Layout.Slice(value, demand.axis(), demand.start(), demand.length(), 1)));
  }

  private static NnOp narrowed(NnOp op, Value result, Demand demand) {
    if (demand.isAll() || !(op instanceof Layout.Reshape(var x, var dims))) {
      return op;
    }
    List<Integer> narrower = new ArrayList<>(dims);
    narrower.set(demand.axis(), demand.length());
    return x.type().elements() == result.type().elements() ? op : new Layout.Reshape(x, narrower);
  }
}
