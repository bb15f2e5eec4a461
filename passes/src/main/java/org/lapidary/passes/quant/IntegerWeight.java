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
    return new Rounding(steps, wideChannels, units(steps, columns, 1), units(steps, columns, ratio))
        .round(w, feedback);
  }

  /// Real value of one unit in each column, for channels whose operand is so many times coarser.
  private static double[] units(ColumnSteps steps, int columns, double ratio) {
    double[] units = steps.each(columns);
    for (int c = 0; c < columns; c++) {
      units[c] /= ratio;
    }
    return units;
  }

  /// Real value of one unit in the coarsest column.
  double step() {
    return steps.largest();
  }

  /// The rounding of one weight, row by row.
  ///
  /// @param units real value of one unit in each column
  /// @param wideUnits the same in the rows of wide channels
  private record Rounding(
      ColumnSteps steps, BitSet wideChannels, double[] units, double[] wideUnits) {

    IntegerWeight round(float[] w, Optional<ErrorFeedback> feedback) {
      int columns = units.length;
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
      int columns = units.length;
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

    private double[] units(int channel) {
      return wideChannels.get(channel) ? wideUnits : units;
    }

    /// A row as a sum of rows of bytes; where it may not be split, it saturates.
    private List<byte[]> parts(float[] w, int k) {
      double[] unit = units(k);
      int columns = unit.length;
      long[] rest = new long[columns];
      for (int c = 0; c < columns; c++) {
        rest[c] = (long) Math.rint(w[k * columns + c] / unit[c]);
      }
      List<byte[]> parts = new ArrayList<>(List.of(saturated(rest)));
      boolean wide = wideChannels.get(k);
      while ((wide || steps.splitsAny()) && takenOff(rest, parts.getLast(), wide)) {
        parts.add(saturated(rest));
      }
      return parts;
    }

    private static byte[] saturated(long[] row) {
      byte[] part = new byte[row.length];
      for (int c = 0; c < row.length; c++) {
        part[c] = (byte) Math.max(-LARGEST, Math.min(row[c], LARGEST));
      }
      return part;
    }

    /// Takes a part off where there may be further ones; whether anything is left.
    private boolean takenOff(long[] rest, byte[] part, boolean wide) {
      boolean left = false;
      for (int c = 0; c < rest.length; c++) {
        rest[c] = wide || steps.splits(c) ? rest[c] - part[c] : 0;
        left |= rest[c] != 0;
      }
      return left;
    }

    private double[] error(float[] w, int k, List<byte[]> parts) {
      double[] unit = units(k);
      int columns = unit.length;
      double[] error = new double[columns];
      for (int c = 0; c < columns; c++) {
        int q = 0;
        for (byte[] part : parts) {
          q += part[c];
        }
        error[c] = w[k * columns + c] - q * unit[c];
      }
      return error;
    }
  }

  /// The rows of a weight as they are now.
  ///
  /// @param columns N
  /// @param grids of the operand, if it has two
  Rows real(int columns, Optional<TwoGrids> grids) {
    return new Rows(this, units(steps, columns, 1), grids.map(TwoGrids::ratio).orElse(1.0));
  }

  /// The real numbers that stand for the rows of a weight, wide channels in their own step.
  record Rows(IntegerWeight q, double[] units, double ratio) {

    /// Row `k`.
    double[] row(int k) {
      double[] row = new double[units.length];
      for (int c = 0; c < row.length; c++) {
        row[c] = q.main[k * row.length + c] * units[c];
      }
      add(row, k, q.extra, 1);
      add(row, k, q.wide, ratio);
      return row;
    }

    private void add(double[] row, int k, List<Row> further, double coarser) {
      for (Row more : further) {
        for (int c = 0; more.channel == k && c < row.length; c++) {
          row[c] += more.w[c] * units[c] / coarser;
        }
      }
    }
  }
}
