package org.lapidary.sim;

import org.lapidary.machine.Divergence;
import org.lapidary.machine.isa.Activation;
import org.lapidary.machine.isa.Instr;

/// Obeys the four CONFIG commands. Source: gemmini.md §5.5 to §5.8.
final class ConfigUnit {
  private static final int KEEP_SCALE = -1;

  private final MachineState state;
  private final boolean softmaxIsLeft;
  private final boolean keepsScale;

  ConfigUnit(MachineState state) {
    this.state = state;
    this.softmaxIsLeft = state.semantics.hardware(Divergence.STICKY_SOFTMAX);
    this.keepsScale = state.semantics.hardware(Divergence.STORE_SCALE_ALL_ONES);
  }

  void execute(Instr.ConfigExecute c) {
    state.strideARows = c.strideARows();
    state.strideCRows = c.strideCRows();
    if (c.stridesOnly()) {
      return;
    }
    if (c.shift() < 0 || c.shift() >= Integer.SIZE) {
      throw new MachineTrap("a shift of " + c.shift() + " is not within 0..31");
    }
    state.dataflow = c.dataflow();
    state.arrayActivation = c.activation();
    state.transposeA = c.transposeA();
    state.transposeB = c.transposeB();
    state.operandScale = c.accScale();
    state.shift = c.shift();
  }

  void load(Instr.ConfigLoad c) {
    if (c.state() >= MachineState.LOAD_STATES) {
      throw new MachineTrap("there is no load state " + c.state());
    }
    MachineState.LoadState load = state.loads[c.state()];
    load.shrink = c.shrink();
    load.pixelRepeats = Math.max(1, c.pixelRepeats());
    load.blockStrideRows = c.blockStrideRows();
    load.scale = c.scale();
    load.strideBytes = c.strideBytes();
  }

  /// @param scaleBits the scale as bits, since not every NaN survives as a float
  void store(Instr.ConfigStore c, int scaleBits) {
    boolean keepsSoftmax =
        !softmaxIsLeft
            && state.storeActivation == Activation.SOFTMAX
            && c.activation() == Activation.NONE;
    if (!keepsSoftmax) {
      state.storeActivation = c.activation();
    }
    state.poolStride = c.poolStride();
    state.poolWindow = c.poolWindow();
    state.poolPadUp = c.padUp();
    state.poolPadLeft = c.padLeft();
    state.poolOutDim = c.poolOutDim();
    state.pooledRows = c.pooledRows();
    state.pooledCols = c.pooledCols();
    state.imageRows = c.imageRows();
    state.imageCols = c.imageCols();
    state.storeStrideBytes = c.strideBytes();
    if (!keepsScale || scaleBits != KEEP_SCALE) {
      state.storeScale = c.accScale();
    }
  }

  void norm(Instr.ConfigNorm c) {
    state.slot = c.slot();
    if (c.slotOnly()) {
      return;
    }
    switch (c.kind()) {
      case QLN2 -> state.qln2 = c.constant();
      case QLN2_INV -> state.qln2Inv = c.constant();
    }
    state.qb = c.qb();
    state.qc = c.qc();
    if (c.activationMsb()) {
      enterSoftmax();
    } else if (softmaxIsLeft && state.storeActivation == Activation.SOFTMAX) {
      state.storeActivation = Activation.NONE;
    }
  }

  private void enterSoftmax() {
    state.storeActivation =
        switch (state.storeActivation) {
          case NONE, SOFTMAX -> Activation.SOFTMAX;
          case RELU, LAYERNORM, IGELU ->
              throw new MachineTrap(
                  "SOFTMAX can only be entered from activation 0, not from "
                      + state.storeActivation);
        };
  }
}
