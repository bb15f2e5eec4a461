package org.lapidary.passes.quant;

import java.io.Serializable;
import java.util.BitSet;

/// How often magnitudes occurred in each channel of a value, in bins that grow with the magnitude:
/// four per octave from 2^-16 to 2^16. Coarse, but it tells which channels need another step than
/// the rest, and counts merge exactly in any order.
public final class ChannelHistogram implements Serializable {
  private static final long serialVersionUID = 2;

  private static final int PER_OCTAVE = 4;
  private static final int LOWEST_EXPONENT = -16;
  private static final int BINS = 32 * PER_OCTAVE;

  /// Bits of a float below the two that tell the bin within the octave.
  private static final int BELOW = 21;

  private static final int FIRST = (127 + LOWEST_EXPONENT) * PER_OCTAVE;

  /// Means are sums of numbers in these units, so that their order does not matter.
  private static final double PER_UNIT = 0x1p20;

  private static final double LEVELS = 127;
  private static final double[] MIDDLES = middles();

  private final int channels;

  /// Bin by bin, all channels of each: those of one row mostly fall into a few bins, which are in
  /// the cache then.
  private final int[] counts;

  private final long[] sums;

  /// Bits of the largest magnitudes.
  private final int[] largest;

  private long rows;

  ChannelHistogram(int channels) {
    this.channels = channels;
    this.counts = new int[channels * BINS];
    this.sums = new long[channels];
    this.largest = new int[channels];
  }

  /// Counts rows of as many elements as there are channels. What is done to all channels alike has
  /// loops of its own, which the compiler does with vectors; magnitudes are compared as integers,
  /// which order them alike.
  void add(float[] values) {
    int[] magnitudes = new int[channels];
    for (int start = 0; start + channels <= values.length; start += channels) {
      for (int c = 0; c < channels; c++) {
        magnitudes[c] = Float.floatToRawIntBits(Math.abs(values[start + c]));
      }
      for (int c = 0; c < channels; c++) {
        largest[c] = Math.max(largest[c], magnitudes[c]);
      }
      for (int c = 0; c < channels; c++) {
        magnitudes[c] = Math.max(0, Math.min((magnitudes[c] >>> BELOW) - FIRST, BINS - 1));
      }
      for (int c = 0; c < channels; c++) {
        counts[magnitudes[c] * channels + c]++;
      }
      for (int c = 0; c < channels; c++) {
        sums[c] += (long) Math.floor(values[start + c] * PER_UNIT + 0.5);
      }
      rows++;
    }
  }

  void merge(ChannelHistogram other) {
    for (int i = 0; i < counts.length; i++) {
      counts[i] += other.counts[i];
    }
    for (int c = 0; c < channels; c++) {
      sums[c] += other.sums[c];
      largest[c] = Math.max(largest[c], other.largest[c]);
    }
    rows += other.rows;
  }

  public int channels() {
    return channels;
  }

  /// Mean of a channel.
  public double mean(int channel) {
    return rows == 0 ? 0 : sums[channel] / PER_UNIT / rows;
  }

  /// Mean square of a channel.
  double meanSquare(int channel) {
    return rows == 0 ? 0 : energy(channel) / rows;
  }

  /// Largest magnitude in a channel.
  public double absMax(int channel) {
    return Float.intBitsToFloat(largest[channel]);
  }

  /// Some channels together: a magnitude counts as the middle of its bin, but none as more than its
  /// channel's largest.
  ///
  /// @param counts by bin, those that count as its middle
  /// @param tops by channel, how many count as its largest
  private record Pool(BitSet channels, long[] counts, int[] tops) {}

  private Pool pool(BitSet chosen) {
    Pool pool = new Pool(chosen, new long[BINS], new int[channels]);
    int[] each = chosen.stream().toArray();
    for (int bin = 0; bin < BINS; bin++) {
      for (int c : each) {
        int count = counts[bin * channels + c];
        if (MIDDLES[bin] > absMax(c)) {
          pool.tops[c] += count;
        } else {
          pool.counts[bin] += count;
        }
      }
    }
    return pool;
  }

  /// Sum of the squared rounding and clipping errors on an int8 grid.
  private double squaredError(Pool pool, double step) {
    double error = 0;
    for (int bin = 0; bin < BINS; bin++) {
      error += pool.counts[bin] * squaredError(MIDDLES[bin], step);
    }
    for (int c = pool.channels.nextSetBit(0); c >= 0; c = pool.channels.nextSetBit(c + 1)) {
      error += pool.tops[c] * squaredError(absMax(c), step);
    }
    return error;
  }

  private static double squaredError(double x, double step) {
    double end = LEVELS * step;
    double e = x > end ? x - end : Math.min(x, step / Math.sqrt(12));
    return e * e;
  }

  /// The step of one int8 grid with the least squared error for some channels.
  ///
  /// @param chosen the channels
  double leastSquaresStep(BitSet chosen) {
    Pool pool = pool(chosen);
    double top = chosen.stream().mapToDouble(this::absMax).max().orElse(0);
    double best = Math.max(top / LEVELS, 1e-12);
    double least = Double.POSITIVE_INFINITY;
    for (int k = 0; k < 24; k++) {
      double step = Math.max(top / LEVELS, 1e-12) * Math.pow(8, -k / 24.0);
      double error = squaredError(pool, step);
      if (error < least) {
        least = error;
        best = step;
      }
    }
    return best;
  }

  double squaredError(BitSet chosen, double step) {
    return squaredError(pool(chosen), step);
  }

  /// Sum of the squares of some channels.
  double energy(BitSet chosen) {
    return chosen.stream().mapToDouble(this::energy).sum();
  }

  private double energy(int channel) {
    double energy = 0;
    for (int bin = 0; bin < BINS; bin++) {
      energy += counts[bin * channels + channel] * MIDDLES[bin] * MIDDLES[bin];
    }
    return energy;
  }

  private static double[] middles() {
    double[] middles = new double[BINS];
    for (int bin = 0; bin < BINS; bin++) {
      double mantissa = 1 + (bin % PER_OCTAVE + 0.5) / PER_OCTAVE;
      middles[bin] = Math.scalb(mantissa, LOWEST_EXPONENT + bin / PER_OCTAVE);
    }
    return middles;
  }
}
