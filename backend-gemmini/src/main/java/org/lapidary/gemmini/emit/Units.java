package org.lapidary.gemmini.emit;

import java.util.List;

/// The state of the machine as far as the commands written so far determine it.
final class Units {
  private List<Hazards.Range> written = List.of();
  final Pipeline pipeline;
  final Loads loads;
  final Stores stores;
  final ArrayCommands array;
  final OperandBuffer left;
  final OperandBuffer right;

  Units(OnChip chip) {
    this.pipeline = new Pipeline(chip);
    this.loads = new Loads(chip);
    this.stores = new Stores(chip);
    this.array = new ArrayCommands(chip);
    int partRows = chip.operandTiles() * chip.dim();
    this.left =
        new OperandBuffer(new int[] {chip.leftRow(0), chip.leftRow(1)}, partRows, chip.dim());
    this.right =
        new OperandBuffer(new int[] {chip.rightRow(0), chip.rightRow(1)}, partRows, chip.dim());
  }

  /// Whatever follows waits until main memory is consistent, except for loads of what was not
  /// written.
  ///
  /// @param byNow where main memory was written since the last fence
  void fence(List<Hazards.Range> byNow) {
    pipeline.fence();
    written = byNow;
    left.forget(block -> isWritten(block.range()));
    right.forget(block -> isWritten(block.range()));
  }

  /// Where to put the loads of a stage that read some memory.
  Stage.Loading loading(Stage stage, List<Hazards.Range> read) {
    boolean early = pipeline.isFencePending() && read.stream().noneMatch(this::isWritten);
    return early ? stage.early() : stage.late();
  }

  private boolean isWritten(Hazards.Range range) {
    return written.stream().anyMatch(range::overlaps);
  }

  /// Emits everything and waits; nothing is known of the scratchpad afterwards.
  void end() {
    pipeline.fence();
    pipeline.drain();
    left.forget();
    right.forget();
  }
}
