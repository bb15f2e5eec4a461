package org.lapidary.tools.generate;

import java.util.Map;
import org.lapidary.gemmini.program.Program;
import org.lapidary.ir.Graph;
import org.lapidary.ir.op.Op;

/// A language model as a set of programs that share their scales and their caches.
///
/// @param model what it is
/// @param programs one per bucket
/// @param referees the integer graphs, with all their constants, of the programs that start a
///   sequence
public record Programs(
    LanguageModel model, Map<Bucket, Program> programs, Map<Bucket, Graph<Op>> referees) {
  public Programs {
    programs = Map.copyOf(programs);
    referees = Map.copyOf(referees);
  }
}
