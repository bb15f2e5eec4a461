package org.lapidary.passes.fuse;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.lapidary.ir.Diagnostic;
import org.lapidary.ir.DiagnosticException;
import org.lapidary.ir.Graph;
import org.lapidary.ir.Graph.Node;
import org.lapidary.ir.Value;
import org.lapidary.ir.op.Elementwise.Add;
import org.lapidary.ir.op.Elementwise.Gelu;
import org.lapidary.ir.op.Elementwise.Mul;
import org.lapidary.ir.op.Elementwise.Neg;
import org.lapidary.ir.op.Elementwise.Relu;
import org.lapidary.ir.op.Elementwise.Sigmoid;
import org.lapidary.ir.op.Elementwise.Sqrt;
import org.lapidary.ir.op.Layout;
import org.lapidary.ir.op.Layout.Concat;
import org.lapidary.ir.op.Layout.Slice;
import org.lapidary.ir.op.Neural.MatMul;
import org.lapidary.ir.op.Neural.Reduce;
import org.lapidary.ir.op.Neural.Reduction;
import org.lapidary.ir.op.NnOp;
import org.lapidary.ir.op.OpInfo;
import org.lapidary.ir.pass.Pass;
import org.lapidary.ir.pass.PassContext;
import org.lapidary.passes.canon.Constants;
import org.lapidary.passes.canon.Definitions;

/// Refuses the blocks of other families (Llama, T5, GPT-NeoX, …) that no integer operation of the
/// accelerator computes, all of them at once, however they were spelled. Without this pass they run
/// on the host.
///
/// | block | is |
/// |---|---|
/// | RMS normalization | `x / sqrt(mean(x²) + epsilon)`, no mean subtracted |
/// | rotary positions | `concat(-x[half], x[other half])`, or the same of odd and even elements |
/// | gated activation | `f(x W) * (x V)`, f a SiLU, GELU, ReLU or sigmoid |
public record RefuseForeign() implements Pass<NnOp, NnOp> {
  private static final String HINT = "pass --allow-host to run it on the host";

  @Override
  public Graph<NnOp> run(Graph<NnOp> graph, PassContext context) {
    Definitions defs = Definitions.of(graph);
    List<Diagnostic> found = new ArrayList<>();
    for (Node<NnOp> node : graph.nodes()) {
      foreign(node.op(), defs)
          .ifPresent(what ->
              found.add(
                  Diagnostic.error(
                      Diagnostic.Code.UNSUPPORTED_OP,
                      graph.name(),
                      node.loc().node(),
                      what + " is outside of BERT and GPT",
                      HINT)));
    }
    if (!found.isEmpty()) {
      throw new DiagnosticException(found);
    }
    return graph;
  }

  /// What block of another family ends in this operation.
  static Optional<String> foreign(NnOp op, Definitions defs) {
    return switch (op) {
      case Sqrt(var x) when isMeanSquare(x, defs) -> Optional.of("RMS normalization");
      case Concat(var parts, _) when isRotation(parts, defs) ->
          Optional.of("rotation by position (rotary embedding)");
      case Mul(var a, var b) when isGate(a, b, defs) || isGate(b, a, defs) ->
          Optional.of("an activation gated by a second product (SwiGLU, GeGLU)");
      default -> Optional.empty(); // anything else may be of the family
    };
  }

  /// `mean(x * x) + epsilon` of an x no mean was subtracted from.
  private static boolean isMeanSquare(Value value, Definitions defs) {
    return defs.def(value) instanceof Add(var mean, var epsilon)
        && Constants.scalar(epsilon, defs).isPresent()
        && defs.def(mean) instanceof Reduce(var square, Reduction how, var axes, _)
        && how == Reduction.MEAN
        && axes.size() == 1
        && defs.def(square) instanceof Mul(var x, var y)
        && x.equals(y)
        && !isCentred(x, defs);
  }

  private static boolean isCentred(Value x, Definitions defs) {
    NnOp op = defs.def(x);
    return op != null
        && OpInfo.operands(op).stream()
            .map(v -> unmoved(v, defs))
            .map(v -> defs.def(v) instanceof Neg(var n) ? n : v)
            .anyMatch(v -> defs.def(v) instanceof Reduce);
  }

  /// One half of some value, negated, beside its other half.
  private static boolean isRotation(List<Value> parts, Definitions defs) {
    if (parts.size() != 2) {
      return false;
    }
    Optional<Value> negated = negatedSlice(parts.get(0), defs);
    Optional<Value> other = slice(parts.get(1), defs);
    return negated.isPresent() && negated.equals(other);
  }

  private static Optional<Value> negatedSlice(Value part, Definitions defs) {
    Value moved = unmoved(part, defs);
    return defs.def(moved) instanceof Neg(var x) ? slice(x, defs) : Optional.empty();
  }

  /// What a value is a slice of, if it is one of a computed value.
  private static Optional<Value> slice(Value part, Definitions defs) {
    Value at = part;
    while (defs.def(at) instanceof Layout layout && OpInfo.operands(layout).size() == 1) {
      Value x = OpInfo.operands(layout).getFirst();
      if (layout instanceof Slice) {
        return Optional.of(unmoved(x, defs));
      }
      at = x;
    }
    return Optional.empty();
  }

  private static Value unmoved(Value value, Definitions defs) {
    Value at = value;
    while (defs.def(at) instanceof Layout layout
        && !(layout instanceof Slice)
        && OpInfo.operands(layout).size() == 1) {
      at = OpInfo.operands(layout).getFirst();
    }
    return at;
  }

  /// `f(product) * product`; `x * sigmoid(x)` of one x is an activation, not a gate.
  private static boolean isGate(Value active, Value linear, Definitions defs) {
    Optional<Value> inner = activated(active, defs);
    return inner.isPresent()
        && isLinear(inner.get(), defs)
        && isLinear(linear, defs)
        && !inner.get().equals(linear);
  }

  private static Optional<Value> activated(Value value, Definitions defs) {
    return switch (defs.def(value)) {
      case Gelu(var x, _) -> Optional.of(x);
      case Relu(var x) -> Optional.of(x);
      case Sigmoid(var x) -> Optional.of(x);
      case Mul(var x, var s) when isSigmoidOf(s, x, defs) -> Optional.of(x);
      case Mul(var s, var x) when isSigmoidOf(s, x, defs) -> Optional.of(x);
      case null, default -> Optional.empty();
    };
  }

  private static boolean isSigmoidOf(Value sigmoid, Value x, Definitions defs) {
    return defs.def(sigmoid) instanceof Sigmoid(var y)
        && (y.equals(x)
            || (defs.def(y) instanceof Mul(var z, var factor)
                && z.equals(x)
                && Constants.scalar(factor, defs).isPresent()));
  }

  /// A product with a weight, perhaps with a bias.
  private static boolean isLinear(Value value, Definitions defs) {
    Value at = unmoved(value, defs);
    if (defs.def(at) instanceof Slice(var x, _, _, _, _)) {
      at = unmoved(x, defs); // both halves of one packed product
    }
    return switch (defs.def(at)) {
      case MatMul(_, var w) -> Constants.is(w, defs);
      case Add(var product, var b) when Constants.is(b, defs) -> isLinear(product, defs);
      case null, default -> false;
    };
  }
}
