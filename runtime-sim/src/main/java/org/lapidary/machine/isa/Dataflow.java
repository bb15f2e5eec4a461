package org.lapidary.machine.isa;

/// Which operand stays in the array: the outputs or the weights.
public enum Dataflow {
  OUTPUT_STATIONARY,
  WEIGHT_STATIONARY
}
