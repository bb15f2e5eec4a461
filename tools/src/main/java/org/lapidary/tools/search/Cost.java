package org.lapidary.tools.search;

import org.lapidary.tools.explore.Traffic;

/// What an inference takes on the accelerator.
///
/// @param cycles by the cycle model
/// @param microjoules an estimate, as [Traffic#LABEL] says
public record Cost(long cycles, double microjoules) {
  static final Cost NOTHING = new Cost(0, 0);

  static Cost of(long cycles, Traffic traffic) {
    return new Cost(cycles, traffic.energyMicrojoules());
  }

  Cost plus(Cost other) {
    return new Cost(cycles + other.cycles, microjoules + other.microjoules);
  }

  Cost minus(Cost other) {
    return new Cost(cycles - other.cycles, microjoules - other.microjoules);
  }

  /// Energy times delay, in µJ·cycles.
  public double edp() {
    return cycles * microjoules;
  }
}
