package org.lapidary.passes.quant;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;

/// A weight as int8 numbers, with one step or one per block of columns, and what of it does not fit
/// eight bits as extra rows.
///
/// @param main `[K,N]`, zero in the rows of the wide channels
/// @param steps real value of one unit, per column
/// @param extra further rows, each of one input channel
/// @param wide further rows for the operand's coarse grid
record IntegerWeight(byte[] main, ColumnSteps steps, List<Row> extra, List<Row> wide) {
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
  /// @param feedback what the error of one row does to the next ones; nothing if each element is
  ///   rounded to the nearest
  /// @param mayBlock whether blocks of columns may have steps of their own
  static IntegerWeight of(
      float[] w,
      int columns,
      Optional<TwoGrids> grids,
      Optional<ErrorFeedback> feedback,
      boolean mayBlock,
      QuantizeOptions o) {
    BitSet wideChannels = grids.map(TwoGrids::wide).orElse(new BitSet());
    float[] fine = w;
    if (!wideChannels.isEmpty()) {
      fine = w.clone();
      for (int k : wideChannels.stream().toArray()) {
        Arrays.fill(fine, k * columns, (k + 1) * columns, 0);
      }
    }
    ColumnSteps steps = ColumnSteps.of(fine, columns, mayBlock, o);
    double ratio = grids.map(TwoGrids::ratio).orElse(1.0);
    return new Rounding(columns, steps, wideChannels, ratio).round(w, feedback);
  }

  /// Real value of one unit in the coarsest column.
  double step() {
    return steps.largest();
  }

  /// The rounding of one weight, row by row.
  private record Rounding(int columns, ColumnSteps steps, BitSet wideChannels, double ratio) {

    IntegerWeight round(float[] w, Optional<ErrorFeedback> feedback) {
      int channels = w.length / columns;
      float[] rest = feedback.isPresent() ? w.clone() : w;
      int[] order =
          feedback
              .map(ErrorFeedback::order)
              .orElseGet(() -> IntStream.range(0, channels).toArray());
      List<List<byte[]>> parts = new ArrayList<>();
      IntStream.range(0, channels).forEach(_ -> parts.add(List.of()));
      for (int at = 0; at < channels; at++) {
        int k = order[at];
        parts.set(k, parts(rest, k));
        if (feedback.isPresent()) {
          feedback.get().spread(rest, columns, at, error(rest, k, parts.get(k)));
        }
      }
      return assembled(parts);
    }

    private IntegerWeight assembled(List<List<byte[]>> parts) {
      byte[] main = new byte[parts.size() * columns];
      List<Row> extra = new ArrayList<>();
      List<Row> wide = new ArrayList<>();
      for (int k = 0; k < parts.size(); k++) {
        boolean isWide = wideChannels.get(k);
        if (!isWide) {
          System.arraycopy(parts.get(k).getFirst(), 0, main, k * columns, columns);
        }
        for (byte[] part : parts.get(k).subList(isWide ? 0 : 1, parts.get(k).size())) {
          (isWide ? wide : extra).add(new Row(k, part));
        }
      }
      return new IntegerWeight(main, steps, extra, wide);
    }

    private double unit(int channel, int column) {
      return wideChannels.get(channel) ? steps.at(column) / ratio : steps.at(column);
    }

    /// A row as a sum of rows of bytes; where it may not be split, it saturates.
    private List<byte[]> parts(float[] w, int k) {
      List<byte[]> parts = new ArrayList<>();
      long[] rest = new long[columns];
      for (int c = 0; c < columns; c++) {
        rest[c] = (long) Math.rint(w[k * columns + c] / unit(k, c));
      }
      boolean left = true;
      while (left) {
        byte[] part = new byte[columns];
        left = false;
        for (int c = 0; c < columns; c++) {
          part[c] = (byte) Math.clamp(rest[c], -LARGEST, LARGEST);
          rest[c] = wideChannels.get(k) || steps.splits(c) ? rest[c] - part[c] : 0;
          left |= rest[c] != 0;
        }
        parts.add(part);
      }
      return parts;
    }

    private double[] error(float[] w, int k, List<byte[]> parts) {
      double[] error = new double[columns];
      for (int c = 0; c < columns; c++) {
        int q = 0;
        for (byte[] part : parts) {
          q += part[c];
        }
        error[c] = w[k * columns + c] - q * unit(k, c);
      }
      return error;
    }
  }

  /// The real number that stands for an element now, wide channels in their own step.
  static double[] real(IntegerWeight q, int columns, Optional<TwoGrids> grids) {
    double[] out = new double[q.main.length];
    for (int i = 0; i < out.length; i++) {
      out[i] = q.main[i] * q.steps.at(i % columns);
    }
    for (Row row : q.extra) {
      q.add(out, row, columns, 1);
    }
    for (Row row : q.wide) {
      q.add(out, row, columns, grids.orElseThrow().ratio());
    }
    return out;
  }

  private void add(double[] out, Row row, int columns, double ratio) {
    for (int c = 0; c < columns; c++) {
      out[row.channel * columns + c] += row.w[c] * steps.at(c) / ratio;
    }
  }
}
