package org.lapidary.gemmini.emit;

import org.jspecify.annotations.Nullable;

/// Whose turn it is of the two halves of the accumulator that a stream of kernels has.
final class Halves {
  private final OnChip chip;
  private final @Nullable Halves avoided;
  private int stride;
  private int half;

  Halves(OnChip chip) {
    this(chip, null);
  }

  /// @param avoided a stream whose half is never taken: a store cannot read a bank while the array
  ///   adds into it
  Halves(OnChip chip, @Nullable Halves avoided) {
    this.chip = chip;
    this.avoided = avoided;
    this.stride = chip.accStride();
  }

  OnChip chip() {
    return chip;
  }

  /// Moves the second half elsewhere, somebody else having left.
  void spread(int newStride) {
    stride = newStride;
  }

  /// First row of the half whose turn it is.
  int next() {
    half = following();
    return first(half);
  }

  /// The rows that the next piece will be in.
  Stage.Rows following(boolean pingPong) {
    int from = pingPong ? first(following()) : chip.firstAccRow();
    return new Stage.Rows(true, from, from + (pingPong ? 1 : 2) * chip.halfAccRows());
  }

  private int following() {
    return 1 - (avoided == null ? half : avoided.half);
  }

  private int first(int which) {
    return chip.firstAccRow() + which * stride;
  }
}
