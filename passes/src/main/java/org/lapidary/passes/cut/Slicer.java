package org.lapidary.passes.cut;

import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.IntStream;
import org.lapidary.ir.Data;
import org.lapidary.ir.Graph;
import org.lapidary.ir.GraphBuilder;
import org.lapidary.ir.Tensor;
import org.lapidary.ir.TensorType;
import org.lapidary.ir.Value;
import org.lapidary.ir.op.Layout;
import org.lapidary.ir.op.NnOp;
import org.lapidary.ir.op.OpInfo;
import org.lapidary.ir.pass.EliminateDeadCode;

/// Cuts classes of axes out of a graph.
public final class Slicer {
  private Slicer() {}

  /// The graph in which every use of a constant is a constant of its own.
  public static Graph<NnOp> withOwnConstants(Graph<NnOp> graph) {
    GraphBuilder<NnOp> out = new GraphBuilder<>(graph.name());
    graph.inputs().forEach(out::input);
    Map<Value, Graph.Node<NnOp>> constants = new HashMap<>();
    Set<Value> used = new HashSet<>();
    for (Graph.Node<NnOp> node : graph.nodes()) {
      if (node.op() instanceof Layout.Const) {
        constants.put(node.result(), node);
        continue;
      }
      out.keep(node.mapOperands(x -> own(constants.get(x), x, used, out)));
    }
    graph
        .results()
        .forEach(p -> out.result(p.name(), own(constants.get(p.value()), p.value(), used, out)));
    return out.build();
  }

  private static Value own(
      Graph.@org.jspecify.annotations.Nullable Node<NnOp> constant,
      Value value,
      Set<Value> used,
      GraphBuilder<NnOp> out) {
    if (constant == null) {
      return value;
    }
    if (used.add(value)) {
      out.keep(constant);
      return value;
    }
    return out.emit(constant.op(), constant.loc());
  }

  /// The graph in which one value takes the place of another, without what is then dead.
  public static Graph<NnOp> shortcut(Graph<NnOp> graph, Value of, Value by) {
    List<Graph.Node<NnOp>> nodes =
        graph.nodes().stream().map(n -> n.mapOperands(x -> x == of ? by : x)).toList();
    List<Graph.Port> results =
        graph.results().stream()
            .map(p -> new Graph.Port(p.name(), p.value() == of ? by : p.value()))
            .toList();
    return EliminateDeadCode.in(new Graph<>(graph.name(), graph.inputs(), nodes, results));
  }

  /// The graph with only some elements of some classes of axes, node for node.
  ///
  /// @param left positions that are kept of each class, rising
  public static Graph<NnOp> cut(Graph<NnOp> graph, Axes axes, Map<Integer, int[]> left) {
    GraphBuilder<NnOp> out = new GraphBuilder<>(graph.name());
    Map<Value, Value> cut = new HashMap<>();
    graph.inputs().forEach(out::input);
    graph.inputs().forEach(p -> cut.put(p.value(), p.value()));
    for (Graph.Node<NnOp> node : graph.nodes()) {
      Value old = node.result();
      List<int[]> kept =
          IntStream.range(0, old.type().rank())
              .mapToObj(i -> axes.kept(axes.of(old, i), left))
              .toList();
      List<Integer> dims = kept.stream().map(k -> k.length).toList();
      NnOp op = OpInfo.mapOperands(node.op(), x -> cut.getOrDefault(x, x));
      NnOp smaller =
          switch (op) {
            case Layout.Const(Data data) -> new Layout.Const(cut(data, kept, dims));
            case Layout.Reshape(Value x, _) -> new Layout.Reshape(x, dims);
            case Layout.Broadcast(Value x, _) -> new Layout.Broadcast(x, dims);
            default -> op; // its type follows from its operands'
          };
      cut.put(old, out.emit(smaller, node.loc()));
    }
    graph.results().forEach(p -> out.result(p.name(), cut.getOrDefault(p.value(), p.value())));
    return out.build();
  }

  private static Data cut(Data data, List<int[]> kept, List<Integer> dims) {
    TensorType type = data.type().withDims(dims);
    return dims.equals(data.type().dims())
        ? data
        : Data.lazy(data.name(), type, () -> cut(data.load(), type, kept));
  }

  private static Tensor cut(Tensor tensor, TensorType type, List<int[]> kept) {
    int[] from = {0};
    for (int axis = 0; axis < kept.size(); axis++) {
      int size = tensor.type().dim(axis);
      int[] positions = kept.get(axis);
      from =
          Arrays.stream(from)
              .flatMap(high -> Arrays.stream(positions).map(low -> high * size + low))
              .toArray();
    }
    return Tensor.of(type, picked(tensor, from));
  }

  private static Object picked(Tensor tensor, int[] from) {
    int n = from.length;
    return switch (tensor.type().dtype()) {
      case F32 -> {
        float[] to = new float[n];
        for (int i = 0; i < n; i++) {
          to[i] = tensor.f32()[from[i]];
        }
        yield to;
      }
      case I64 -> Arrays.stream(from).mapToLong(i -> tensor.i64()[i]).toArray();
      case I32 -> Arrays.stream(from).map(i -> tensor.i32()[i]).toArray();
      case I8, BOOL -> {
        byte[] to = new byte[n];
        for (int i = 0; i < n; i++) {
          to[i] = tensor.bytes()[from[i]];
        }
        yield to;
      }
    };
  }
}
