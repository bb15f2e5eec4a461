package org.lapidary.passes.prune;

import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;
import org.ejml.data.DMatrixRMaj;
import org.ejml.dense.row.CommonOps_DDRM;
import org.ejml.dense.row.factory.LinearSolverFactory_DDRM;
import org.ejml.interfaces.linsol.LinearSolverDense;

/// The last linear layer `Y = X W + b` of a branch as a least squares over calibration rows: which
/// groups of its channels can go, and what the others' weights become.
///
/// With rows less their means, `H = XᵀX + λI` and `C = XᵀT + λW` for the target `T`, the weights
/// that fit best are `H⁻¹C`, and the bias makes the means agree; `λ` holds what the samples do not
/// determine where it was.
///
/// Taking the groups `S` out and refitting the rest costs `tr(W_Sᵀ ((H⁻¹)_SS)⁻¹ W_S)`. Source:
/// Hassibi and Stork, Optimal Brain Surgeon, 1993; for groups, Kurtic et al., Optimal BERT Surgeon,
/// 2022.
final class LeastSquares {
  /// `λ` over the mean of H's diagonal.
  private static final double RIDGE = 0.01;

  /// Of so many groups left one goes at a time, of more proportionally more.
  private static final int STEPS = 64;

  private final int channels;
  private final int outputs;
  private final double[] meanX;
  private final double[] meanT;
  private final DMatrixRMaj hessian;
  private final DMatrixRMaj cross;
  private final double targetSquares;
  private int[] order = {};

  /// @param x operand of the layer as it is now
  /// @param target what the layer should give
  /// @param weight as it was, row-major `[x.width, target.width]`
  LeastSquares(Rows x, Rows target, float[] weight) {
    this.channels = x.width();
    this.outputs = target.width();
    this.meanX = x.mean();
    this.meanT = target.mean();
    Rows xs = x.centred(meanX);
    Rows ts = target.centred(meanT);
    this.targetSquares = ts.squares();
    this.hessian = DMatrixRMaj.wrap(channels, channels, xs.transposedTimes(xs));
    this.cross = DMatrixRMaj.wrap(channels, outputs, xs.transposedTimes(ts));
    double ridge = Math.max(1e-12, RIDGE * CommonOps_DDRM.trace(hessian) / channels);
    for (int i = 0; i < channels; i++) {
      hessian.add(i, i, ridge);
      for (int j = 0; j < outputs; j++) {
        cross.add(i, j, ridge * weight[i * outputs + j]);
      }
    }
  }

  /// Weights and bias of the layer on some of its channels.
  ///
  /// @param weight row-major `[channels that stay, outputs]`
  /// @param error what is left of the target's variance, as a share
  record Fit(float[] weight, float[] bias, double error) {
    @Override
    public boolean equals(Object other) {
      return this == other;
    }

    @Override
    public int hashCode() {
      return System.identityHashCode(this);
    }

    @Override
    public String toString() {
      return "error " + error;
    }
  }

  /// The best weights on the channels that stay.
  Fit fit(int[] kept) {
    DMatrixRMaj weight = solve(kept);
    float[] bias = new float[outputs];
    double explained = 0;
    for (int j = 0; j < outputs; j++) {
      double b = meanT[j];
      for (int i = 0; i < kept.length; i++) {
        b -= meanX[kept[i]] * weight.get(i, j);
        explained += weight.get(i, j) * cross.get(kept[i], j);
      }
      bias[j] = (float) b;
    }
    float[] rounded = new float[weight.getNumElements()];
    for (int i = 0; i < rounded.length; i++) {
      rounded[i] = (float) weight.data[i];
    }
    double error = targetSquares == 0 ? 0 : Math.max(0, 1 - explained / targetSquares);
    return new Fit(rounded, bias, error);
  }

  private DMatrixRMaj solve(int[] kept) {
    DMatrixRMaj weight = new DMatrixRMaj(kept.length, outputs);
    if (kept.length > 0) {
      DMatrixRMaj h = new DMatrixRMaj(kept.length, kept.length);
      DMatrixRMaj c = new DMatrixRMaj(kept.length, outputs);
      for (int i = 0; i < kept.length; i++) {
        for (int j = 0; j < kept.length; j++) {
          h.set(i, j, hessian.get(kept[i], kept[j]));
        }
        System.arraycopy(cross.data, kept[i] * outputs, c.data, i * outputs, outputs);
      }
      LinearSolverDense<DMatrixRMaj> solver = LinearSolverFactory_DDRM.chol(kept.length);
      if (!solver.setA(h)) {
        throw new IllegalStateException("a ridge makes every Gram matrix positive definite");
      }
      solver.solve(c, weight);
    }
    return weight;
  }

  /// The groups of `width` channels that stay, `count` of them, rising.
  int[] choose(int width, int count) {
    if (order.length == 0) {
      order = order(List.of(this), width);
    }
    return last(order, count);
  }

  /// The single channels that stay, `count` of them, rising, of layers that all read them: those
  /// without which all together lose most of what they give.
  static int[] choose(List<LeastSquares> layers, int count) {
    return last(order(layers, 1), count);
  }

  private static int[] last(int[] order, int count) {
    return Arrays.stream(order, order.length - count, order.length).sorted().toArray();
  }

  /// All groups, the first to go first; of many a few at a time.
  private static int[] order(List<LeastSquares> layers, int width) {
    List<Elimination> eliminations =
        layers.stream().map(layer -> layer.new Elimination(width)).toList();
    int[] order = new int[layers.getFirst().channels / width];
    boolean[] gone = new boolean[order.length];
    for (int done = 0; done < order.length; ) {
      double[] costs =
          IntStream.range(0, order.length)
              .parallel()
              .mapToDouble(g ->
                  gone[g]
                      ? Double.POSITIVE_INFINITY
                      : eliminations.stream().mapToDouble(e -> e.cost(g)).sum())
              .toArray();
      int[] next =
          IntStream.range(0, order.length)
              .boxed()
              .sorted(Comparator.comparingDouble(g -> costs[g]))
              .limit(Math.max(1, (order.length - done) / STEPS))
              .mapToInt(Integer::intValue)
              .toArray();
      for (int group : next) {
        eliminations.parallelStream().forEach(e -> e.remove(group));
        gone[group] = true;
        order[done++] = group;
      }
    }
    return order;
  }

  /// `H⁻¹` and the best weights, kept up to date while groups go, always the one that costs least.
  private final class Elimination {
    private final int width;
    private final double[] inverse;
    private final double[] weight;
    private final boolean[] gone = new boolean[channels];

    Elimination(int width) {
      this.width = width;
      DMatrixRMaj inverted = new DMatrixRMaj(channels, channels);
      LinearSolverDense<DMatrixRMaj> solver = LinearSolverFactory_DDRM.chol(channels);
      if (!solver.setA(hessian.copy())) {
        throw new IllegalStateException("a ridge makes every Gram matrix positive definite");
      }
      solver.invert(inverted);
      DMatrixRMaj best = new DMatrixRMaj(channels, outputs);
      CommonOps_DDRM.mult(inverted, cross, best);
      this.inverse = inverted.data;
      this.weight = best.data;
    }

    /// What the error grows by if a group goes and the others are refitted, as a share of the
    /// target's variance.
    private double cost(int group) {
      DMatrixRMaj pivot = pivot(group);
      double cost = 0;
      for (int i = 0; i < width; i++) {
        for (int j = 0; j < width; j++) {
          double dot = 0;
          for (int o = 0; o < outputs; o++) {
            dot +=
                weight[(group * width + i) * outputs + o]
                    * weight[(group * width + j) * outputs + o];
          }
          cost += pivot.get(i, j) * dot;
        }
      }
      return cost / Math.max(targetSquares, 1e-30);
    }

    /// Eliminates a group: `W -= H⁻¹_g P W_g`, `H⁻¹ -= H⁻¹_g P (H⁻¹_g)ᵀ` with `P = ((H⁻¹)_gg)⁻¹`.
    private void remove(int group) {
      DMatrixRMaj pivot = pivot(group);
      int from = group * width;
      double[] across = Arrays.copyOfRange(inverse, from * channels, (from + width) * channels);
      double[] own = Arrays.copyOfRange(weight, from * outputs, (from + width) * outputs);
      for (int c = 0; c < channels; c++) {
        for (int i = 0; i < width && !gone[c]; i++) {
          double factor = 0;
          for (int j = 0; j < width; j++) {
            factor += pivot.get(i, j) * across[j * channels + c];
          }
          subtract(inverse, c * channels, factor, across, i * channels, channels);
          subtract(weight, c * outputs, factor, own, i * outputs, outputs);
        }
      }
      Arrays.fill(gone, from, from + width, true);
    }

    private static void subtract(
        double[] from, int at, double factor, double[] row, int rowAt, int count) {
      for (int k = 0; k < count; k++) {
        from[at + k] -= factor * row[rowAt + k];
      }
    }

    private DMatrixRMaj pivot(int group) {
      DMatrixRMaj block = new DMatrixRMaj(width, width);
      for (int i = 0; i < width; i++) {
        for (int j = 0; j < width; j++) {
          block.set(i, j, inverse[(group * width + i) * channels + group * width + j]);
        }
      }
      CommonOps_DDRM.invert(block);
      return block;
    }
  }
}
