package org.lapidary.passes.quant;

import org.lapidary.ir.Graph;
import org.lapidary.ir.op.Op;

/// What a machine takes for a graph: the quantizer's only way to know of it.
@FunctionalInterface
public interface CycleCount {
  /// Cycles of one inference, by the machine's cycle model.
  long of(Graph<Op> quantized);
}
