package org.lapidary.tools.search;

/// How good sub-networks are: measured, or guessed by a proxy.
public interface Quality {
  /// What the figure is, for people.
  String name();

  /// Which of two figures is the better one.
  boolean higherIsBetter();

  /// The figure of a sub-network, the same each time, from any thread.
  double of(Genome genome);

  /// How much worse `value` is than `reference`; negative if it is better.
  default double worse(double reference, double value) {
    return higherIsBetter() ? reference - value : value - reference;
  }
}
