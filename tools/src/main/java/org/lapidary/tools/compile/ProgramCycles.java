package org.lapidary.tools.compile;

import org.lapidary.gemmini.program.ProgramTiming;
import org.lapidary.ir.Graph;
import org.lapidary.ir.op.Op;
import org.lapidary.passes.quant.CycleCount;
import org.lapidary.sim.timing.MemoryTiming;

/// What a quantized graph takes: that of the program that would be made of it.
///
/// @param options machine and schedule
record ProgramCycles(CompileOptions options) implements CycleCount {
  @Override
  public long of(Graph<Op> quantized) {
    MemoryTiming memory = MemoryTiming.of(options.machine());
    return ProgramTiming.of(Lapidary.emit(quantized, options), memory).cycles();
  }
}
