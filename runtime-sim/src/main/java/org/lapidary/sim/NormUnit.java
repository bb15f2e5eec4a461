package org.lapidary.sim;

import org.lapidary.machine.Divergence;
import org.lapidary.machine.isa.Activation;
import org.lapidary.machine.isa.NormCommand;

/// Activations and the normalisation unit with its statistics slots. Source: gemmini.md §7.
final class NormUnit {
  private static final float SOFTMAX_ONE = 127.0f;

  /// Statistics of one row.
  private static final class Slot {
    boolean resetPending = true;
    int sum;
    int count;
    int runningMax = Integer.MIN_VALUE;
    int max;
    int mean;
    float invStddev;
    float invSumExp;
  }

  private final MachineState state;
  private final Slot[] slots;
  private final boolean saturatingExp;
  private final boolean layernormRoundsOnce;
  private final boolean softmaxRoundsOnce;
  private final boolean saturatingNan;
  private final boolean reluFirst;

  NormUnit(MachineState state) {
    this.state = state;
    this.slots = new Slot[state.params.statSlots()];
    for (int i = 0; i < slots.length; i++) {
      slots[i] = new Slot();
    }
    this.saturatingExp = state.semantics.hardware(Divergence.IEXP);
    this.layernormRoundsOnce = state.semantics.hardware(Divergence.LAYERNORM_ROUNDING);
    this.softmaxRoundsOnce = state.semantics.hardware(Divergence.SOFTMAX_ROUNDING);
    this.saturatingNan = state.semantics.hardware(Divergence.NAN_TO_INT8);
    this.reluFirst = state.semantics.hardware(Divergence.RELU_ORDER);
  }

  /// The int8 that mvout writes for an accumulator value.
  int toInt8(int q) {
    float scale = state.storeScale;
    return switch (state.storeActivation) {
      case NONE -> Numerics.scale8(q, scale, saturatingNan);
      case RELU -> scaledRelu(q);
      case IGELU -> Numerics.scale8(igelu(q), scale, saturatingNan);
      case LAYERNORM ->
          layernormRoundsOnce
              ? Numerics.scale8(q - slot().mean, slot().invStddev * scale, true)
              : Numerics.scale8(normalised(q), scale, saturatingNan);
      case SOFTMAX ->
          softmaxRoundsOnce
              ? Numerics.scale8(exp(q), slot().invSumExp * scale, true)
              : Numerics.scale8(probability(q), scale, saturatingNan);
    };
  }

  /// RELU and scale alone, as pooling applies them.
  int scaledRelu(int q) {
    boolean relu = state.storeActivation == Activation.RELU;
    int input = relu && reluFirst ? Math.max(0, q) : q;
    int scaled = Numerics.scale8(input, state.storeScale, saturatingNan);
    return relu && !reluFirst ? Math.max(0, scaled) : scaled;
  }

  /// The int32 that a full-width mvout writes in the functional model: activated, not scaled.
  int activatedFullWidth(int q) {
    return switch (state.storeActivation) {
      case NONE, RELU -> q;
      case IGELU -> igelu(q);
      case LAYERNORM -> normalised(q);
      case SOFTMAX -> probability(q);
    };
  }

  private int igelu(int q) {
    if (state.accesses != null) {
      checkIgelu(q);
    }
    return Numerics.igelu(q, state.qb, state.qc);
  }

  /// Goes through the polynomial exactly, so that an observer hears of what wraps.
  private void checkIgelu(int q) {
    long clipped = Math.min(Math.abs((long) q), -(long) state.qb);
    long square = state.narrow((clipped + state.qb) * (clipped + state.qb));
    long p = state.narrow(square + state.qc);
    state.narrow(q * (long) state.narrow((q < 0 ? -p : p) + state.qc));
  }

  private int exp(int q) {
    return Numerics.iexp(
        q - slot().max, state.qb, state.qc, state.qln2, state.qln2Inv, saturatingExp);
  }

  private int normalised(int q) {
    return truncate((float) (q - slot().mean) * slot().invStddev);
  }

  private int probability(int q) {
    return Numerics.scale8(exp(q), slot().invSumExp, saturatingNan);
  }

  /// Conversion of the functional model's host: what does not fit gives the smallest int32.
  private static int truncate(float x) {
    return x >= -0x1p31f && x < 0x1p31f ? (int) x : Integer.MIN_VALUE;
  }

  private Slot slot() {
    if (state.slot >= slots.length) {
      throw new MachineTrap(
          "statistics slot %d does not exist, there are %d".formatted(state.slot, slots.length));
    }
    return slots[state.slot];
  }

  /// Updates the current slot for one row of mvout: `cols` values of accumulator row `row` and of
  /// the rows DIM further on for each block of DIM columns.
  void observeRow(NormCommand command, int row, int cols) {
    int dim = state.dim;
    for (int c = 0; c < cols; c += dim) {
      boolean last = c + dim >= cols;
      int from = state.accIndex(row + c / dim * dim);
      block(last ? command : command.nonTerminating(), from, Math.min(dim, cols - c));
    }
  }

  /// What an ordinary mvout of at least one element leaves in the current slot.
  void resetStatistics(boolean touched) {
    if (touched) {
      block(NormCommand.RESET, 0, 0);
    }
  }

  private void block(NormCommand command, int from, int count) {
    Slot slot = slot();
    if (slot.resetPending) {
      slot.sum = 0;
      slot.count = 0;
      slot.runningMax = Integer.MIN_VALUE;
    }
    slot.resetPending =
        switch (command) {
          case RESET, MEAN, INV_STDDEV -> true;
          case SUM, VARIANCE, MAX, SUM_EXP, INV_SUM_EXP -> false;
        };
    switch (command) {
      case RESET -> {}
      case SUM -> sum(slot, from, count);
      case MEAN -> {
        sum(slot, from, count);
        slot.mean = slot.sum / slot.count;
      }
      case VARIANCE -> squares(slot, from, count);
      case INV_STDDEV -> {
        squares(slot, from, count);
        slot.invStddev = 1.0f / (float) stddev(slot.sum / slot.count);
      }
      case MAX -> {
        for (int i = 0; i < count; i++) {
          slot.runningMax = Math.max(slot.runningMax, state.acc[from + i]);
        }
      }
      case SUM_EXP -> exponentials(slot, from, count);
      case INV_SUM_EXP -> {
        exponentials(slot, from, count);
        slot.runningMax = Integer.MIN_VALUE;
        slot.invSumExp = SOFTMAX_ONE / (float) slot.sum;
      }
    }
  }

  private void sum(Slot slot, int from, int count) {
    for (int i = 0; i < count; i++) {
      slot.sum = state.add(slot.sum, state.acc[from + i]);
    }
    slot.count += count;
  }

  private void squares(Slot slot, int from, int count) {
    for (int i = 0; i < count; i++) {
      int deviation = state.acc[from + i] - slot.mean;
      slot.sum = state.narrow(slot.sum + (long) deviation * deviation);
    }
    slot.count += count;
  }

  private void exponentials(Slot slot, int from, int count) {
    slot.max = slot.runningMax;
    for (int i = 0; i < count; i++) {
      slot.sum = state.add(slot.sum, exp(state.acc[from + i]));
    }
  }

  /// The integer square root, at least 1; a variance that wrapped to below 0 counts as 0.
  private static int stddev(int variance) {
    return variance <= 0 ? 1 : (int) Math.sqrt(variance);
  }
}
