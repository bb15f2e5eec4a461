package org.lapidary.tools.blame;

import org.lapidary.tools.validate.Metric;

/// What an ONNX node loses.
///
/// @param suspect the node
/// @param running its value in the running quantized model, errors of all before it included
/// @param alone outputs of the model when only this node is quantized
/// @param without outputs of the model when only this node is in float
public record Verdict(Suspect suspect, Fidelity running, Outcome alone, Outcome without) {

  /// How the model does.
  ///
  /// @param metric the headline
  /// @param noise of its outputs: power of the error over the power of the fp32 output
  public record Outcome(double metric, double noise) {}

  /// Signal to quantization noise of the node's value, in decibels.
  public double sqnr() {
    return running.sqnr();
  }

  /// Of the node's value with the real one.
  public double cosine() {
    return running.cosine();
  }

  /// Share of the integers that stand at an end of the int8 range.
  public double saturation() {
    return running.elements() == 0 ? 0 : (double) running.saturated() / running.elements();
  }

  /// How much worse the metric is with only this node quantized.
  public double loss(Metric metric, Outcome fp32) {
    return metric.worse(fp32.metric(), alone.metric());
  }
}
