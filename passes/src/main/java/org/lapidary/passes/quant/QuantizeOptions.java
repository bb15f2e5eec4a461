package org.lapidary.passes.quant;

/// How a graph is quantized.
///
/// @param activations how the range of an int8 activation is chosen from its distribution
/// @param weights how the range of an int8 weight is chosen
/// @param percentile share of the values that [Clipping#PERCENTILE] keeps
/// @param nonlinear where Softmax, GELU and LayerNorm run
/// @param truncatingLayerNorm whether LayerNorm rounds as libgemmini does, not as the hardware
/// @param layerNormMargin how much larger than observed a row's sum of squares may become before it
///   leaves 32 bits
/// @param recipe what is done beyond rounding to the nearest step
public record QuantizeOptions(
    Clipping activations,
    Clipping weights,
    double percentile,
    Nonlinear nonlinear,
    boolean truncatingLayerNorm,
    double layerNormMargin,
    Recipe recipe) {

  /// What is done about rare large values.
  public enum Clipping {
    /// They are kept: the largest value becomes 127.
    MIN_MAX,
    /// A given share of the values is kept, the others saturate.
    PERCENTILE,
    /// The distribution on the grid tells the most about the real one: the least Kullback-Leibler
    /// divergence.
    ENTROPY,
    /// The range has the least mean squared error.
    MSE;

    /// The step of the int8 grid for values so distributed.
    double step(Histogram values, double percentile) {
      double step =
          switch (this) {
            case MIN_MAX -> values.absMax() / 127;
            case PERCENTILE -> values.percentile(percentile) / 127;
            case ENTROPY -> EntropyClipping.bound(values) / 127;
            case MSE -> values.leastSquaresStep();
          };
      return Math.max(step, SMALLEST_STEP);
    }
  }

  /// Below this all values are as good as zero.
  private static final double SMALLEST_STEP = 1e-12;

  /// Where Softmax, GELU and LayerNorm run.
  public enum Nonlinear {
    /// In integers on the accelerator.
    INTEGER,
    /// In f32 on the host: the baseline that a matrix-product-only accelerator gives.
    HOST
  }

  /// The recipe chosen by measurement, see `QUANTIZATION.md`.
  public static final QuantizeOptions DEFAULT =
      new QuantizeOptions(
          Clipping.MSE, Clipping.MSE, 0.9999, Nonlinear.INTEGER, false, 2, Recipe.DEFAULT);

  public QuantizeOptions {
    if (!(percentile > 0.5 && percentile <= 1)) {
      throw new IllegalArgumentException("percentile " + percentile + " is not in (0.5, 1]");
    }
    if (!(layerNormMargin >= 1)) {
      throw new IllegalArgumentException("margin " + layerNormMargin + " is below 1");
    }
  }

  public QuantizeOptions withActivations(Clipping clipping) {
    return new QuantizeOptions(
        clipping, weights, percentile, nonlinear, truncatingLayerNorm, layerNormMargin, recipe);
  }

  public QuantizeOptions withWeights(Clipping clipping) {
    return new QuantizeOptions(
        activations, clipping, percentile, nonlinear, truncatingLayerNorm, layerNormMargin, recipe);
  }

  public QuantizeOptions withNonlinear(Nonlinear where) {
    return new QuantizeOptions(
        activations, weights, percentile, where, truncatingLayerNorm, layerNormMargin, recipe);
  }

  public QuantizeOptions withTruncatingLayerNorm(boolean truncating) {
    return new QuantizeOptions(
        activations, weights, percentile, nonlinear, truncating, layerNormMargin, recipe);
  }

  public QuantizeOptions withRecipe(Recipe other) {
    return new QuantizeOptions(
        activations, weights, percentile, nonlinear, truncatingLayerNorm, layerNormMargin, other);
  }

  /// The step of the int8 grid for values so distributed.
  double step(Histogram values) {
    return activations.step(values, percentile);
  }
}
