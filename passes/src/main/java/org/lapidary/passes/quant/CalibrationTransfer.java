package org.lapidary.passes.quant;

import java.util.HashMap;
import java.util.Map;
import java.util.function.BiConsumer;
import org.lapidary.ir.DType;
import org.lapidary.ir.Diagnostic;
import org.lapidary.ir.DiagnosticException;
import org.lapidary.ir.Graph;
import org.lapidary.ir.Value;
import org.lapidary.ir.op.Elementwise;
import org.lapidary.ir.op.Layout;
import org.lapidary.ir.op.Neural;
import org.lapidary.ir.op.NnOp;
import org.lapidary.ir.op.OpInfo;

/// What calibration saw of a graph, said of the same model imported with other sizes.
///
/// An operation is the same in both if it has the same kind, comes from the same ONNX node, and is
/// the same one among those. A rearranged value was seen where it was computed, and a concatenation
/// with a cache where the cache's entries were computed.
public final class CalibrationTransfer {
  private final Map<Key, Value> origins = new HashMap<>();
  private final Calibration seen;

  /// The `ordinal`-th operation of a kind that came from a node.
  private record Key(String node, Class<?> kind, int ordinal) {}

  /// From a graph that was calibrated and what was seen of it.
  public CalibrationTransfer(Graph<NnOp> graph, Calibration seen) {
    this.seen = seen;
    computed(graph, (key, node) -> origins.put(key, node.result()));
  }

  /// The calibration of the same model with other sizes.
  ///
  /// @throws DiagnosticException if an operation has no counterpart
  public Calibration to(Graph<NnOp> other) {
    Calibration result = seen.ofNothing();
    computed(
        other,
        (key, node) -> {
          Value origin = origins.get(key);
          if (origin != null) {
            result.take(seen, origin, node.result());
          } else if (needsScales(node.op())) {
            throw unknown(other, node);
          }
        });
    for (Graph.Node<NnOp> node : other.nodes()) {
      if (node.op() instanceof Layout layout) {
        OpInfo.operands(layout).stream()
            .filter(result::knows)
            .findFirst()
            .ifPresent(from -> result.take(result, from, node.result()));
      }
    }
    return result;
  }

  /// Everything that computes real numbers, which rearranging does not.
  private static void computed(Graph<NnOp> graph, BiConsumer<Key, Graph.Node<NnOp>> visit) {
    Map<Key, Integer> counts = new HashMap<>();
    for (Graph.Node<NnOp> node : graph.nodes()) {
      if (node.result().type().dtype() == DType.F32 && !(node.op() instanceof Layout)) {
        Key kind = new Key(node.loc().node(), node.op().getClass(), 0);
        int ordinal = counts.merge(kind, 1, Integer::sum);
        visit.accept(new Key(kind.node(), kind.kind(), ordinal), node);
      }
    }
  }

  private static boolean needsScales(NnOp op) {
    return switch (op) {
      case Neural.MatMul _, Neural.LayerNorm _, Neural.Softmax _, Elementwise.Gelu _ -> true;
      default -> false; // the host may compute more or less when sizes are known
    };
  }

  private static DiagnosticException unknown(Graph<NnOp> graph, Graph.Node<NnOp> node) {
    return new DiagnosticException(
        Diagnostic.error(
            Diagnostic.Code.CANNOT_QUANTIZE,
            graph.name(),
            node.loc().node(),
            "the model computes this with some sizes and not with others",
            "programs of several lengths cannot share scales; compile one length with --dim"));
  }
}
