package org.lapidary.gemmini.map;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.lapidary.gemmini.map.FusionDecision.Outcome;
import org.lapidary.ir.Graph;
import org.lapidary.ir.Value;
import org.lapidary.ir.op.Accumulate;
import org.lapidary.ir.op.Layout;
import org.lapidary.ir.op.MoveOut;
import org.lapidary.ir.op.Op;
import org.lapidary.ir.op.OpInfo;

/// Goes through a graph and says of every place where a [FusionPattern] begins what becomes of it.
final class Fusions {
  private static final String NO_WAY_BACK =
      "what was moved out as int8 is an operand of the array again, which takes operands from the"
          + " scratchpad, and only loads from main memory fill that";
  private static final String NOT_TO_THE_ARRAY =
      "softmax is on the way to main memory only: the array takes operands from the scratchpad, or,"
          + " where a build can at all, from the accumulator without statistics";

  private final Uses uses;
  private final HostRules hostRules;
  private final FusionRules rules;
  private final List<FusionDecision> decisions = new ArrayList<>();
  private final Map<Value, List<Graph.Node<Op>>> projections = new HashMap<>();

  private Fusions(Uses uses, HostRules hostRules, FusionRules rules) {
    this.uses = uses;
    this.hostRules = hostRules;
    this.rules = rules;
  }

  /// The decisions, in the order of the graph.
  static List<FusionDecision> of(
      Graph<Op> graph, Uses uses, HostRules hostRules, FusionRules rules) {
    Fusions fusions = new Fusions(uses, hostRules, rules);
    for (Graph.Node<Op> node : graph.nodes()) {
      if (node.op() instanceof Accumulate.MatMulI8 m && uses.isConstant(m.b())) {
        Value left = uses.origin(m.a());
        fusions.projections.computeIfAbsent(left, _ -> new ArrayList<>()).add(node);
      }
    }
    for (Graph.Node<Op> node : graph.nodes()) {
      switch (node.op()) {
        case MoveOut op -> fusions.moveOut(node, op);
        case Accumulate.MatMulI8 m -> fusions.product(node, m);
        default -> {} // nothing else begins a pattern
      }
    }
    return fusions.decisions;
  }

  private void moveOut(Graph.Node<Op> node, MoveOut op) {
    boolean hasProduct = hasProduct(op.x());
    FusionPattern pattern =
        switch (op) {
          case MoveOut.Requantize _, MoveOut.RequantizeBlocks _ -> FusionPattern.MOVE_OUT;
          case MoveOut.GeluI32 _ -> FusionPattern.GELU;
          case MoveOut.SoftmaxI32 _ -> FusionPattern.SOFTMAX;
          case MoveOut.LayerNormI32 _ ->
              hasProduct || requantizedBefore(op.x()) != null
                  ? FusionPattern.NORM
                  : FusionPattern.EMBEDDING;
        };
    Optional<String> host = hostRules.reason(node);
    Graph.Node<Op> between = requantizedBefore(op.x());
    if (host.isPresent()) {
      impossible(pattern, node, "on the host: " + host.get());
    } else if (hasProduct || (pattern == FusionPattern.EMBEDDING && isSum(op.x()))) {
      decide(pattern, node);
    } else if (between != null) {
      impossible(pattern, node, "the product is requantized before: " + NO_WAY_BACK);
    } else if (pattern != FusionPattern.MOVE_OUT) {
      impossible(pattern, node, "what it reads was computed by the host");
    }
  }

  private void decide(FusionPattern pattern, Graph.Node<Op> node) {
    FusionRules.Choice choice = rules.choose(node);
    FusionRules.Cycles cycles = choice.cycles().orElse(new FusionRules.Cycles(0, 0));
    add(
        new FusionDecision(
            pattern,
            Mapper.name(node),
            choice.fused() ? Outcome.FUSED : Outcome.UNFUSED,
            cycles.together(),
            cycles.apart(),
            choice.reason()));
  }

  private void product(Graph.Node<Op> node, Accumulate.MatMulI8 m) {
    if (uses.op(beforeLayouts(m.a())) instanceof MoveOut.SoftmaxI32) {
      impossible(FusionPattern.VALUES, node, NOT_TO_THE_ARRAY);
      impossible(FusionPattern.ATTENTION, node, NOT_TO_THE_ARRAY);
    }
    List<Graph.Node<Op>> same = projections.getOrDefault(uses.origin(m.a()), List.of());
    if (same.size() > 1 && same.getFirst().equals(node)) {
      projections(node, same.size());
    }
  }

  private void projections(Graph.Node<Op> first, int count) {
    String reason =
        "%d products that follow each other without a fence, each of which can hide what stores longer;"
                .formatted(count)
            + " a wider one, which is not built, saves the padding of narrow columns and little else";
    String node = Mapper.name(first);
    add(new FusionDecision(FusionPattern.PROJECTIONS, node, Outcome.UNFUSED, 0, 0, reason));
  }

  private void impossible(FusionPattern pattern, Graph.Node<Op> node, String why) {
    add(new FusionDecision(pattern, Mapper.name(node), Outcome.IMPOSSIBLE, 0, 0, why));
  }

  private void add(FusionDecision decision) {
    decisions.add(decision);
  }

  private boolean isSum(Value value) {
    return uses.op(value) instanceof Accumulate;
  }

  /// Whether a product is a term of a sum.
  private boolean hasProduct(Value sum) {
    return uses.op(sum) instanceof Accumulate op
        && (op instanceof Accumulate.MatMulI8
            || OpInfo.operands(op).stream().anyMatch(this::hasProduct));
  }

  /// The operation that moved out a product of which a sum is made; null if there is none.
  private Graph.@Nullable Node<Op> requantizedBefore(Value sum) {
    if (!(uses.op(sum) instanceof Accumulate op)) {
      return null;
    }
    for (Value operand : OpInfo.operands(op)) {
      Value before = beforeLayouts(operand);
      Graph.Node<Op> node = uses.definition(before);
      boolean moved =
          node != null && isRequantized(node.op()) && hasProduct(((MoveOut) node.op()).x());
      Graph.Node<Op> found = moved ? node : requantizedBefore(before);
      if (found != null) {
        return found;
      }
    }
    return null;
  }

  private static boolean isRequantized(Op op) {
    return op instanceof MoveOut.Requantize || op instanceof MoveOut.RequantizeBlocks;
  }

  private Value beforeLayouts(Value value) {
    Value at = value;
    while (uses.op(at) instanceof Layout layout && !OpInfo.operands(layout).isEmpty()) {
      at = OpInfo.operands(layout).getFirst();
    }
    return at;
  }
}
