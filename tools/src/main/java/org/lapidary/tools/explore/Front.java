package org.lapidary.tools.explore;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.IntStream;
import org.lapidary.tools.validate.Metric;

/// A trade-off: points such that no other is at least as good in everything and better in
/// something.
public enum Front {
  /// The task's metric against cycles per inference.
  CYCLES,
  /// The metric against the capacity of the on-chip memories.
  SRAM,
  /// The metric against estimated energy.
  ENERGY,
  /// The metric against all three at once.
  ALL;

  /// Name in files.
  public String text() {
    return name().toLowerCase(Locale.ROOT);
  }

  /// What is to be made small, the metric first.
  double[] costs(Point point, Metric metric) {
    double loss = metric.worse(0, point.value(metric));
    double cycles = point.cost().cycles();
    double sram = point.cost().sramBytes();
    double energy = point.cost().traffic().energyMicrojoules();
    return switch (this) {
      case CYCLES -> new double[] {loss, cycles};
      case SRAM -> new double[] {loss, sram};
      case ENERGY -> new double[] {loss, energy};
      case ALL -> new double[] {loss, cycles, sram, energy};
    };
  }

  /// The points nobody beats, in the order given; equals among them.
  List<Point> of(List<Point> points, Metric metric) {
    List<double[]> costs = points.stream().map(p -> costs(p, metric)).toList();
    return IntStream.range(0, points.size())
        .filter(i -> costs.stream().noneMatch(other -> Pareto.dominates(other, costs.get(i))))
        .mapToObj(points::get)
        .toList();
  }

  /// The same with one point for each trade-off: of equals the one that beats the others in all
  /// costs, else the first.
  List<Point> distinct(List<Point> points, Metric metric) {
    Map<List<Double>, Point> chosen = new LinkedHashMap<>();
    for (Point point : of(points, metric)) {
      chosen.merge(
          Arrays.stream(costs(point, metric)).boxed().toList(),
          point,
          (a, b) -> Pareto.dominates(ALL.costs(b, metric), ALL.costs(a, metric)) ? b : a);
    }
    return List.copyOf(chosen.values());
  }
}
