package org.lapidary.passes.quant;

import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.IntFunction;
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
  private final boolean corrects;
  private final boolean watched;
  private final Map<Value, WeightNoise> noises = new HashMap<>();

  Linear(Emitter emitter, QuantizeOptions options) {
    this.emitter = emitter;
    this.options = options;
    this.corrects = options.recipe().get(Recipe.BiasCorrect.class).isPresent();
    this.watched =
        options.recipe().get(Recipe.TwoPieces.class).map(o -> o.operands() > 0).orElse(false);
  }

  /// What rounding the weights did, by product, if somebody may want them in two pieces.
  Map<Value, WeightNoise> noises() {
    return noises;
  }

  /// What is known of the operand of a product.
  ///
  /// @param product of the canonical graph
  /// @param x its int8 form, or the high piece of it
  /// @param low the low piece, if it is in two
  /// @param channels what they are like
  /// @param moments of its channels, gamma and beta included, if they were observed
  record Operand(
      Value product,
      Int8 x,
      Optional<Int8> low,
      OperandMoments channels,
      Optional<ChannelMoments> moments) {}

  /// The product with a weight.
  ///
  /// @param mayBlock whether the result's columns may be in steps of their own
  /// @param inTwo whether the weight is in two pieces
  Sum product(Operand operand, Weight weight, boolean mayBlock, boolean inTwo) {
    Int8 x = operand.x();
    int columns = weight.columns();
    float[] stored = weight.load();
    double[] bias = x.isAffine() ? timesBeta(x, stored, columns) : new double[0];
    float[] w = x.isAffine() ? timesGamma(x, stored, columns) : stored;
    Optional<TwoPieceWeight> two =
        inTwo ? Optional.of(TwoPieceWeight.of(w, columns)) : Optional.empty();
    IntegerWeight q =
        two.map(TwoPieceWeight::alone).orElseGet(() -> rounded(w, operand, columns, mayBlock));
    IntFunction<double[]> rows = two.isPresent() ? two.get()::row : q.real(columns, x.grids())::row;
    if (corrects || watched) {
      bias = corrected(bias, w, rows, operand);
    }
    String name = weight.data().name();
    Value high = matrix(name + ".i8", q.main(), columns, q.step());
    Value main = whole(x.value(), high, q, name);
    if (x.wide().isPresent()) {
      main = further(main, x.wide().get().value(), q.wide(), name + ".wide", columns);
    }
    if (operand.low().isPresent()) {
      Value lowPiece = operand.low().get().value();
      double[] low = new double[weight.rows()];
      Arrays.fill(low, HighAndLow.LOW_RMS * HighAndLow.LOW_RMS);
      main = emitter.addFiner(main, () -> whole(lowPiece, high, q, name), loudest(low, q.main()));
    }
    if (two.isPresent()) {
      main = addLow(main, operand, two.get(), name);
    }
    return new Sum(main, x.step() * q.step(), bias, blocks(q, columns));
  }

  /// Adds the product with the low piece of a weight.
  private Value addLow(Value main, Operand operand, TwoPieceWeight two, String name) {
    Int8 x = operand.x();
    Value low = matrix(name + ".low", two.low(), two.columns(), two.step() / TwoPieceWeight.FINER);
    double unit = x.step() * x.step();
    double[] squares = Arrays.stream(operand.channels().squares()).map(s -> s / unit).toArray();
    return emitter.addFiner(
        main,
        () -> emitter.emit(new Accumulate.MatMulI8(x.value(), low)),
        loudest(squares, two.low()));
  }

  private IntegerWeight rounded(float[] w, Operand operand, int columns, boolean mayBlock) {
    Int8 x = operand.x();
    Optional<ErrorFeedback> feedback =
        operand.moments().map(m -> ErrorFeedback.of(moments(x, m, operand.channels().mean())));
    return IntegerWeight.of(w, columns, x.grids(), feedback, mayBlock, options);
  }

  /// The product with all rows of a weight but those for a coarse grid.
  private Value whole(Value x, Value main, IntegerWeight q, String name) {
    Value sum = emitter.emit(new Accumulate.MatMulI8(x, main));
    return further(sum, x, q.extra(), name + ".extra", main.type().dim(-1));
  }

  /// Deviation of the column of a product that has the largest, if its terms go each their own way.
  ///
  /// @param squares mean squares of the operand's channels
  private static double loudest(double[] squares, byte[] w) {
    double[] columns = new double[w.length / squares.length];
    for (int i = 0; i < w.length; i++) {
      columns[i % columns.length] += squares[i / columns.length] * w[i] * w[i];
    }
    return Math.sqrt(Arrays.stream(columns).max().orElse(0));
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
    int n = seen.channels();
    double[][] h = new double[n][n];
    for (int a = 0; a < n; a++) {
      for (int b = 0; b < n; b++) {
        double gammas = x.isAffine() ? x.gamma()[a] * x.gamma()[b] : 1;
        double both = corrects ? 0 : mean[a] * mean[b];
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

  /// Adds what rounding takes from the mean of each column, if that is wanted, and notes the noise
  /// it makes.
  private double[] corrected(
      double[] bias, float[] w, IntFunction<double[]> rounded, Operand operand) {
    double[] mean = operand.channels().mean();
    double[] power = operand.channels().power(corrects);
    int columns = w.length / mean.length;
    double[] out = corrects && bias.length == 0 ? new double[columns] : bias.clone();
    double noise = 0;
    for (int k = 0; k < mean.length; k++) {
      double[] row = rounded.apply(k);
      double squares = 0;
      for (int c = 0; c < columns; c++) {
        double error = w[k * columns + c] - row[c];
        squares += error * error;
        if (corrects) {
          out[c] += error * mean[k];
        }
      }
      noise += power[k] * squares;
    }
    if (watched && operand.x().wide().isEmpty()) {
      noises.put(operand.product(), WeightNoise.of(noise / columns, w, power));
    }
    return out;
  }

  /// Adds the products of picked channels with further rows.
  private Value further(Value sum, Value x, List<Row> rows, String name, int columns) {
    return rows.isEmpty()
        ? sum
        : emitter.refining(() -> emitter.add(sum, picked(sum, x, rows, name, columns)));
  }

  private Value picked(Value sum, Value x, List<Row> rows, String name, int columns) {
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
    return emitter.emit(new Accumulate.MatMulI8(picked, matrix(name, w, columns, unit)));
  }

  private Value matrix(String name, byte[] w, int columns, double step) {
    TensorType type = new TensorType(DType.I8, List.of(w.length / columns, columns), step);
    return emitter.constant(Data.of(name, Tensor.of(type, w)));
  }
}
