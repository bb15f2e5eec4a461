package org.lapidary.gemmini.map;

import java.util.Locale;
import org.lapidary.ir.Graph;
import org.lapidary.ir.op.Op;
import org.lapidary.ir.op.OpInfo;

/// Where a node of the graph runs, and why.
///
/// @param node name of the ONNX node it came from, or empty
/// @param op name of the operation
public record Placement(String node, String op, Where where, String reason) {
  /// The places.
  public enum Where {
    ACCELERATOR,
    HOST,
    /// Costs nothing: a different way of addressing what is there.
    ADDRESSING,
    /// Part of the program's memory image.
    CONSTANT;

    /// As JSON has it.
    public String text() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  static Placement of(Graph.Node<? extends Op> node, Where where, String reason) {
    return new Placement(node.loc().node(), OpInfo.of(node.op()).name(), where, reason);
  }
}
