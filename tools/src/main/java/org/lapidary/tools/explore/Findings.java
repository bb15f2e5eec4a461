package org.lapidary.tools.explore;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.lapidary.sim.timing.CycleModel;

/// What an exploration found.
///
/// @param fp32 the model in fp32 on all samples
/// @param points all, in the order in which they were looked at
/// @param fronts the points of each front, one for each trade-off
/// @param refused settings that cannot be compiled, and why
public record Findings(
    Plan plan,
    Outcome.Accuracy fp32,
    List<Point> points,
    Map<Front, List<Point>> fronts,
    List<Refusal> refused) {

  /// Settings that no program could be made for.
  public record Refusal(Settings settings, String reason) {}

  static Findings of(Plan plan, Outcome.Accuracy fp32, List<Point> points, List<Refusal> refused) {
    Map<Front, List<Point>> fronts = new EnumMap<>(Front.class);
    for (Front front : Front.values()) {
      fronts.put(front, front.distinct(points, plan.metric()));
    }
    return new Findings(plan, fp32, List.copyOf(points), fronts, List.copyOf(refused));
  }

  /// The names of the fronts that a point is on.
  public List<String> frontsOf(Point point) {
    List<String> names = new ArrayList<>();
    fronts.forEach((front, members) -> {
      if (members.contains(point)) {
        names.add(front.text());
      }
    });
    return names;
  }

  private List<Point> best() {
    Set<Point> members = new HashSet<>();
    fronts.values().forEach(members::addAll);
    return points.stream().filter(members::contains).toList();
  }

  /// The keys that scripts read.
  public Map<String, Object> document() {
    Map<String, Object> d = new LinkedHashMap<>();
    Map<String, Object> metric = new LinkedHashMap<>();
    metric.put("name", plan.metric().text());
    metric.put("higher_is_better", plan.metric().higherIsBetter());
    metric.put("fp32", value(fp32));
    metric.put("samples", plan.allSamples());
    metric.put("search_samples", plan.searchSamples());
    d.put("metric", metric);
    d.put("seed", plan.seed());
    d.put("space", plan.space().size());
    d.put("cycle_model", cycleModel());
    d.put("energy", Traffic.LABEL);
    d.put("points", points.stream().map(this::document).toList());
    d.put(
        "refused",
        refused.stream()
            .map(r -> Map.of("settings", r.settings().byName(), "reason", r.reason()))
            .toList());
    return d;
  }

  static Map<String, Object> cycleModel() {
    Map<String, Object> model = new LinkedHashMap<>();
    model.put("name", CycleModel.NAME);
    model.put("mean_error_percent", CycleModel.knownError().overall().mean());
    return model;
  }

  /// Those that are on any front, the fewest cycles first.
  public List<Point> sorted() {
    return best().stream()
        .sorted(Comparator.comparingLong((Point p) -> p.cost().cycles()).thenComparing(Point::hash))
        .toList();
  }

  /// The headline.
  public double value(Outcome.Accuracy accuracy) {
    return Objects.requireNonNull(accuracy.metrics().get(plan.metric().text()));
  }

  private Map<String, Object> document(Point point) {
    Map<String, Object> d = new LinkedHashMap<>();
    d.put("hash", point.hash());
    d.put("metric", value(point.accuracy()));
    d.put("samples", point.accuracy().samples());
    d.put("cycles", point.cost().cycles());
    d.put("sram_bytes", point.cost().sramBytes());
    d.put("energy_microjoules", point.cost().traffic().energyMicrojoules());
    d.put("on_front", Objects.requireNonNull(fronts.get(Front.CYCLES)).contains(point));
    d.put("fronts", frontsOf(point));
    d.put("settings", point.settings().byName());
    d.put("command", point.command());
    return d;
  }
}
