package org.lapidary.passes.quant;

import java.io.Serializable;

/// What calibration saw of the scores that enter one softmax, before their mask was added.
public final class ScoreObservation implements Serializable {
  private static final long serialVersionUID = 1;

  /// A mask takes at least this much from a score: exp(-50) is nothing in any arithmetic here.
  static final double MASKED = 50;

  private double spread;
  private double lead;

  /// Takes rows of scores.
  ///
  /// @param scores rows of `n` elements, before the mask
  /// @param masked the same after the mask was added; the same array if there is none
  void add(float[] scores, float[] masked, int n) {
    for (int start = 0; start + n <= scores.length; start += n) {
      double low = Double.POSITIVE_INFINITY;
      double high = Double.NEGATIVE_INFINITY;
      double highVisible = Double.NEGATIVE_INFINITY;
      for (int i = start; i < start + n; i++) {
        low = Math.min(low, scores[i]);
        high = Math.max(high, scores[i]);
        if (masked[i] > scores[i] - MASKED) {
          highVisible = Math.max(highVisible, scores[i]);
        }
      }
      spread = Math.max(spread, high - low);
      if (highVisible > Double.NEGATIVE_INFINITY) {
        lead = Math.max(lead, high - highVisible);
      }
    }
  }

  void merge(ScoreObservation other) {
    spread = Math.max(spread, other.spread);
    lead = Math.max(lead, other.lead);
  }

  /// What would have been seen of scores so many times as large.
  ScoreObservation times(double factor) {
    ScoreObservation scaled = new ScoreObservation();
    scaled.spread = factor * spread;
    scaled.lead = factor * lead;
    return scaled;
  }

  /// Largest difference between two scores of a row, masked ones included.
  public double spread() {
    return spread;
  }

  /// By how much the largest score of a row was above the largest that is not masked.
  public double lead() {
    return lead;
  }
}
