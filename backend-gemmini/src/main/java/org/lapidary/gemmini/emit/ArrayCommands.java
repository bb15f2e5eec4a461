package org.lapidary.gemmini.emit;

import org.jspecify.annotations.Nullable;
import org.lapidary.machine.isa.Activation;
import org.lapidary.machine.isa.Dataflow;
import org.lapidary.machine.isa.Instr;
import org.lapidary.machine.isa.LocalAddr;

/// Writes preload and compute commands, weight stationary.
final class ArrayCommands {
  /// A product of tiles.
  ///
  /// @param left scratchpad row of the left tile
  /// @param height rows of the left tile and of the product
  /// @param inner columns of the left tile
  /// @param right scratchpad row of the right tile, -1 to keep the one the array holds
  /// @param width columns of the product
  record Tile(int left, int height, int inner, int right, int width) {}

  private final int dim;
  private @Nullable Instr configured;

  ArrayCommands(OnChip chip) {
    this.dim = chip.dim();
  }

  void configure(Commands out, boolean transposeA, boolean transposeB) {
    Instr config =
        new Instr.ConfigExecute(
            Dataflow.WEIGHT_STATIONARY,
            Activation.NONE,
            false,
            transposeA,
            transposeB,
            1,
            1f,
            0,
            0,
            1);
    if (!config.equals(configured)) {
      configured = config;
      out.add(config);
    }
  }

  /// Multiplies tiles into, or onto, accumulator rows.
  void multiply(Commands out, Tile t, int sumRow, boolean add) {
    LocalAddr sum = add ? LocalAddr.accAdd(sumRow) : LocalAddr.acc(sumRow);
    boolean fresh = t.right >= 0;
    if (fresh) {
      out.preload(LocalAddr.spad(t.right), t.width, t.inner, sum, t.width, t.height);
    } else {
      out.preload(LocalAddr.GARBAGE, dim, dim, sum, t.width, t.height);
    }
    out.compute(fresh, LocalAddr.spad(t.left), t.inner, t.height, dim);
  }
}
