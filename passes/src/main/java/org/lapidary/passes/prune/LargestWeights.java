package org.lapidary.passes.prune;

import java.util.stream.IntStream;
import org.lapidary.ir.Value;
import org.lapidary.ir.op.Neural;

/// What stays of a branch if its weights decide by their size, in and out: the yardstick.
final class LargestWeights {
  private final Workbench bench;
  private final Branch branch;

  LargestWeights(Workbench bench, Branch branch) {
    this.bench = bench;
    this.branch = branch;
  }

  /// The groups that stay, rising.
  int[] groups(int count) {
    double[] sizes = new double[branch.groups()];
    for (Value product : branch.rows()) {
      addTo(sizes, in(product));
    }
    addTo(sizes, out());
    return largest(sizes, 0, sizes.length, count);
  }

  /// The channels of each head that queries and keys are compared by.
  int[][] keys(int[] heads, int count) {
    Branch.Projections three = branch.projections().orElseThrow();
    double[] sizes = in(three.query().product());
    addTo(sizes, in(three.key().product()));
    return ofHeads(sizes, heads, count);
  }

  /// The channels of each head's values.
  int[][] values(int[] heads, int count) {
    double[] sizes = in(branch.projections().orElseThrow().value().product());
    addTo(sizes, out());
    return ofHeads(sizes, heads, count);
  }

  private int[][] ofHeads(double[] sizes, int[] heads, int count) {
    int width = sizes.length / branch.groups();
    return IntStream.of(heads)
        .mapToObj(head -> largest(sizes, head * width, width, count))
        .toArray(int[][]::new);
  }

  /// The largest of a range, counted from its start, rising.
  static int[] largest(double[] sizes, int from, int length, int count) {
    return IntStream.range(0, length)
        .boxed()
        .sorted((a, b) -> Double.compare(sizes[from + b], sizes[from + a]))
        .limit(count)
        .mapToInt(Integer::intValue)
        .sorted()
        .toArray();
  }

  /// Adds what belongs to each element of `sums`, which has more of them or as many.
  private static void addTo(double[] sums, double[] more) {
    int each = more.length / sums.length;
    for (int i = 0; i < more.length; i++) {
      sums[i / each] += more[i];
    }
  }

  /// Squares of the weights that make each channel.
  private double[] in(Value product) {
    float[] weights = bench.elements(((Neural.MatMul) bench.node(product).op()).b());
    double[] sizes = new double[product.type().dim(-1)];
    for (int i = 0; i < weights.length; i++) {
      sizes[i % sizes.length] += (double) weights[i] * weights[i];
    }
    return sizes;
  }

  /// Squares of the weights that read each channel.
  private double[] out() {
    float[] weights = bench.elements(branch.weight());
    double[] sizes = new double[branch.channels()];
    addTo(sizes, squares(weights));
    return sizes;
  }

  private static double[] squares(float[] values) {
    double[] squares = new double[values.length];
    for (int i = 0; i < squares.length; i++) {
      squares[i] = (double) values[i] * values[i];
    }
    return squares;
  }
}
