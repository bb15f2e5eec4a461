package org.lapidary.gemmini.map;

import java.util.Optional;
import org.lapidary.ir.Graph;
import org.lapidary.ir.op.Accumulate;
import org.lapidary.ir.op.HostBridge;
import org.lapidary.ir.op.Layout;
import org.lapidary.ir.op.MoveOut;
import org.lapidary.ir.op.NnOp;
import org.lapidary.ir.op.Op;
import org.lapidary.machine.GemminiParams;
import org.lapidary.machine.Semantics;

/// Which integer operations this machine cannot do, and why.
///
/// Source: gemmini.md §7, §8.
record HostRules(Uses uses, GemminiParams machine, Semantics semantics) {

  /// Whether a node is computed in or on the way out of the accumulator.
  boolean isOnAccelerator(Graph.Node<Op> node) {
    return switch (node.op()) {
      case Accumulate _, MoveOut _ -> reason(node).isEmpty();
      case Layout _, HostBridge _, NnOp _ -> false;
    };
  }

  /// Why the host must do it; nothing if it need not.
  Optional<String> reason(Graph.Node<Op> node) {
    return switch (node.op()) {
      case Accumulate.ChannelMul c when !uses.isConstant(c.factors()) ->
          Optional.of("the factors are not known when compiling");
      case Accumulate _ -> Optional.empty();
      case MoveOut m -> reason(m);
      case Layout _, HostBridge _, NnOp _ -> Optional.empty();
    };
  }

  private Optional<String> reason(MoveOut op) {
    boolean libgemmini = semantics == Semantics.LIBGEMMINI;
    return switch (op) {
      case MoveOut.Requantize r when r.relu() && !(r.scale() > 0) ->
          Optional.of("ReLU with a negative scale depends on the order of the two");
      case MoveOut.Requantize _ -> Optional.empty();
      case MoveOut.RequantizeBlocks r
          when r.relu() && r.scales().stream().anyMatch(s -> !(s > 0)) ->
          Optional.of("ReLU with a negative scale depends on the order of the two");
      case MoveOut.RequantizeBlocks _ -> Optional.empty();
      case MoveOut _ when !machine.hasNormalizations() ->
          Optional.of("machine " + machine.name() + " has no normalisation unit");
      case MoveOut.GeluI32 _ -> Optional.empty();
      case MoveOut.SoftmaxI32 s when libgemmini && s.scale() != 1 ->
          Optional.of("libgemmini rounds a scaled softmax twice");
      case MoveOut.SoftmaxI32 _ -> Optional.empty();
      case MoveOut.LayerNormI32 l when l.truncating() != libgemmini ->
          Optional.of("the rounding is not that of " + semantics);
      case MoveOut.LayerNormI32 _ -> Optional.empty();
    };
  }
}
