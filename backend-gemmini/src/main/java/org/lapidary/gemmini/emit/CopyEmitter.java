package org.lapidary.gemmini.emit;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.lapidary.gemmini.emit.OperandBuffer.Block;
import org.lapidary.gemmini.map.Kernel;
import org.lapidary.gemmini.map.View;

/// Emits a copy from main memory to main memory through the scratchpad, block by block.
record CopyEmitter(int number, Kernel.Copy kernel, Units units, OnChip chip, Addresses addresses) {
  private static final int BLOCK_TILES = 4;

  void emit() {
    View from = matrix(kernel.from());
    View to = matrix(kernel.to());
    List<Integer> batchSizes = from.dims().subList(0, from.rank() - 2);
    int[] batch = new int[batchSizes.size()];
    int step = chip.dim() * BLOCK_TILES;
    do {
      for (int row = 0; row < from.dim(-2); row += step) {
        for (int col = 0; col < from.dim(-1); col += step) {
          int rows = Math.min(step, from.dim(-2) - row);
          int cols = Math.min(step, from.dim(-1) - col);
          block(from, to, batch.clone(), row, col, rows, cols);
        }
      }
    } while (AccumulationEmitter.advance(batch, batchSizes));
    units.pipeline.drain(); // later loads may reuse the rows these stores read
    units.left.forget();
  }

  private void block(View from, View to, int[] batch, int row, int col, int rows, int cols) {
    Block block = new Block(addresses.of(from, batch, row, col), from.stride(-2), rows, cols);
    units.left.forget();
    units.left.need(block);
    int spadRow = units.left.row();
    Stage.Rows occupied =
        new Stage.Rows(false, spadRow, spadRow + BLOCK_TILES * BLOCK_TILES * chip.dim());
    Stage stage = new Stage(number, occupied);
    units.loads.operand(
        stage.late().sums(), Loads.State.LEFT, block, spadRow, chip.machine().maxBlockTiles());
    units.stores.scratchpad(
        stage.stores(),
        spadRow,
        new Stores.Target(addresses.of(to, batch, row, col), to.stride(-2), rows, col, cols));
    units.pipeline.accept(stage);
  }

  /// With at least two axes.
  private static View matrix(View view) {
    if (view.rank() >= 2) {
      return view;
    }
    List<Integer> dims = new ArrayList<>(Collections.nCopies(2 - view.rank(), 1));
    dims.addAll(view.dims());
    return view.broadcast(dims);
  }
}
