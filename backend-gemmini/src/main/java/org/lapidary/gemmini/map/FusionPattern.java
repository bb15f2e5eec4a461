package org.lapidary.gemmini.map;

/// The fusions that a Transformer offers: the catalogue that decisions, their reasons and the table
/// in the module's page derive from. Source: arXiv 2302.14017, §5.5, and gemmini.md.
public enum FusionPattern {
  /// The only one without an alternative.
  MOVE_OUT(
      "product + bias + ReLU + requantize",
      "bias preloaded into the accumulator, scale and ReLU on the way out",
      "always: moving out scales anyway"),
  GELU(
      "product + bias + GELU",
      "GELU on the way out, at no cost beside the store",
      "the product is not requantized before"),
  SOFTMAX(
      "Q·Kᵀ + mask + softmax",
      "mask preloaded, rows whole in the accumulator, statistics read there",
      "the scores are not requantized before"),
  NORM(
      "W_out or W_2 + residual + LayerNorm",
      "residual preloaded, rows whole in the accumulator, statistics read there",
      "the product is not requantized before"),
  EMBEDDING(
      "embedding sum + LayerNorm",
      "terms loaded onto each other, rows whole in the accumulator",
      "the accelerator adds the embeddings, not the host that looks them up"),
  PROJECTIONS(
      "Q, K and V as one product",
      "one product three times as wide",
      "their operand would otherwise be loaded more than once"),
  VALUES(
      "softmax + ·V",
      "probabilities stay in the accumulator",
      "the array reads operands from the accumulator through softmax"),
  ATTENTION(
      "whole attention block",
      "scores, probabilities and context never leave the chip",
      "softmax + ·V");

  private final String title;
  private final String together;
  private final String condition;

  FusionPattern(String title, String together, String condition) {
    this.title = title;
    this.together = together;
    this.condition = condition;
  }

  /// What is fused.
  public String title() {
    return title;
  }

  /// What happens if it is.
  public String together() {
    return together;
  }

  /// What must hold for it to be possible.
  public String condition() {
    return condition;
  }
}
