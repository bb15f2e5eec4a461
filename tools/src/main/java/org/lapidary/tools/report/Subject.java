package org.lapidary.tools.report;

import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.lapidary.gemmini.cost.Baseline;
import org.lapidary.gemmini.program.Program;
import org.lapidary.ir.Graph;
import org.lapidary.ir.op.Op;
import org.lapidary.tools.blame.Investigation;
import org.lapidary.tools.blame.Verdict;
import org.lapidary.tools.compile.Compiled;
import org.lapidary.tools.compile.Inference;
import org.lapidary.tools.profile.Profile;
import org.lapidary.tools.validate.Measurement;

/// What a report is about.
///
/// @param name of the model
/// @param program that was made of it
/// @param profile where its cycles go
/// @param access which memory it touches
/// @param compilation how it was made; not known of a program that was read
/// @param accuracy how well it does, if it was asked a task
/// @param blame who lost accuracy, if that was asked
public record Subject(
    String name,
    Program program,
    Profile profile,
    MemoryAccess access,
    Optional<Compilation> compilation,
    Optional<Measurement> accuracy,
    Optional<Investigation> blame) {

  /// How a program was made.
  ///
  /// @param changes of each pass
  public record Compilation(Compiled compiled, List<Changes.Change> changes) {
    public Compilation {
      changes = List.copyOf(changes);
    }
  }

  /// The float-host baseline, a documented assumption.
  Baseline baseline() {
    return Inference.baseline(program, profile.kernels());
  }

  double speedup() {
    return (double) baseline().cycles() / profile.cycles();
  }

  /// The names of the ONNX nodes, in the order of the model.
  Set<String> nodes() {
    Set<String> names = new LinkedHashSet<>();
    compilation.ifPresent(c -> collect(c.compiled().imported().graph(), names));
    collect(program.graph(), names);
    return names;
  }

  private static void collect(Graph<? extends Op> graph, Set<String> names) {
    graph.nodes().stream().map(n -> n.loc().node()).filter(n -> !n.isEmpty()).forEach(names::add);
  }

  /// What a node loses, if that was asked.
  Optional<Verdict> verdict(String node) {
    return blame.flatMap(
        b -> b.verdicts().stream().filter(v -> v.suspect().node().equals(node)).findFirst());
  }
}
