package org.lapidary.tools.profile;

import java.util.EnumMap;
import java.util.Map;
import org.lapidary.sim.timing.Activity;

/// What a unit did for one kernel without a break: one slice of the cycle model, or several short
/// ones joined.
final class Stretch {
  private final long resolution;
  private final Map<Activity, Long> cycles = new EnumMap<>(Activity.class);

  final int kernel;
  final Activity activity;
  final int funct;
  final long rs1;
  final long rs2;
  final long from;
  long to;
  int slices = 1;

  Stretch(
      long resolution,
      Activity activity,
      int kernel,
      int funct,
      long rs1,
      long rs2,
      long from,
      long to) {
    this.resolution = resolution;
    this.activity = activity;
    this.kernel = kernel;
    this.funct = funct;
    this.rs1 = rs1;
    this.rs2 = rs2;
    this.from = from;
    this.to = to;
    cycles.put(activity, to - from);
  }

  /// Takes another slice in, if both are short and nothing is between them.
  boolean takes(Activity next, int kernelOfNext, long start, long end) {
    boolean takesShort = slices > 1 || to - from < resolution;
    if (kernelOfNext != kernel || start - to >= resolution || end - start >= resolution) {
      return false;
    }
    if (!takesShort) {
      return false;
    }
    cycles.merge(next, end - start, Long::sum);
    to = end;
    slices++;
    return true;
  }

  /// Cycles by activity; of the normaliser and the DMA, what is missing is idleness.
  Map<Activity, Long> cycles() {
    return cycles;
  }
}
