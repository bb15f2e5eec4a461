package org.lapidary.ir.eval;

import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.lapidary.ir.Data;
import org.lapidary.ir.Diagnostic;
import org.lapidary.ir.Diagnostic.Code;
import org.lapidary.ir.DiagnosticException;
import org.lapidary.ir.Graph;
import org.lapidary.ir.Tensor;
import org.lapidary.ir.TensorType;
import org.lapidary.ir.Value;
import org.lapidary.ir.op.Accumulate;
import org.lapidary.ir.op.Elementwise;
import org.lapidary.ir.op.HostBridge;
import org.lapidary.ir.op.Indexing;
import org.lapidary.ir.op.Layout;
import org.lapidary.ir.op.MoveOut;
import org.lapidary.ir.op.Neural;
import org.lapidary.ir.op.Op;
import org.lapidary.ir.op.OpInfo;

/// The referee: what a graph computes, by definition. `nn` operations in f32, `q` operations in
/// exact integers; a graph may hold both.
public final class Evaluator {
  private Evaluator() {}

  /// Sees every operation with its result, in the order of the graph; constants excepted.
  @FunctionalInterface
  public interface Observer {
    void computed(Graph.Node<? extends Op> node, Tensor result);
  }

  /// Runs a graph on inputs by name and gives its results by name, in the order of the graph.
  ///
  /// @throws DiagnosticException if an input is missing, unknown or of the wrong type
  public static Map<String, Tensor> run(Graph<? extends Op> graph, Map<String, Tensor> inputs) {
    return run(graph, inputs, (_, _) -> {});
  }

  /// The same, showing every intermediate result to an observer.
  public static Map<String, Tensor> run(
      Graph<? extends Op> graph, Map<String, Tensor> inputs, Observer observer) {
    return run(graph, inputs, Data::load, observer);
  }

  /// The same, reading constants where they are used.
  ///
  /// @param reader reads a constant: [Data#load], because all together may be larger than the
  ///   memory, or a [ConstantCache]
  public static Map<String, Tensor> run(
      Graph<? extends Op> graph,
      Map<String, Tensor> inputs,
      Function<Data, Tensor> reader,
      Observer observer) {
    Map<Value, Tensor> live = new HashMap<>();
    for (Graph.Port port : graph.inputs()) {
      live.put(port.value(), input(graph, port, inputs.get(port.name())));
    }
    refuseUnknown(graph, inputs);
    Map<Value, Integer> lastUse = lastUse(graph);
    Map<Value, Data> constants = new HashMap<>();
    Function<Value, Tensor> known =
        value -> {
          Data constant = constants.get(value);
          return constant != null
              ? reader.apply(constant)
              : Objects.requireNonNull(live.get(value), "used before it is defined");
        };
    int at = 0;
    for (Graph.Node<? extends Op> node : graph.nodes()) {
      if (node.op() instanceof Layout.Const(Data data)) {
        constants.put(node.result(), data);
      } else {
        List<Value> operands = OpInfo.operands(node.op());
        Tensor result = compute(graph, node, operands.stream().map(known).toList());
        observer.computed(node, result);
        live.put(node.result(), result);
        for (Value operand : operands) {
          drop(live, lastUse, operand, at);
        }
        drop(live, lastUse, node.result(), at);
      }
      at++;
    }
    Map<String, Tensor> results = new LinkedHashMap<>();
    graph.results().forEach(port -> results.put(port.name(), known.apply(port.value())));
    return results;
  }

  private static void refuseUnknown(Graph<? extends Op> graph, Map<String, Tensor> inputs) {
    for (String name : inputs.keySet()) {
      if (graph.input(name).isEmpty()) {
        throw invalidInput(graph, name, "the model has no input of that name");
      }
    }
  }

  /// What one operation computes from its operands.
  ///
  /// @throws ArithmeticException if there is no result for these elements: an integer divided by
  ///   zero, an index beyond its axis
  public static Tensor apply(Op op, List<Tensor> operands) {
    List<Value> declared = OpInfo.operands(op);
    for (int i = 0; i < declared.size(); i++) {
      if (!declared.get(i).type().equals(operands.get(i).type())) {
        throw new IllegalArgumentException(
            "%s is given %s for %s"
                .formatted(OpInfo.of(op).name(), operands.get(i), declared.get(i).type()));
      }
    }
    return switch (op) {
      case Layout layout -> LayoutOps.apply(layout, operands);
      case Elementwise elementwise -> ElementwiseOps.apply(elementwise, operands);
      case Indexing indexing -> IndexingOps.apply(indexing, operands);
      case Neural neural -> NeuralOps.apply(neural, operands);
      case Accumulate accumulate -> AccumulateOps.apply(accumulate, operands);
      case MoveOut moveOut -> MoveOutOps.apply(moveOut, operands.getFirst());
      case HostBridge bridge -> HostBridgeOps.apply(bridge, operands.getFirst());
    };
  }

  /// What to look at where the data are such that an operation has no result.
  public static final String HINT_FOR_DATA =
      "look at the inputs it depends on: ids beyond a vocabulary, more tokens than positions, …";

  /// The same for an operation of a graph, whose node a diagnostic names.
  ///
  /// @throws DiagnosticException if there is no result for these elements
  public static Tensor compute(
      Graph<? extends Op> graph, Graph.Node<? extends Op> node, List<Tensor> operands) {
    try {
      return apply(node.op(), operands);
    } catch (ArithmeticException e) {
      throw new DiagnosticException(
          Diagnostic.error(
              Code.INVALID_INPUT,
              graph.name(),
              node.loc().node(),
              OpInfo.of(node.op()).name() + ": " + e.getMessage(),
              HINT_FOR_DATA));
    }
  }

  private static Tensor input(Graph<? extends Op> graph, Graph.Port port, @Nullable Tensor given) {
    if (given == null) {
      throw invalidInput(graph, port.name(), "the input is missing");
    }
    TensorType type = given.type();
    if (type.dtype() != port.type().dtype() || !type.dims().equals(port.type().dims())) {
      throw invalidInput(graph, port.name(), "given " + type + " where " + port.type() + " is due");
    }
    return given.retyped(port.type());
  }

  private static DiagnosticException invalidInput(
      Graph<? extends Op> graph, String name, String message) {
    String due = String.join(", ", graph.inputs().stream().map(Evaluator::declaration).toList());
    return new DiagnosticException(
        Diagnostic.error(
            Code.INVALID_INPUT, graph.name(), name, message, "the model takes " + due));
  }

  private static String declaration(Graph.Port port) {
    return port.name() + ": " + port.type();
  }

  /// Index of the last node that reads each value; results of the graph are read at the end.
  private static Map<Value, Integer> lastUse(Graph<? extends Op> graph) {
    Map<Value, Integer> last = new HashMap<>();
    int at = 0;
    for (Graph.Node<? extends Op> node : graph.nodes()) {
      for (Value operand : OpInfo.operands(node.op())) {
        last.put(operand, at);
      }
      at++;
    }
    for (Graph.Port port : graph.results()) {
      last.put(port.value(), Integer.MAX_VALUE);
    }
    return last;
  }

  private static void drop(
      Map<Value, Tensor> live, Map<Value, Integer> lastUse, Value value, int at) {
    if (lastUse.getOrDefault(value, -1) <= at) {
      live.remove(value);
    }
  }
}
