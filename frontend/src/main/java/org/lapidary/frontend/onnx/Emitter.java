package org.lapidary.frontend.onnx;

import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.lapidary.ir.DType;
import org.lapidary.ir.Data;
import org.lapidary.ir.Graph;
import org.lapidary.ir.GraphBuilder;
import org.lapidary.ir.Loc;
import org.lapidary.ir.Tensor;
import org.lapidary.ir.TensorType;
import org.lapidary.ir.Value;
import org.lapidary.ir.eval.Evaluator;
import org.lapidary.ir.op.Elementwise;
import org.lapidary.ir.op.Layout;
import org.lapidary.ir.op.Neural;
import org.lapidary.ir.op.NnOp;
import org.lapidary.ir.op.OpInfo;

/// Builds the graph and folds on the way: an operation whose operands are all known is computed at
/// once, so that the long chains of shape arithmetic exporters write never reach the graph.
///
/// A constant enters the graph when the first operation that cannot be folded reads it.
final class Emitter {
  /// Larger float constants are weights: they stay in the file.
  private static final int SMALL_FLOATS = 4096;

  /// Larger results are left to be computed when the model runs.
  private static final int LARGEST_FOLDED = 1 << 22;

  /// Element operations that folding may take in all; past that a file is hostile, or not worth
  /// folding, and its operations stay in the graph.
  private static final long MOST_WORK = 1L << 28;

  /// Bytes that folded results may take in all.
  private static final long MOST_BYTES = 1L << 29;

  /// @param data the elements
  /// @param known whether operations on it are folded
  private record Constant(Data data, boolean known) {}

  private static final Comparator<Data> BY_SIZE = Comparator.comparingInt(d -> d.type().elements());

  private final GraphBuilder<NnOp> builder;
  private final Map<Value, Constant> constants = new HashMap<>();
  private final Set<Value> placed = new HashSet<>();
  private final Map<Value, ElementType> widened = new HashMap<>();
  private final Grids grids = new Grids(this);
  private Loc loc = Loc.NONE;
  private long work;
  private long bytes;

  Emitter(String name) {
    builder = new GraphBuilder<>(name);
  }

  /// What the integers of a quantized model stand for.
  Grids grids() {
    return grids;
  }

  /// What follows comes from that ONNX node.
  void at(String node) {
    loc = Loc.onnx(node);
  }

  Value input(String name, TensorType type) {
    return builder.input(name, type);
  }

  /// A stored constant.
  Value constant(Data data) {
    int limit = data.type().dtype() == DType.F32 ? SMALL_FLOATS : LARGEST_FOLDED;
    return define(new Constant(data, data.type().elements() <= limit));
  }

  /// A computed constant, always known.
  Value constant(Tensor tensor) {
    return define(new Constant(Data.of(loc.node(), tensor), true));
  }

  private Value define(Constant constant) {
    Value value = new Value(constant.data.type());
    constants.put(value, constant);
    return value;
  }

  /// The elements of a value that does not depend on the inputs, unless it is a large weight.
  Optional<Tensor> known(Value value) {
    return Optional.ofNullable(constants.get(value))
        .filter(Constant::known)
        .map(c -> c.data.load());
  }

  /// The constant behind a value, large or small.
  Optional<Data> data(Value value) {
    return Optional.ofNullable(constants.get(value)).map(Constant::data);
  }

  /// Computes or appends an operation.
  ///
  /// @throws IllegalArgumentException if the operands do not fit together
  Value emit(NnOp given) {
    NnOp op = grids.simplified(given).orElse(given);
    TensorType type = op.resultType();
    int elements = type.elements();
    List<Value> operands = OpInfo.operands(op);
    Value result = elements == 0 ? constant(empty(type)) : foldOrAppend(op, type, operands);
    if (!(op instanceof Elementwise.Cast)) {
      operands.stream()
          .filter(v -> v.type().dtype() == type.dtype())
          .flatMap(v -> widened(v).stream())
          .findFirst()
          .ifPresent(element -> declare(result, element));
    }
    grids.follow(op, result);
    return result;
  }

  private Value foldOrAppend(NnOp op, TensorType type, List<Value> operands) {
    if (operands.stream().allMatch(this::isKnown) && isCheap(op, type, operands)) {
      List<Tensor> known = operands.stream().map(v -> known(v).orElseThrow()).toList();
      return constant(Evaluator.apply(op, known));
    }
    if (isView(type, operands)) {
      List<Data> stored = operands.stream().map(v -> data(v).orElseThrow()).toList();
      String name = stored.stream().max(BY_SIZE).orElseThrow().name();
      return define(new Constant(Data.lazy(name, type, () -> applied(op, stored)), false));
    }
    operands.forEach(this::place);
    return builder.emit(op, loc);
  }

  /// Whether an operation may be computed here; if so, its cost is booked.
  private boolean isCheap(NnOp op, TensorType type, List<Value> operands) {
    long cost = type.elements();
    for (Value operand : operands) {
      cost = Math.max(cost, operand.type().elements());
    }
    if (op instanceof Neural.MatMul(var a, _)) {
      cost = (long) type.elements() * a.type().dim(-1);
    }
    if (type.elements() > LARGEST_FOLDED
        || work + cost > MOST_WORK
        || bytes + type.bytes() > MOST_BYTES) {
      return false;
    }
    work += cost;
    bytes += type.bytes();
    return true;
  }

  private static Tensor applied(NnOp op, List<Data> stored) {
    return Evaluator.apply(op, stored.stream().map(Data::load).toList());
  }

  /// Whether an operation turns one stored weight into something no larger: it is then done each
  /// time the weight is read, and no copy is kept. A second weight would be read twice as often
  /// with every step of a chain, so it is not folded.
  private boolean isView(TensorType type, List<Value> operands) {
    int weights = 0;
    for (Value operand : operands) {
      Constant constant = constants.get(operand);
      if (constant == null) {
        return false;
      }
      if (!constant.known) {
        weights++;
        if (type.elements() > Math.max(operand.type().elements(), SMALL_FLOATS)) {
          return false;
        }
      }
    }
    return weights == 1;
  }

  /// Says which ONNX type a value has; needed where the graph's type is wider.
  void declare(Value value, ElementType element) {
    if (element.isWidenedInteger()) {
      widened.put(value, element);
    }
  }

  /// The ONNX type of a value whose type in the graph is wider.
  Optional<ElementType> widened(Value value) {
    return Optional.ofNullable(widened.get(value));
  }

  private static Tensor empty(TensorType type) {
    return switch (type.dtype()) {
      case F32 -> Tensor.of(type, new float[0]);
      case I64 -> Tensor.of(type, new long[0]);
      case I32 -> Tensor.of(type, new int[0]);
      case I8, BOOL -> Tensor.of(type, new byte[0]);
    };
  }

  private boolean isKnown(Value value) {
    Constant constant = constants.get(value);
    return constant != null && constant.known;
  }

  private void place(Value value) {
    Constant constant = constants.get(value);
    if (constant != null && placed.add(value)) {
      builder.keep(new Graph.Node<>(value, new Layout.Const(constant.data), loc));
    }
  }

  void result(String name, Value value) {
    place(value);
    builder.result(name, value);
  }

  /// The graph, without the operations no result depends on.
  Graph<NnOp> build() {
    Graph<NnOp> graph = builder.build();
    Set<Value> live = new HashSet<>();
    graph.results().forEach(port -> live.add(port.value()));
    for (Graph.Node<NnOp> node : graph.nodes().reversed()) {
      if (live.contains(node.result())) {
        live.addAll(OpInfo.operands(node.op()));
      }
    }
    List<Graph.Node<NnOp>> nodes =
        graph.nodes().stream().filter(node -> live.contains(node.result())).toList();
    return new Graph<>(graph.name(), graph.inputs(), nodes, graph.results());
  }
}
