package org.lapidary.passes.prune;

/// How many channels each head of an attention has.
///
/// @param keys by which queries and keys are compared
/// @param values of the values
record HeadWidth(int keys, int values) {
  /// A branch's own; of feed-forward blocks every neuron counts as a value.
  static HeadWidth of(Branch branch) {
    return new HeadWidth(branch.keyWidth(), branch.width());
  }
}
