package org.lapidary.tools.explore;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;

/// Non-dominated sorting and crowding. Source: Deb et al. 2002, NSGA-II, sections III.A and III.B.
final class Pareto {
  private Pareto() {}

  /// Whether one is nowhere worse and somewhere better; smaller is better.
  static boolean dominates(double[] a, double[] b) {
    boolean better = false;
    for (int i = 0; i < a.length; i++) {
      if (a[i] > b[i]) {
        return false;
      }
      better |= a[i] < b[i];
    }
    return better;
  }

  /// For each item the number of its front: 0 for what nobody dominates, 1 once those are gone, ….
  static int[] ranks(List<double[]> costs) {
    int[] ranks = new int[costs.size()];
    Arrays.fill(ranks, -1);
    List<Integer> left = new ArrayList<>(IntStream.range(0, ranks.length).boxed().toList());
    for (int rank = 0; !left.isEmpty(); rank++) {
      List<Integer> rest = List.copyOf(left);
      List<Integer> front =
          rest.stream()
              .filter(
                  i -> rest.stream().noneMatch(other -> dominates(costs.get(other), costs.get(i))))
              .toList();
      for (int i : front) {
        ranks[i] = rank;
      }
      left.removeAll(front);
    }
    return ranks;
  }

  /// How alone each item is among those of its rank: infinite at the ends.
  static double[] crowding(List<double[]> costs, int[] ranks) {
    double[] alone = new double[ranks.length];
    int objectives = costs.isEmpty() ? 0 : costs.getFirst().length;
    for (int rank = 0; rank <= Arrays.stream(ranks).max().orElse(-1); rank++) {
      int wanted = rank;
      int[] members = IntStream.range(0, ranks.length).filter(i -> ranks[i] == wanted).toArray();
      for (int o = 0; o < objectives; o++) {
        spread(costs, members, o, alone);
      }
    }
    return alone;
  }

  private static void spread(List<double[]> costs, int[] members, int objective, double[] alone) {
    List<Integer> order =
        Arrays.stream(members)
            .boxed()
            .sorted(Comparator.comparingDouble(i -> costs.get(i)[objective]))
            .toList();
    double least = costs.get(order.getFirst())[objective];
    double range = costs.get(order.getLast())[objective] - least;
    alone[order.getFirst()] = Double.POSITIVE_INFINITY;
    alone[order.getLast()] = Double.POSITIVE_INFINITY;
    for (int k = 1; k + 1 < order.size() && range > 0; k++) {
      double gap = costs.get(order.get(k + 1))[objective] - costs.get(order.get(k - 1))[objective];
      alone[order.get(k)] += gap / range;
    }
  }
}
