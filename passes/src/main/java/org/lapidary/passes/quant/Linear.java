package org.lapidary.passes.quant;

import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.lapidary.ir.DType;
import org.lapidary.ir.Data;
import org.lapidary.ir.Tensor;
import org.lapidary.ir.TensorType;
import org.lapidary.ir.Value;
import org.lapidary.ir.op.Accumulate;
import org.lapidary.passes.quant.Emitter.Blocks;
import org.lapidary.passes.quant.Emitter.Sum;
import org.lapidary.passes.quant.IntegerWeight.Row;

/// Writes products with weights: gamma and beta of a LayerNorm folded in, rows that do not fit
/// eight bits as further products of picked channels.
final class Linear {
  /// Channels with so small a product of gammas carry nothing.
  private static final double DEAD = 1e-12;

  private final Emitter emitter;
  private final QuantizeOptions options;

  Linear(Emitter emitter, QuantizeOptions options) {
    this.emitter = emitter;
    this.options = options;
  }

  /// What is known of the operand of a product.
  ///
  /// @param mean of its channels, before gamma and beta
  /// @param moments of its channels, gamma and beta included, if they were observed
  record Operand(double[] mean, Optional<ChannelMoments> moments) {}

  /// The product with a weight.
  ///
  /// @param mayBlock whether the result's columns may be in steps of their own
  Sum product(Int8 x, Weight weight, Operand operand, boolean mayBlock) {
    int columns = weight.columns();
    float[] stored = weight.load();
    double[] bias = x.isAffine() ? timesBeta(x, stored, columns) : new double[0];
    float[] w = x.isAffine() ? timesGamma(x, stored, columns) : stored;
    Optional<ErrorFeedback> feedback =
        operand.moments().map(m -> ErrorFeedback.of(moments(x, m, operand.mean())));
    IntegerWeight q = IntegerWeight.of(w, columns, x.grids(), feedback, mayBlock, options);
    if (options.recipe().get(Recipe.BiasCorrect.class).isPresent()) {
      bias = corrected(bias, w, q.real(columns, x.grids()), operand.mean());
    }
    String name = weight.data().name();
    Value main =
        emitter.emit(
            new Accumulate.MatMulI8(x.value(), matrix(name + ".i8", q.main(), columns, q.step())));
    main = further(main, x.value(), q.extra(), name + ".extra", columns);
    if (x.wide().isPresent()) {
      main = further(main, x.wide().get().value(), q.wide(), name + ".wide", columns);
    }
    return new Sum(main, x.step() * q.step(), bias, blocks(q, columns));
  }

  private static Optional<Blocks> blocks(IntegerWeight q, int columns) {
    ColumnSteps steps = q.steps();
    double[] factors = Arrays.stream(steps.steps()).map(s -> s / q.step()).toArray();
    return steps.width() < columns
        ? Optional.of(new Blocks(steps.width(), factors))
        : Optional.empty();
  }

  /// Second moments of the int8 operand, in its real units before gamma and beta; of its distance
  /// from the mean if the bias takes care of that. Rounding to int8 adds what it adds to each.
  private double[][] moments(Int8 x, ChannelMoments seen, double[] mean) {
    boolean centred = options.recipe().get(Recipe.BiasCorrect.class).isPresent();
    int n = seen.channels();
    double[][] h = new double[n][n];
    for (int a = 0; a < n; a++) {
      for (int b = 0; b < n; b++) {
        double gammas = x.isAffine() ? x.gamma()[a] * x.gamma()[b] : 1;
        double both = centred ? 0 : mean[a] * mean[b];
        h[a][b] = Math.abs(gammas) < DEAD ? 0 : seen.covariance(a, b) / gammas + both;
      }
      h[a][a] += x.step() * x.step() / 12;
    }
    return h;
  }

  /// What beta adds to the result.
  private static double[] timesBeta(Int8 x, float[] w, int columns) {
    double[] bias = new double[columns];
    for (int k = 0; k < x.beta().length; k++) {
      for (int n = 0; n < columns; n++) {
        bias[n] += x.beta()[k] * w[k * columns + n];
      }
    }
    return bias;
  }

  /// The weight with gamma multiplied in.
  private static float[] timesGamma(Int8 x, float[] w, int columns) {
    float[] product = new float[w.length];
    for (int k = 0; k < x.gamma().length; k++) {
      float gamma = (float) x.gamma()[k];
      for (int n = 0; n < columns; n++) {
        product[k * columns + n] = w[k * columns + n] * gamma;
      }
    }
    return product;
  }

  /// Adds what rounding takes from the mean of each column.
  private static double[] corrected(
      double[] bias, float[] w, IntegerWeight.Rows rounded, double[] mean) {
    int columns = w.length / mean.length;
    double[] out = bias.length == 0 ? new double[columns] : bias.clone();
    for (int k = 0; k < mean.length; k++) {
      double[] row = rounded.row(k);
      for (int c = 0; c < columns; c++) {
        out[c] += (w[k * columns + c] - row[c]) * mean[k];
      }
    }
    return out;
  }

  /// Adds the products of picked channels with further rows.
  private Value further(Value sum, Value x, List<Row> rows, String name, int columns) {
    if (rows.isEmpty()) {
      return sum;
    }
    int channels = x.type().dim(-1);
    byte[] pick = new byte[channels * rows.size()];
    byte[] w = new byte[rows.size() * columns];
    for (int r = 0; r < rows.size(); r++) {
      pick[rows.get(r).channel() * rows.size() + r] = 1;
      System.arraycopy(rows.get(r).w(), 0, w, r * columns, columns);
    }
    Value picker = matrix(name + ".pick", pick, rows.size(), 1);
    Value sums = emitter.emit(new Accumulate.MatMulI8(x, picker));
    Value picked = emitter.requantize(sums, false, sums.type().scale());
    double unit = sum.type().scale() / picked.type().scale();
    Value more = emitter.emit(new Accumulate.MatMulI8(picked, matrix(name, w, columns, unit)));
    return emitter.add(sum, more);
  }

  private Value matrix(String name, byte[] w, int columns, double step) {
    TensorType type = new TensorType(DType.I8, List.of(w.length / columns, columns), step);
    return emitter.constant(Data.of(name, Tensor.of(type, w)));
  }
}
