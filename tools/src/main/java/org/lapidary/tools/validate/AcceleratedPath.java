package org.lapidary.tools.validate;

import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.lapidary.ir.DType;
import org.lapidary.ir.Graph;
import org.lapidary.ir.Value;
import org.lapidary.ir.op.Accumulate;
import org.lapidary.ir.op.HostBridge;
import org.lapidary.ir.op.Layout;
import org.lapidary.ir.op.MoveOut;
import org.lapidary.ir.op.NnOp;
import org.lapidary.ir.op.Op;
import org.lapidary.ir.op.OpInfo;

/// What the host computes in floating point between two operations of the accelerator.
public final class AcceleratedPath {
  private AcceleratedPath() {}

  /// Nodes of the host that depend on the accelerator and on which the accelerator depends again.
  /// An encoder that is integer throughout has none.
  public static List<Graph.Node<Op>> floatOps(Graph<Op> graph) {
    Set<Value> after = new HashSet<>();
    for (Graph.Node<Op> node : graph.nodes()) {
      if (onAccelerator(node.op())
          || OpInfo.operands(node.op()).stream().anyMatch(after::contains)) {
        after.add(node.result());
      }
    }
    Set<Value> before = new HashSet<>();
    for (Graph.Node<Op> node : graph.nodes().reversed()) {
      if (onAccelerator(node.op()) || before.contains(node.result())) {
        before.addAll(OpInfo.operands(node.op()));
      }
    }
    return graph.nodes().stream()
        .filter(n -> isHostWork(n.op()) && isReal(n))
        .filter(n -> after.contains(n.result()) && before.contains(n.result()))
        .toList();
  }

  private static boolean onAccelerator(Op op) {
    return switch (op) {
      case Accumulate _, MoveOut _ -> true;
      case Layout _, HostBridge _, NnOp _ -> false;
    };
  }

  /// Whether a node reads or makes real numbers; what only picks integers does not.
  private static boolean isReal(Graph.Node<Op> node) {
    return Stream.concat(OpInfo.operands(node.op()).stream(), Stream.of(node.result()))
        .anyMatch(v -> v.type().dtype() == DType.F32);
  }

  private static boolean isHostWork(Op op) {
    return switch (op) {
      case Layout _, Accumulate _, MoveOut _ -> false;
      case HostBridge _, NnOp _ -> true;
    };
  }
}
