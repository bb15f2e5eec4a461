package org.lapidary.gemmini.map;

import java.util.Optional;
import org.lapidary.gemmini.map.ScheduleOptions.Fusion;
import org.lapidary.ir.Graph;
import org.lapidary.ir.op.Accumulate;
import org.lapidary.ir.op.MoveOut;
import org.lapidary.ir.op.Op;
import org.lapidary.machine.GemminiParams;

/// Decides which operations on a sum are done while it is in the accumulator. The alternative is to
/// move it out as 32-bit rows and to load it again; the integers are the same.
///
/// The price of reading whole rows is freedom of tiling: a piece is as wide as the matrix, so it
/// has few rows, and every piece loads the whole right operand. Source: survey.md §3.5.
record FusionRules(Uses uses, GemminiParams machine, Fusion fusion, KernelCost cost) {
  /// A decision, and why.
  ///
  /// @param cycles of both, if there was a choice
  record Choice(boolean fused, Optional<Cycles> cycles, String reason) {
    private static Choice fused(String reason) {
      return new Choice(true, Optional.empty(), reason);
    }

    /// Decision and reason in one line.
    String text() {
      return cycles.isEmpty() ? reason : (fused ? "fused: " : "not fused: ") + reason;
    }
  }

  /// Of an operation with its sum, and of the two apart.
  record Cycles(long together, long apart) {}

  /// Whether an operation reads its sum from the accumulator.
  Choice choose(Graph.Node<? extends Op> node) {
    if (!(node.op() instanceof MoveOut op)
        || op instanceof MoveOut.Requantize
        || op instanceof MoveOut.RequantizeBlocks) {
      return Choice.fused("on the way out of the accumulator");
    }
    if (!(uses.op(op.x()) instanceof Accumulate)) {
      return Choice.fused("its sum is in memory already");
    }
    if (!machine.fullWidthAccRead()) {
      return Choice.fused("the machine cannot move out 32-bit sums");
    }
    Cycles cycles = cycles(node, op);
    boolean faster = cycles.together <= cycles.apart;
    boolean fused =
        switch (fusion) {
          case ALWAYS -> true;
          case OFF -> false;
          case COST -> faster;
        };
    String asked = fused == faster ? "" : ", as asked for";
    String reason =
        "about %,d cycles with its sum, %,d apart%s"
            .formatted(cycles.together, cycles.apart, asked);
    return new Choice(fused, Optional.of(cycles), reason);
  }

  private Cycles cycles(Graph.Node<? extends Op> node, MoveOut op) {
    KernelSketch sketch = new KernelSketch(uses, machine.dim());
    return new Cycles(
        cost.cycles(sketch.together(node, op)),
        cost.cycles(sketch.sum(node, op)) + cost.cycles(sketch.separate(node, op)));
  }
}
