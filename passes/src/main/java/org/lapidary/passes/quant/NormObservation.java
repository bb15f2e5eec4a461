package org.lapidary.passes.quant;

import java.io.Serializable;

/// What calibration saw of one LayerNorm.
public final class NormObservation implements Serializable {
  private static final long serialVersionUID = 1;

  private final Histogram normalised = new Histogram();
  private final Histogram deviations = new Histogram();
  private final ChannelHistogram channels;
  private double maxSumSquares;
  private double maxSum;

  NormObservation(int channels) {
    this.channels = new ChannelHistogram(channels);
  }

  /// Takes the rows of a LayerNorm's operand.
  ///
  /// @param all all rows of `n` elements
  /// @param real the rows that are not padding
  /// @param epsilon the LayerNorm's
  void add(float[] all, float[] real, int n, double epsilon) {
    for (int start = 0; start + n <= all.length; start += n) {
      Row r = Row.of(all, start, n);
      maxSumSquares = Math.max(maxSumSquares, r.squares);
      maxSum = Math.max(maxSum, Math.abs(r.mean) * n);
    }
    float[] row = new float[n];
    float[] deviation = new float[real.length / n];
    for (int start = 0; start + n <= real.length; start += n) {
      Row r = Row.of(real, start, n);
      double inverse = 1 / Math.sqrt(r.squares / n + epsilon);
      deviation[start / n] = (float) Math.sqrt(r.squares / n);
      for (int i = 0; i < n; i++) {
        row[i] = (float) ((real[start + i] - r.mean) * inverse);
      }
      normalised.add(row);
      channels.add(row);
    }
    deviations.add(deviation);
  }

  /// Mean, and sum of the squared distances from it.
  private record Row(double mean, double squares) {
    static Row of(float[] x, int start, int n) {
      double sum = 0;
      for (int i = 0; i < n; i++) {
        sum += x[start + i];
      }
      double mean = sum / n;
      double squares = 0;
      for (int i = 0; i < n; i++) {
        double d = x[start + i] - mean;
        squares += d * d;
      }
      return new Row(mean, squares);
    }
  }

  void merge(NormObservation other) {
    normalised.merge(other.normalised);
    channels.merge(other.channels);
    deviations.merge(other.deviations);
    maxSumSquares = Math.max(maxSumSquares, other.maxSumSquares);
    maxSum = Math.max(maxSum, other.maxSum);
  }

  /// Distribution of `(x - mean) / sqrt(variance + epsilon)`.
  public Histogram normalised() {
    return normalised;
  }

  /// The same channel by channel.
  public ChannelHistogram channels() {
    return channels;
  }

  /// The largest `sum (x - mean)^2` of a row.
  public double maxSumSquares() {
    return maxSumSquares;
  }

  /// The largest `|sum x|` of a row.
  public double maxSum() {
    return maxSum;
  }

  /// Distribution of the rows' standard deviations, padding excluded.
  public Histogram deviations() {
    return deviations;
  }
}
