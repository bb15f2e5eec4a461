package org.lapidary.sim;

import org.lapidary.machine.Divergence;
import org.lapidary.machine.GemminiParams;
import org.lapidary.machine.Semantics;
import org.lapidary.machine.isa.DramAddr;
import org.lapidary.machine.isa.Instr;

/// LOOP_CONV_WS as plain commands, in the order of the reference form.
///
/// Source: gemmini.md §5.10, §10.5.
public final class LoopConv {
  private final GemminiParams params;
  private final CommandSink sink;
  private final StoreSettings store;
  private final boolean wholeActivation;

  private Instr.LoopConvWs1 config1 = new Instr.LoopConvWs1(0, 0, 0, 0, 0, 0, 0, 0, 0);
  private Instr.LoopConvWs2 config2 = new Instr.LoopConvWs2(0, 0, 0, 0, 0, 0, 0, 0, 0);
  private Instr.LoopConvWs3 config3 = new Instr.LoopConvWs3(0, 0, 0, 0, 0, 0, 0, 0, 0);
  private Instr.LoopConvWs4 config4 = new Instr.LoopConvWs4(0, 0, 0, 0, 0, 0, 0, 0, 0);
  private Instr.LoopConvWs5 config5 = new Instr.LoopConvWs5(DramAddr.NONE, DramAddr.NONE);
  private Instr.LoopConvWs6 config6 = new Instr.LoopConvWs6(DramAddr.NONE, DramAddr.NONE);

  private boolean secondAccHalf;

  /// What the loop's own store configurations keep from the one before: only the scale.
  @FunctionalInterface
  public interface StoreSettings {
    /// The accumulator scale in force.
    float accScale();
  }

  /// An unroller that hands plain commands to `sink`.
  public LoopConv(
      GemminiParams params, Semantics semantics, StoreSettings store, CommandSink sink) {
    this.params = params;
    this.store = store;
    this.sink = sink;
    this.wholeActivation = semantics.hardware(Divergence.POOLED_CONV_ACTIVATION);
  }

  /// Takes sizes for the next loops.
  public void configure(Instr.LoopConvWs1 command) {
    config1 = command;
  }

  /// Takes sizes for the next loops.
  public void configure(Instr.LoopConvWs2 command) {
    config2 = command;
  }

  /// Takes sizes for the next loops.
  public void configure(Instr.LoopConvWs3 command) {
    config3 = command;
  }

  /// Takes strides for the next loops.
  public void configure(Instr.LoopConvWs4 command) {
    config4 = command;
  }

  /// Takes addresses for the next loops.
  public void configure(Instr.LoopConvWs5 command) {
    config5 = command;
  }

  /// Takes addresses for the next loops.
  public void configure(Instr.LoopConvWs6 command) {
    config6 = command;
  }

  /// Runs the loop.
  public void run(Instr.LoopConvWs loop) {
    ConvTile tile =
        new ConvTile(
            params, loop, config1, config2, config3, config4, config5, config6, secondAccHalf);
    ConvCommands commands = new ConvCommands(tile, sink);
    commands.checkFits();
    commands.moveBias();
    commands.moveInput();
    commands.moveWeights();
    commands.multiply();
    if (!config5.output().isNone()) {
      if (loop.noPool()) {
        commands.store();
      } else {
        commands.storePooled(store.accScale(), wholeActivation);
      }
      secondAccHalf = !secondAccHalf;
    }
  }
}
