package org.lapidary.tools.blame;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.function.LongConsumer;
import java.util.function.Predicate;
import org.lapidary.ir.Value;
import org.lapidary.tools.blame.Verdict.Outcome;
import org.lapidary.tools.compile.Compiled;
import org.lapidary.tools.validate.Example;
import org.lapidary.tools.validate.Metric;
import org.lapidary.tools.validate.Task;

/// Who lost it: every quantized ONNX node alone, every one left out, and a search for the first
/// that matters.
///
/// @param task what the model was asked
/// @param metric what is measured
/// @param samples number of examples
/// @param fp32 the model in float
/// @param quantized the model with every node quantized
/// @param verdicts the worst first
/// @param bisection the steps of the search for the first guilty node
/// @param seconds wall time
public record Investigation(
    Task task,
    Metric metric,
    int samples,
    Outcome fp32,
    Outcome quantized,
    List<Verdict> verdicts,
    List<Probe> bisection,
    double seconds) {
  public Investigation {
    verdicts = List.copyOf(verdicts);
    bisection = List.copyOf(bisection);
  }

  /// A model of which the first nodes are quantized.
  ///
  /// @param quantized how many
  /// @param last the last of them
  public record Probe(int quantized, String last, Outcome outcome) {}

  /// Number of runs over the examples for so many nodes.
  public static long runs(int suspects) {
    return 2L * suspects + 2 + (64 - Long.numberOfLeadingZeros(Math.max(1, suspects)));
  }

  /// Investigates a compiled model.
  ///
  /// @param progress told the number of finished runs over the examples
  public static Investigation of(
      Compiled compiled,
      Task task,
      Metric metric,
      List<Example> examples,
      int threads,
      LongConsumer progress) {
    long start = System.nanoTime();
    Hybrid hybrid = new Hybrid(compiled);
    List<Suspect> suspects = Suspects.of(compiled, hybrid, examples.getFirst().inputs().getFirst());
    Trial trial = Trial.of(compiled, hybrid, task, metric, examples, threads);
    Outcome fp32 = trial.outcome(_ -> false);
    Outcome all = trial.outcome(_ -> true);
    Map<Suspect, Fidelity> running = trial.running(suspects);
    List<Verdict> verdicts = new ArrayList<>();
    for (Suspect suspect : suspects) {
      Set<Value> own = new HashSet<>(suspect.values());
      verdicts.add(
          new Verdict(
              suspect,
              Objects.requireNonNull(running.get(suspect)),
              trial.outcome(own::contains),
              trial.outcome(v -> !own.contains(v))));
      progress.accept(2L + 2L * verdicts.size());
    }
    verdicts.sort(Comparator.comparingDouble(v -> -v.alone().noise()));
    List<Probe> bisection = bisect(trial, suspects, all);
    progress.accept(runs(suspects.size()));
    double seconds = (System.nanoTime() - start) / 1e9;
    return new Investigation(
        task, metric, examples.size(), fp32, all, verdicts, bisection, seconds);
  }

  /// Quantizes from the start of the model on: the first guilty node is the one with which half of
  /// the noise of all is reached. Noise adds up along the way, so that halving finds it.
  private static List<Probe> bisect(Trial trial, List<Suspect> suspects, Outcome all) {
    List<Probe> probes = new ArrayList<>();
    int below = 0;
    int reached = suspects.size();
    while (reached - below > 1) {
      int middle = (below + reached) / 2;
      Outcome outcome = trial.outcome(among(suspects.subList(0, middle)));
      probes.add(new Probe(middle, suspects.get(middle - 1).node(), outcome));
      if (outcome.noise() >= all.noise() / 2) {
        reached = middle;
      } else {
        below = middle;
      }
    }
    if (reached > 0) {
      Outcome outcome = trial.outcome(among(suspects.subList(0, reached)));
      probes.add(new Probe(reached, suspects.get(reached - 1).node(), outcome));
    }
    return probes;
  }

  private static Predicate<Value> among(List<Suspect> some) {
    Set<Value> values = new HashSet<>();
    some.forEach(s -> values.addAll(s.values()));
    return values::contains;
  }

  /// The node with which half of the noise is reached; empty if nothing is quantized.
  public String firstGuilty() {
    return bisection.isEmpty() ? "" : bisection.getLast().last();
  }
}
