package org.lapidary.passes.quant;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import java.util.Optional;

/// A weight as int8 numbers with one step, and what of it does not fit eight bits as extra rows.
///
/// @param main `[K,N]`, zero in the rows of the wide channels
/// @param step real value of one unit
/// @param extra further rows, each of one input channel
/// @param wide further rows for the operand's coarse grid
record IntegerWeight(byte[] main, double step, List<Row> extra, List<Row> wide) {
  private static final int LARGEST = 127;

  /// One row of a weight.
  ///
  /// @param channel the input channel it belongs to
  /// @param w of every column
  record Row(int channel, byte[] w) {}

  /// Rounds a weight.
  ///
  /// @param w `[K,N]`
  /// @param columns N
  /// @param grids of the operand, if it has two
  static IntegerWeight of(float[] w, int columns, Optional<TwoGrids> grids, QuantizeOptions o) {
    BitSet wideChannels = grids.map(TwoGrids::wide).orElse(new BitSet());
    float[] fine = w.clone();
    wideChannels.stream().forEach(k -> Arrays.fill(fine, k * columns, (k + 1) * columns, 0));
    double nearest = Weight.step(fine, o);
    double step =
        o.recipe()
            .get(Recipe.SplitWeights.class)
            .map(split -> splitStep(fine, columns, nearest, split))
            .orElse(nearest);
    boolean splits = step != nearest;
    byte[] main = new byte[w.length];
    List<Row> extra = new ArrayList<>();
    List<Row> wide = new ArrayList<>();
    for (int k = 0; k < w.length / columns; k++) {
      boolean isWide = wideChannels.get(k);
      double unit = isWide ? step / grids.orElseThrow().ratio() : step;
      List<byte[]> parts = parts(w, k * columns, columns, unit, isWide || splits);
      if (!isWide) {
        System.arraycopy(parts.removeFirst(), 0, main, k * columns, columns);
      }
      for (byte[] part : parts) {
        (isWide ? wide : extra).add(new Row(k, part));
      }
    }
    return new IntegerWeight(main, step, extra, wide);
  }

  /// A finer step at the price of extra rows, as few as make the weight good enough; the nearest
  /// step if it is good enough, or if rows do not help.
  private static double splitStep(
      float[] w, int columns, double nearest, Recipe.SplitWeights split) {
    double[] largest = new double[w.length / columns];
    double squares = 0;
    double magnitudes = 0;
    for (int i = 0; i < w.length; i++) {
      largest[i / columns] = Math.max(largest[i / columns], Math.abs(w[i]));
      double e = w[i] - nearest * Math.clamp(Math.rint(w[i] / nearest), -LARGEST, LARGEST);
      squares += e * e;
      magnitudes += Math.abs(w[i]);
    }
    // What the energy would be without a tail: a few large elements must not hide the noise.
    double deviation = Math.sqrt(Math.PI / 2) * magnitudes / w.length;
    double enough = deviation * Math.pow(10, -split.below() / 20);
    if (Math.sqrt(squares / w.length) <= enough || deviation == 0) {
      return nearest;
    }
    double step = Arrays.stream(largest).max().orElse(0) / LARGEST;
    while (step / Math.sqrt(12) > enough && extraRows(largest, step * 0.97) <= split.rows()) {
      step *= 0.97;
    }
    double whole = step * step / 12 * w.length;
    return whole * 2 < squares ? step : nearest;
  }

  private static long extraRows(double[] largest, double step) {
    long rows = 0;
    for (double l : largest) {
      rows += (long) Math.max(0, Math.ceil(Math.rint(l / step) / LARGEST) - 1);
    }
    return rows;
  }

  /// A row as a sum of rows of bytes; one that saturates if it may not be split.
  private static List<byte[]> parts(float[] w, int from, int n, double unit, boolean split) {
    List<byte[]> parts = new ArrayList<>();
    long[] rest = new long[n];
    for (int c = 0; c < n; c++) {
      rest[c] = (long) Math.rint(w[from + c] / unit);
    }
    boolean left = true;
    while (left) {
      byte[] part = new byte[n];
      left = false;
      for (int c = 0; c < n; c++) {
        part[c] = (byte) Math.clamp(rest[c], -LARGEST, LARGEST);
        rest[c] -= part[c];
        left |= rest[c] != 0;
      }
      parts.add(part);
      left &= split;
    }
    return parts;
  }

  /// The real number that stands for an element now, wide channels in their own step.
  static double[] real(IntegerWeight q, int columns, Optional<TwoGrids> grids) {
    double[] out = new double[q.main.length];
    for (int i = 0; i < out.length; i++) {
      out[i] = q.main[i] * q.step;
    }
    for (Row row : q.extra) {
      add(out, row, columns, q.step);
    }
    for (Row row : q.wide) {
      add(out, row, columns, q.step / grids.orElseThrow().ratio());
    }
    return out;
  }

  private static void add(double[] out, Row row, int columns, double unit) {
    for (int c = 0; c < columns; c++) {
      out[row.channel * columns + c] += row.w[c] * unit;
    }
  }
}
