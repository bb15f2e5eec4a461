package org.lapidary.tools.search;

/// What an inference takes on the accelerator.
///
/// @param cycles by the cycle model
/// @param picojoules by [Energy]
public record Cost(long cycles, double picojoules) {
  static final Cost NOTHING = new Cost(0, 0);

  Cost plus(Cost other) {
    return new Cost(cycles + other.cycles, picojoules + other.picojoules);
  }

  Cost minus(Cost other) {
    return new Cost(cycles - other.cycles, picojoules - other.picojoules);
  }

  /// Energy times delay, in pJ·cycles.
  public double edp() {
    return cycles * picojoules;
  }
}
