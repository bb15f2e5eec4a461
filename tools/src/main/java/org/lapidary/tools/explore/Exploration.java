package org.lapidary.tools.explore;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.LongConsumer;
import java.util.stream.Stream;
import org.lapidary.ir.Diagnostic;
import org.lapidary.ir.DiagnosticException;

/// Looks at points generation by generation, keeps what is found, and then measures what is on a
/// front on all samples, until every front consists of such points.
public final class Exploration {
  private final Plan plan;
  private final PointRunner runner;
  private final Store store;
  private final LongConsumer progress;
  private final Map<String, Outcome> outcomes = new HashMap<>();
  private final List<Candidate> candidates = new ArrayList<>();
  private final Set<String> done = new HashSet<>();

  private Exploration(Plan plan, PointRunner runner, Store store, LongConsumer progress) {
    this.plan = plan;
    this.runner = runner;
    this.store = store;
    this.progress = progress;
  }

  /// Explores.
  ///
  /// @param fp32 how the model does in fp32, on all samples
  /// @param progress told how many points are known
  /// @throws DiagnosticException if not even the usual settings work
  public static Findings run(
      Plan plan, Outcome.Accuracy fp32, PointRunner runner, Store store, LongConsumer progress) {
    Exploration exploration = new Exploration(plan, runner, store, progress);
    exploration.search();
    List<Point> points = exploration.confirmed();
    return Findings.of(plan, fp32, points, exploration.refusals());
  }

  private void search() {
    long start = System.nanoTime();
    Search search = new Search(plan.space(), plan.metric(), plan.points(), plan.seed());
    List<Settings> generation = search.next(List.of());
    // What is wrong with the usual settings is wrong with the question.
    look(generation.subList(0, 1));
    refusal(candidates.getFirst()).ifPresent(Exploration::refuse);
    look(generation.subList(1, generation.size()));
    while (!generation.isEmpty() && !late(start)) {
      generation = search.next(points());
      look(generation);
    }
  }

  private boolean late(long start) {
    return plan.time().filter(t -> System.nanoTime() - start > t.toNanos()).isPresent();
  }

  private static void refuse(String reason) {
    throw new DiagnosticException(
        Diagnostic.error(
            Diagnostic.Code.INVALID_INPUT,
            "",
            "",
            "the usual settings fail, so there is nothing to explore: " + reason,
            "make lapidary validate work with the same arguments first"));
  }

  private void look(List<Settings> generation) {
    List<Candidate> next = generation.stream().map(s -> Candidate.of(s, plan)).toList();
    candidates.addAll(next);
    run(next.stream().flatMap(c -> Stream.of(c.accuracy(), c.cost())).toList());
  }

  /// Does what is not known yet, each job once.
  private void run(List<Job> jobs) {
    Map<String, Job> missing = new LinkedHashMap<>();
    for (Job job : jobs) {
      if (!outcomes.containsKey(job.hash())) {
        store
            .outcome(job)
            .ifPresentOrElse(
                known -> outcomes.put(job.hash(), known), () -> missing.put(job.hash(), job));
      }
    }
    keepPoints();
    runner.run(
        List.copyOf(missing.values()),
        (job, outcome) -> {
          store.keep(job, outcome);
          outcomes.put(job.hash(), outcome);
          keepPoints();
        });
  }

  /// Writes the points that are complete.
  private void keepPoints() {
    for (Candidate candidate : candidates) {
      if (!done.contains(candidate.hash())) {
        Optional<Point> point = point(candidate);
        point.ifPresent(p -> store.keep(p, plan));
        if (point.isPresent() || refusal(candidate).isPresent()) {
          done.add(candidate.hash());
        }
      }
    }
    progress.accept(done.size());
  }

  private List<Point> points() {
    return candidates.stream().flatMap(c -> point(c).stream()).toList();
  }

  /// A point as far as it is known.
  private Optional<Point> point(Candidate c) {
    return outcomes.get(c.accuracy().hash()) instanceof Outcome.Accuracy accuracy
            && outcomes.get(c.cost().hash()) instanceof Outcome.Cost cost
        ? Optional.of(new Point(c.hash(), c.settings(), c.words(), accuracy, cost))
        : Optional.empty();
  }

  /// The same with the figures on all samples where those are known.
  private Optional<Point> best(Candidate c) {
    return point(c)
        .map(p ->
            outcomes.get(c.whole().hash()) instanceof Outcome.Accuracy onAll
                ? p.measured(onAll, c.wholeWords())
                : p);
  }

  private Optional<String> refusal(Candidate c) {
    return Stream.of(c.accuracy(), c.cost())
        .flatMap(job ->
            outcomes.get(job.hash()) instanceof Outcome.Refused r
                ? Stream.of(r.reason())
                : Stream.empty())
        .findFirst();
  }

  private List<Findings.Refusal> refusals() {
    return candidates.stream()
        .flatMap(c -> refusal(c).stream().map(why -> new Findings.Refusal(c.settings(), why)))
        .toList();
  }

  /// The points, those on fronts measured on all samples. A point that loses by that may let others
  /// onto the front, so it is repeated until nothing changes.
  private List<Point> confirmed() {
    while (true) {
      List<Point> points = candidates.stream().flatMap(c -> best(c).stream()).toList();
      Set<String> onFronts = new HashSet<>();
      for (Front front : Front.values()) {
        front.of(points, plan.metric()).forEach(p -> onFronts.add(p.hash()));
      }
      List<Job> open =
          candidates.stream()
              .filter(c -> onFronts.contains(c.hash()))
              .map(Candidate::whole)
              .filter(job -> !outcomes.containsKey(job.hash()))
              .distinct()
              .toList();
      if (open.isEmpty()) {
        return points;
      }
      run(open);
    }
  }
}
