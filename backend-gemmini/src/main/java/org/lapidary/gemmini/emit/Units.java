package org.lapidary.gemmini.emit;

/// The state of the machine as far as the commands written so far determine it.
final class Units {
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
    this.left = new OperandBuffer(new int[] {chip.leftRow(0), chip.leftRow(1)}, partRows);
    this.right = new OperandBuffer(new int[] {chip.rightRow(0), chip.rightRow(1)}, partRows);
  }

  /// Emits everything and waits; what the scratchpad holds may be out of date afterwards.
  void fence() {
    pipeline.fence();
    left.forget();
    right.forget();
  }
}
