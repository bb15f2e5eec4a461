package org.lapidary.passes.quant;

import java.io.Serializable;

/// Sums of the products of any two channels of a value: what the errors of a weight's rows do
/// together. `n × n` numbers for `n` channels, however many samples.
public final class ChannelMoments implements Serializable {
  private static final long serialVersionUID = 1;

  /// The sums of one sample are rounded to this, so that the order of samples does not matter.
  private static final double FIXED_POINT = 0x1p-24;

  private final int channels;
  private final long[] sums;
  private final long[] products;
  private long rows;

  ChannelMoments(int channels) {
    this.channels = channels;
    this.sums = new long[channels];
    this.products = new long[channels * channels];
  }

  /// Adds the rows of one sample, of as many elements as there are channels.
  void add(float[] values) {
    double[] sum = new double[channels];
    double[] product = new double[channels * channels];
    for (int start = 0; start + channels <= values.length; start += channels) {
      for (int a = 0; a < channels; a++) {
        float x = values[start + a];
        sum[a] += x;
        for (int b = 0; b <= a; b++) {
          product[a * channels + b] += (double) x * values[start + b];
        }
      }
      rows++;
    }
    for (int a = 0; a < channels; a++) {
      sums[a] += Math.round(sum[a] / FIXED_POINT);
      for (int b = 0; b <= a; b++) {
        products[a * channels + b] += Math.round(product[a * channels + b] / FIXED_POINT);
      }
    }
  }

  void merge(ChannelMoments other) {
    for (int i = 0; i < sums.length; i++) {
      sums[i] += other.sums[i];
    }
    for (int i = 0; i < products.length; i++) {
      products[i] += other.products[i];
    }
    rows += other.rows;
  }

  int channels() {
    return channels;
  }

  double mean(int channel) {
    return rows == 0 ? 0 : sums[channel] * FIXED_POINT / rows;
  }

  /// Mean of the product of two channels' distances from their means.
  double covariance(int a, int b) {
    int at = Math.max(a, b) * channels + Math.min(a, b);
    return rows == 0 ? 0 : products[at] * FIXED_POINT / rows - mean(a) * mean(b);
  }
}
