package org.lapidary.gemmini.program;

import java.util.List;
import org.lapidary.sim.timing.Activity;
import org.lapidary.sim.timing.Unit;

/// Hears how a program spends its time, in cycles of the accelerator.
public interface ProgramTimeline {
  /// A unit does one thing for one command, see [org.lapidary.sim.timing.Timeline].
  ///
  /// @param kernel that the command serves
  void slice(
      Unit unit, Activity activity, int kernel, int funct, long rs1, long rs2, long from, long to);

  /// The host evaluates nodes of the graph, given by their index, while the accelerator stands
  /// still. How long that takes is not modelled.
  void host(List<Integer> nodes, long at);
}
