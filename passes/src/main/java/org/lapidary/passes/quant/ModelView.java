package org.lapidary.passes.quant;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import org.jspecify.annotations.Nullable;
import org.lapidary.ir.DType;
import org.lapidary.ir.Graph;
import org.lapidary.ir.Graph.Node;
import org.lapidary.ir.Tensor;
import org.lapidary.ir.Value;
import org.lapidary.ir.op.Elementwise;
import org.lapidary.ir.op.Indexing;
import org.lapidary.ir.op.Layout;
import org.lapidary.ir.op.Neural;
import org.lapidary.ir.op.NnOp;
import org.lapidary.ir.op.OpInfo;

/// A graph of the `nn` level with what quantization asks about its values: definition, uses,
/// constants, and the places of attention.
final class ModelView {
  private final Graph<NnOp> graph;
  private final Map<Value, Node<NnOp>> definitions;
  private final Map<Value, List<Node<NnOp>>> uses = new HashMap<>();

  ModelView(Graph<NnOp> graph) {
    this.graph = graph;
    this.definitions = graph.definitions();
    for (Node<NnOp> node : graph.nodes()) {
      for (Value operand : OpInfo.operands(node.op())) {
        uses.computeIfAbsent(operand, _ -> new ArrayList<>()).add(node);
      }
    }
  }

  Graph<NnOp> graph() {
    return graph;
  }

  /// The operation that defines a value; none for an input.
  @Nullable NnOp def(Value v) {
    Node<NnOp> node = definitions.get(v);
    return node == null ? null : node.op();
  }

  @Nullable Node<NnOp> node(Value v) {
    return definitions.get(v);
  }

  List<Node<NnOp>> uses(Value v) {
    return uses.getOrDefault(v, List.of());
  }

  boolean isConstant(Value v) {
    return def(v) instanceof Layout.Const;
  }

  /// The value of a constant with one element.
  OptionalDouble scalar(Value v) {
    return def(v) instanceof Layout.Const(var data) && v.type().elements() == 1
        ? OptionalDouble.of(data.load().asDouble(0))
        : OptionalDouble.empty();
  }

  /// Whether a value is a constant that is the same for all rows of `n` elements.
  boolean isRow(Value v, int n) {
    int elements = v.type().elements();
    return isConstant(v)
        && v.type().dtype() == DType.F32
        && (elements == 1 || (elements == n && v.type().dim(-1) == n));
  }

  /// The elements of [#isRow] constant.
  double[] row(Value v, int n) {
    Tensor tensor = constant(v);
    double[] row = new double[n];
    for (int i = 0; i < n; i++) {
      row[i] = tensor.asDouble(tensor.elements() == 1 ? 0 : i);
    }
    return row;
  }

  Tensor constant(Value v) {
    if (def(v) instanceof Layout.Const(var data)) {
      return data.load();
    }
    throw new IllegalStateException(v + " is not a constant");
  }

  /// A constant matrix, or the transpose of one, as a right operand of a product.
  Optional<Weight> weight(Value v) {
    if (v.type().rank() != 2 || v.type().dtype() != DType.F32) {
      return Optional.empty();
    }
    return switch (def(v)) {
      case Layout.Const(var data) -> Optional.of(new Weight(data, false));
      case Layout.Transpose(var x, var _) when def(x) instanceof Layout.Const(var data) ->
          Optional.of(new Weight(data, v.type().dim(0) != data.type().dim(0) || isSwap(v)));
      case null -> Optional.empty();
      default -> Optional.empty(); // any other definition is computed at run time
    };
  }

  private boolean isSwap(Value v) {
    return def(v) instanceof Layout.Transpose(var _, var permutation)
        && permutation.equals(List.of(1, 0));
  }

  /// Whether a softmax gives the weights of an attention: a product with values follows.
  boolean isAttention(Neural.Softmax softmax, Value result) {
    boolean lastAxis = softmax.axis() == -1 || softmax.axis() == result.type().rank() - 1;
    return lastAxis && feedsMatMul(result);
  }

  private boolean feedsMatMul(Value v) {
    for (Node<NnOp> use : uses(v)) {
      if (use.op() instanceof Neural.MatMul
          || (use.op() instanceof Layout && feedsMatMul(use.result()))) {
        return true;
      }
    }
    return false;
  }

  /// Whether a value is the left operand of a product with a weight.
  boolean entersProduct(Value v) {
    return uses(v).stream()
        .anyMatch(use ->
            use.op() instanceof Neural.MatMul(var a, var b)
                && a.equals(v)
                && weight(b).isPresent());
  }

  /// Whether the channels of a value's last axis matter one by one: it enters a product with a
  /// weight, or is added to a value that is no constant.
  boolean hasChannels(Value v) {
    return v.type().rank() > 1
        && uses(v).stream()
            .anyMatch(use ->
                switch (use.op()) {
                  case Neural.MatMul(var a, var b) -> a.equals(v) && weight(b).isPresent();
                  case Elementwise.Add(var a, var b) ->
                      !isConstant(a) && !isConstant(b) && a.type().dims().equals(b.type().dims());
                  case Layout.Reshape(var _, var dims) ->
                      !dims.isEmpty()
                          && dims.getLast().equals(v.type().dim(-1))
                          && hasChannels(use.result());
                  default -> false; // others take all channels alike
                });
  }

  /// A value without the operations around it that only move elements.
  Value root(Value v) {
    Optional<Value> from = Optional.of(v);
    Value at = v;
    while (from.isPresent()) {
      at = from.get();
      NnOp op = def(at);
      from = op == null ? Optional.empty() : moved(op);
    }
    return at;
  }

  /// The value whose elements an operation moves, changing none: a layout operation of one value,
  /// or slices of a computed value that indices pick.
  Optional<Value> moved(NnOp op) {
    return switch (op) {
      case Layout layout -> {
        List<Value> operands =
            OpInfo.operands(layout).stream().filter(o -> o.type().elements() > 0).toList();
        yield operands.size() == 1 ? Optional.of(operands.getFirst()) : Optional.empty();
      }
      case Indexing.Gather(var x, var _, var _) when !isConstant(root(x)) -> Optional.of(x);
      default -> Optional.empty(); // any other operation makes new elements
    };
  }

  /// Whether an operation leaves the elements of a row where they are in it.
  static boolean keepsChannels(NnOp op) {
    return switch (op) {
      case Layout.Reshape(var x, var dims) -> dims.getLast().equals(x.type().dim(-1));
      case Layout.Transpose(var x, var permutation) -> permutation.getLast() == x.type().rank() - 1;
      case Layout.Slice(var x, var axis, var _, var _, var _) -> isInner(x, axis);
      case Indexing.Gather(var x, var _, var axis) -> isInner(x, axis);
      default -> false; // any other operation may mix them
    };
  }

  private static boolean isInner(Value x, int axis) {
    return axis != -1 && axis != x.type().rank() - 1;
  }

  /// The positive number by which an operation multiplies one operand.
  Optional<Scaled> scaled(NnOp op) {
    return switch (op) {
      case Elementwise.Mul(var a, var b) when positive(b) -> Optional.of(new Scaled(a, number(b)));
      case Elementwise.Mul(var a, var b) when positive(a) -> Optional.of(new Scaled(b, number(a)));
      case Elementwise.Div(var a, var b) when positive(b) ->
          Optional.of(new Scaled(a, 1 / number(b)));
      default -> Optional.empty(); // any other operation is not a multiplication by a number
    };
  }

  /// `x * factor`.
  record Scaled(Value x, double factor) {}

  private boolean positive(Value v) {
    return scalar(v).orElse(0) > 0;
  }

  private double number(Value v) {
    return scalar(v).orElseThrow();
  }

  /// The scores that enter a softmax and what masks them.
  ///
  /// @param scores before the mask
  /// @param mask what is added, if it is a value of the graph
  /// @param condition of a choice between scores and a very small number
  /// @param keepIf the value of the condition for which scores are kept
  record Scores(Value scores, Optional<Value> mask, Optional<Value> condition, boolean keepIf) {}

  Scores scores(Value softmaxOperand) {
    return switch (def(softmaxOperand)) {
      case Elementwise.Add(var a, var b) when dynamicProduct(a) ->
          new Scores(a, Optional.of(b), Optional.empty(), true);
      case Elementwise.Add(var a, var b) when dynamicProduct(b) ->
          new Scores(b, Optional.of(a), Optional.empty(), true);
      case Elementwise.Where(var c, var a, var b) when isMinusInfinity(a) && dynamicProduct(b) ->
          new Scores(b, Optional.empty(), Optional.of(c), false);
      case Elementwise.Where(var c, var a, var b) when isMinusInfinity(b) && dynamicProduct(a) ->
          new Scores(a, Optional.empty(), Optional.of(c), true);
      case null -> new Scores(softmaxOperand, Optional.empty(), Optional.empty(), true);
      default -> new Scores(softmaxOperand, Optional.empty(), Optional.empty(), true); // no mask
    };
  }

  private boolean isMinusInfinity(Value v) {
    return scalar(v).orElse(0) < -ScoreObservation.MASKED;
  }

  /// Whether a value is a product of two values, perhaps scaled or reshaped.
  private boolean dynamicProduct(Value v) {
    return switch (def(v)) {
      case Neural.MatMul _ -> true;
      case Layout.Reshape(var x, var _) -> dynamicProduct(x);
      case Elementwise.Mul mul -> scaled(mul).map(s -> dynamicProduct(s.x())).orElse(false);
      case Elementwise.Div div -> scaled(div).map(s -> dynamicProduct(s.x())).orElse(false);
      case null -> false;
      default -> false; // anything else is not a product
    };
  }
}
