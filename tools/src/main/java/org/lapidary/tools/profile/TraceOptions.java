package org.lapidary.tools.profile;

import java.util.Optional;
import org.lapidary.gemmini.program.Program;
import org.lapidary.tools.inspect.NodeGlob;

/// How much of a timeline is written.
///
/// @param from first cycle of interest
/// @param to cycle after the last one of interest
/// @param only what serves these ONNX nodes
/// @param resolution neighbouring slices of one kernel that are shorter than this are joined
public record TraceOptions(long from, long to, Optional<NodeGlob> only, long resolution) {
  private static final int COMMANDS_IN_FULL = 100_000;
  private static final long COARSE = 256;

  /// Everything, each command a slice.
  public static final TraceOptions ALL = new TraceOptions(0, Long.MAX_VALUE, Optional.empty(), 1);

  /// The finest resolution that keeps a program's trace small enough to be opened.
  public static long resolution(Program program) {
    return program.commandCount() <= COMMANDS_IN_FULL ? 1 : COARSE;
  }

  boolean overlaps(long start, long end) {
    return start < to && end > from;
  }

  /// Which kernels are of interest, by number.
  boolean[] chosen(Program program) {
    boolean[] chosen = new boolean[program.kernels().size()];
    for (int k = 0; k < chosen.length; k++) {
      chosen[k] =
          only.isEmpty()
              || program.nodesOf(k).stream().anyMatch(n -> only.get().matches(n.loc().node()));
    }
    return chosen;
  }
}
