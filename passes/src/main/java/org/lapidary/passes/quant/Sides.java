package org.lapidary.passes.quant;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.lapidary.ir.DType;
import org.lapidary.ir.Graph.Node;
import org.lapidary.ir.Value;
import org.lapidary.ir.op.Elementwise;
import org.lapidary.ir.op.Indexing;
import org.lapidary.ir.op.Layout;
import org.lapidary.ir.op.Neural;
import org.lapidary.ir.op.NnOp;
import org.lapidary.ir.op.OpInfo;
import org.lapidary.ir.pass.PassContext.WhyNot;
import org.lapidary.passes.quant.Placement.Where;
import org.lapidary.passes.quant.QuantizeOptions.Nonlinear;

/// Decides for every value of a graph on which side it is computed.
///
/// The accelerated part begins at the first matrix product or LayerNorm and ends where nothing
/// follows but a head: a value that has left the accelerator returns only if a LayerNorm or an
/// attention is still to come.
final class Sides {
  /// Where a value comes from.
  enum Side {
    /// It is known when the model is compiled.
    CONSTANT,
    /// The host computes it from inputs alone.
    HOST,
    /// The accelerator computes it.
    ACCELERATOR,
    /// The host computes it from results of the accelerator.
    RETURNED
  }

  /// A product with fewer terms than this is not worth an accelerator, and often a table look-up
  /// written as a product.
  private static final int FEWEST_TERMS = 8;

  private final ModelView model;
  private final boolean integer;
  private final Map<Value, Side> sides = new HashMap<>();
  private final Set<Value> beforeEncoderEnd = new HashSet<>();
  private final List<Placement> placements = new ArrayList<>();
  private final List<WhyNot> whyNots = new ArrayList<>();

  Sides(ModelView model, QuantizeOptions options) {
    this.model = model;
    this.integer = options.nonlinear() == Nonlinear.INTEGER;
    findEncoderEnd();
    Set<Value> live = live();
    for (Node<NnOp> node : model.graph().nodes()) {
      if (live.contains(node.result())) {
        sides.put(node.result(), decide(node));
      }
    }
  }

  Side of(Value v) {
    return sides.getOrDefault(v, Side.HOST);
  }

  boolean accelerated(Value v) {
    return of(v) == Side.ACCELERATOR;
  }

  List<Placement> placements() {
    return placements;
  }

  List<WhyNot> whyNots() {
    return whyNots;
  }

  /// Whether a value is a sum in the accelerator that nothing has rounded yet.
  boolean isSum(Value v) {
    if (!accelerated(v)) {
      return false;
    }
    NnOp op = model.def(v);
    return switch (op) {
      case Neural.MatMul _ -> true;
      case Elementwise.Add _ -> true;
      case Elementwise.Where _, Neural.Reduce _ -> true;
      case Layout.Reshape(var x, var _) -> isSum(x);
      case null -> false;
      default -> model.scaled(op).map(s -> isSum(s.x())).orElse(false); // a sum times a number
    };
  }

  /// Whether every reader takes a sum as bytes, rounded column by column: then its columns may have
  /// steps of their own until they are.
  boolean leavesAsBytes(Value v) {
    boolean isResult = model.graph().results().stream().anyMatch(port -> port.value().equals(v));
    return !isResult
        && model.uses(v).stream().allMatch(use -> accelerated(use.result()) && asBytes(v, use));
  }

  private boolean asBytes(Value v, Node<NnOp> use) {
    return switch (use.op()) {
      case Neural.MatMul _, Neural.LayerNorm _, Elementwise.Gelu _, Elementwise.Relu _ -> true;
      case Elementwise.Add add when isBias(add) -> leavesAsBytes(use.result());
      case Elementwise.Add _ -> !isMasking(use.result()); // a residual addition
      case Layout.Reshape(var _, var dims) when !dims.getLast().equals(v.type().dim(-1)) ->
          onlyMoved(use.result());
      case Layout.Reshape _ -> leavesAsBytes(use.result());
      case Layout _ -> onlyMoved(use.result());
      case Elementwise op -> model.scaled(op).isPresent() && leavesAsBytes(use.result());
      case Neural _, Indexing _ -> false;
    };
  }

  /// Whether a value is only moved about until it enters a product.
  private boolean onlyMoved(Value v) {
    boolean isResult = model.graph().results().stream().anyMatch(port -> port.value().equals(v));
    return !isResult
        && model.uses(v).stream()
            .allMatch(use ->
                accelerated(use.result())
                    && (use.op() instanceof Neural.MatMul
                        || (use.op() instanceof Layout && onlyMoved(use.result()))));
  }

  /// Whether an addition only adds a row to a product of matrices.
  boolean isBias(Elementwise.Add add) {
    return biased(add.a(), add.b()) || biased(add.b(), add.a());
  }

  private boolean biased(Value sum, Value row) {
    return isProduct(sum) && model.isRow(row, sum.type().dim(-1));
  }

  /// A product of matrices, perhaps with a row added, reshaped or scaled.
  private boolean isProduct(Value v) {
    if (!accelerated(v)) {
      return false;
    }
    NnOp op = model.def(v);
    return switch (op) {
      case Neural.MatMul _, Neural.Reduce _ -> true;
      case Elementwise.Add add -> isBias(add);
      case Layout.Reshape(var x, var dims) ->
          isProduct(x) && dims.getLast().equals(x.type().dim(-1));
      case null -> false;
      default -> model.scaled(op).map(s -> isProduct(s.x())).orElse(false); // scaled or not a sum
    };
  }

  /// Whether an addition is one of a mask to the scores of an attention.
  boolean isMasking(Value result) {
    return model.uses(result).stream()
        .anyMatch(use ->
            use.op() instanceof Neural.Softmax softmax && model.isAttention(softmax, use.result()));
  }

  private Side decide(Node<NnOp> node) {
    if (node.op() instanceof Layout.Const) {
      return Side.CONSTANT;
    }
    String unmet = node.result().type().dtype() == DType.F32 ? unmet(node) : "not a real number";
    List<Value> operands = OpInfo.operands(node.op());
    Side side;
    if (unmet.isEmpty()) {
      side = Side.ACCELERATOR;
    } else if (operands.stream()
        .anyMatch(v -> of(v) == Side.ACCELERATOR || of(v) == Side.RETURNED)) {
      side = Side.RETURNED;
    } else {
      side = Side.HOST;
    }
    note(node, side, unmet);
    return side;
  }

  private void note(Node<NnOp> node, Side side, String unmet) {
    String name = node.loc().node();
    String op = OpInfo.of(node.op()).name();
    switch (side) {
      case ACCELERATOR -> {
        boolean picks = node.op() instanceof Indexing;
        placements.add(
            picks
                ? new Placement(name, op, Where.HOST, "integers, picked by an index")
                : new Placement(name, op, Where.ACCELERATOR, "integer"));
      }
      case HOST -> placements.add(new Placement(name, op, Where.HOST, "depends on inputs only"));
      case RETURNED -> {
        boolean inside = beforeEncoderEnd.contains(node.result());
        String reason = inside ? unmet : "head: " + unmet;
        placements.add(new Placement(name, op, Where.HOST, reason));
        boolean computes =
            node.result().type().dtype() == DType.F32 && model.moved(node.op()).isEmpty();
        if (inside && integer && computes) {
          whyNots.add(new WhyNot(name, op + " in integers", unmet));
        }
      }
      case CONSTANT -> {}
    }
  }

  /// What keeps an operation off the accelerator; empty if nothing does.
  private String unmet(Node<NnOp> node) {
    Value result = node.result();
    return switch (node.op()) {
      case Neural.MatMul(var a, var b) -> unmetByProduct(a, b, result);
      case Neural.LayerNorm norm -> unmetByNorm(norm);
      case Neural.Softmax softmax -> unmetBySoftmax(softmax, result);
      case Neural.Reduce reduce -> unmetByReduce(reduce, result);
      case Neural.FakeQuantizeDynamic _ -> "scales are fixed when the model is compiled";
      case Elementwise.Gelu(var x, var _) -> unmetByActivation(x);
      case Elementwise.Relu(var x) -> accelerated(x) && isSum(x) ? "" : "not of a matrix product";
      case Elementwise.Add add -> unmetByAdd(add, result);
      case Elementwise.Where(var c, var a, var b) -> unmetByWhere(c, a, b, result);
      case Elementwise op ->
          model.scaled(op).filter(s -> accelerated(s.x())).isPresent()
              ? ""
              : OpInfo.of(op).name() + " is not in the instruction set";
      case Indexing.Gather(var x, var _, var _)
          when accelerated(x) && beforeEncoderEnd.contains(result) ->
          "";
      case Indexing _ -> "indices are the host's";
      case Layout layout -> unmetByLayout(layout);
    };
  }

  private String unmetByProduct(Value a, Value b, Value result) {
    boolean weighted = model.weight(a).isPresent() || model.weight(b).isPresent();
    if (accelerated(a) || accelerated(b)) {
      return "";
    }
    if (a.type().dim(-1) < FEWEST_TERMS) {
      return "fewer than " + FEWEST_TERMS + " terms";
    }
    if (!weighted) {
      return "no operand is the accelerator's";
    }
    boolean dynamic = of(a) != Side.CONSTANT || of(b) != Side.CONSTANT;
    if (dynamic && (!integer || beforeEncoderEnd.contains(result))) {
      return "";
    }
    return "its operand is a real number";
  }

  private String unmetByNorm(Neural.LayerNorm norm) {
    if (!integer) {
      return "non-linear operations are asked to run on the host";
    }
    boolean constants = model.isConstant(norm.gamma()) && model.isConstant(norm.beta());
    return constants ? "" : "gamma or beta is not constant";
  }

  private String unmetBySoftmax(Neural.Softmax softmax, Value result) {
    if (!integer) {
      return "non-linear operations are asked to run on the host";
    }
    if (!model.isAttention(softmax, result)) {
      return "a softmax over results, not in an attention";
    }
    return isSum(softmax.x()) ? "" : "its scores are not a matrix product with an added mask";
  }

  /// Sums of bytes over rows are a product with a row of ones.
  private String unmetByReduce(Neural.Reduce reduce, Value result) {
    boolean rows = SumOfRows.fits(reduce) && accelerated(reduce.x()) && !isSum(reduce.x());
    return rows && beforeEncoderEnd.contains(result)
        ? ""
        : "reductions are not in the instruction set";
  }

  private String unmetByActivation(Value x) {
    if (!integer) {
      return "non-linear operations are asked to run on the host";
    }
    return isProduct(x) ? "" : "not of a matrix product";
  }

  private String unmetByAdd(Elementwise.Add add, Value result) {
    if (!accelerated(add.a()) && !accelerated(add.b())) {
      return "no operand is the accelerator's";
    }
    if (isBias(add)) {
      return "";
    }
    if (!integer) {
      return "its result is needed on the host";
    }
    if (isMasking(result)) {
      return isSum(add.a()) || isSum(add.b()) ? "" : "no operand is a product of q and k";
    }
    boolean needed = beforeEncoderEnd.contains(result) || feedsWeight(result);
    return needed ? "" : "its result is needed on the host";
  }

  private boolean feedsWeight(Value v) {
    return model.uses(v).stream()
        .anyMatch(use -> use.op() instanceof Neural.MatMul(var _, var b) && isWeight(b));
  }

  private boolean isWeight(Value v) {
    return model.weight(v).isPresent();
  }

  private String unmetByWhere(Value condition, Value a, Value b, Value result) {
    boolean masking = integer && isMasking(result) && model.scores(result).condition().isPresent();
    Value scores = masking ? model.scores(result).scores() : result;
    return masking && isSum(scores) && !accelerated(condition)
        ? ""
        : "a choice between " + a.type() + " and " + b.type() + " that is not a mask of scores";
  }

  private String unmetByLayout(Layout layout) {
    return switch (layout) {
      case Layout.Const _ -> "constant";
      case Layout.Broadcast _ -> "repetition is the host's";
      // A cache from earlier steps is the host's; it joins as int8 in the step of the rest.
      case Layout.Concat(var parts, var _) ->
          parts.stream().anyMatch(this::accelerated) ? "" : "its parts are the host's";
      case Layout.Reshape(var x, var _) -> ofSide(x);
      case Layout.Transpose(var x, var _) -> ofSide(x);
      case Layout.Slice slice -> ofSide(slice.x());
    };
  }

  private String ofSide(Value x) {
    return accelerated(x) ? "" : "its operand is the host's";
  }

  private void findEncoderEnd() {
    for (Node<NnOp> node : model.graph().nodes().reversed()) {
      boolean inner =
          node.op() instanceof Neural.LayerNorm
              || (node.op() instanceof Neural.Softmax s && model.isAttention(s, node.result()));
      if (inner || beforeEncoderEnd.contains(node.result())) {
        beforeEncoderEnd.addAll(OpInfo.operands(node.op()));
      }
    }
  }

  private Set<Value> live() {
    Set<Value> live = new HashSet<>();
    model.graph().results().forEach(port -> live.add(port.value()));
    for (Node<NnOp> node : model.graph().nodes().reversed()) {
      if (live.contains(node.result())) {
        live.addAll(OpInfo.operands(node.op()));
      }
    }
    return live;
  }
}
