package org.lapidary.passes.quant;

import java.util.Arrays;
import java.util.Optional;

/// The steps of a weight matrix `[K,N]`: one for every block of columns, or one for all.
///
/// @param width columns of a block, all of them if there is one step
/// @param steps of the blocks
/// @param splits whether rows that do not fit eight bits in that step are spread over several
record ColumnSteps(int width, double[] steps, boolean[] splits) {
  private static final int LARGEST = 127;

  /// Blocks must lower the squared error by so much, a decibel, or are not worth their stores.
  private static final double LEAST_GAIN = 1.25;

  /// Chooses steps.
  ///
  /// @param w `[K,N]`
  /// @param mayBlock whether its reader takes columns in steps of their own
  static ColumnSteps of(float[] w, int columns, boolean mayBlock, QuantizeOptions o) {
    double nearest = Weight.step(w, o);
    double squares = squaredError(w, nearest);
    Optional<Recipe.BlockScales> blocks = o.recipe().get(Recipe.BlockScales.class);
    if (mayBlock && blocks.isPresent() && blocks.get().columns() < columns) {
      boolean coarse = squares > enough(w, blocks.get().below());
      if (coarse) {
        ColumnSteps many = blocks(w, columns, blocks.get().columns(), o);
        if (many.squaredError(w, columns) * LEAST_GAIN < squares) {
          return many;
        }
      }
    }
    double step = split(w, columns, nearest, squares, 1, o);
    return new ColumnSteps(columns, new double[] {step}, new boolean[] {step != nearest});
  }

  private static ColumnSteps blocks(float[] w, int columns, int width, QuantizeOptions o) {
    int blocks = (columns + width - 1) / width;
    double[] steps = new double[blocks];
    boolean[] splits = new boolean[blocks];
    for (int b = 0; b < blocks; b++) {
      float[] block = block(w, columns, b * width, width);
      int n = block.length / (w.length / columns);
      double nearest = Weight.step(block, o);
      steps[b] = split(block, n, nearest, squaredError(block, nearest), blocks, o);
      splits[b] = steps[b] != nearest;
    }
    return new ColumnSteps(width, steps, splits);
  }

  private static float[] block(float[] w, int columns, int from, int width) {
    int n = Math.min(width, columns - from);
    float[] block = new float[w.length / columns * n];
    for (int k = 0; k < w.length / columns; k++) {
      System.arraycopy(w, k * columns + from, block, k * n, n);
    }
    return block;
  }

  /// Step of a column.
  double at(int column) {
    return steps[column / width];
  }

  /// The steps of so many columns, one by one.
  double[] each(int columns) {
    double[] each = new double[columns];
    Arrays.setAll(each, this::at);
    return each;
  }

  boolean splits(int column) {
    return splits[column / width];
  }

  /// Whether any column does.
  boolean splitsAny() {
    for (boolean block : splits) {
      if (block) {
        return true;
      }
    }
    return false;
  }

  /// The coarsest.
  double largest() {
    return Arrays.stream(steps).max().orElse(1);
  }

  private double squaredError(float[] w, int columns) {
    double squares = 0;
    for (int i = 0; i < w.length; i++) {
      double step = at(i % columns);
      double q = Math.rint(w[i] / step);
      double e = w[i] - step * (splits(i % columns) ? q : Math.clamp(q, -LARGEST, LARGEST));
      squares += e * e;
    }
    return squares;
  }

  private static double squaredError(float[] w, double step) {
    double squares = 0;
    double perStep = 1 / step;
    for (float x : w) {
      double e = x - step * Math.clamp(Math.rint(x * perStep), -LARGEST, LARGEST);
      squares += e * e;
    }
    return squares;
  }

  /// The squared error that leaves so many decibels of signal to noise, taking for signal what the
  /// energy would be without a tail: a few large elements must not hide the noise.
  private static double enough(float[] w, double decibels) {
    double magnitudes = 0;
    for (float x : w) {
      magnitudes += Math.abs(x);
    }
    double deviation = Math.sqrt(Math.PI / 2) * magnitudes / w.length;
    return deviation * deviation * Math.pow(10, -decibels / 10) * w.length;
  }

  /// A finer step at the price of extra rows, as few as make the weight good enough; the nearest
  /// step if it is good enough, or if rows do not help.
  ///
  /// @param squares the error of the nearest step
  /// @param sharers blocks that share the rows
  private static double split(
      float[] w, int columns, double nearest, double squares, int sharers, QuantizeOptions o) {
    Recipe.SplitWeights split = o.recipe().get(Recipe.SplitWeights.class).orElse(null);
    double enough = split == null ? squares : enough(w, split.below());
    if (split == null || squares <= enough || enough == 0) {
      return nearest;
    }
    double[] largest = new double[w.length / columns];
    for (int i = 0; i < w.length; i++) {
      largest[i / columns] = Math.max(largest[i / columns], Math.abs(w[i]));
    }
    int rows = split.rows() / sharers;
    double step = Arrays.stream(largest).max().orElse(0) / LARGEST;
    while (rounding(w, step) > enough && extraRows(largest, step * 0.97) <= rows) {
      step *= 0.97;
    }
    return rounding(w, step) * 2 < squares ? step : nearest;
  }

  /// Squared error of a grid that clips nothing.
  private static double rounding(float[] w, double step) {
    return step * step / 12 * w.length;
  }

  private static long extraRows(double[] largest, double step) {
    long rows = 0;
    for (double l : largest) {
      rows += (long) Math.max(0, Math.ceil(Math.rint(l / step) / LARGEST) - 1);
    }
    return rows;
  }
}
