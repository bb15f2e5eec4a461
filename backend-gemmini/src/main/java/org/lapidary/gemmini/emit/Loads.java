package org.lapidary.gemmini.emit;

import org.jspecify.annotations.Nullable;
import org.lapidary.machine.isa.Instr;
import org.lapidary.machine.isa.LocalAddr;

/// Writes loads, configuring a load state only when it changes. Each kind of operand has a state of
/// its own.
final class Loads {
  /// Who is loaded, by load state.
  enum State {
    LEFT(0),
    RIGHT(1),
    SUM(2);

    final int number;

    State(int number) {
      this.number = number;
    }
  }

  private final @Nullable Instr[] configured = new @Nullable Instr[State.values().length];
  private final int dim;
  private final int blockTiles;
  private final int accBlockTiles;

  Loads(OnChip chip) {
    this.dim = chip.dim();
    this.blockTiles = chip.machine().maxBlockTiles();
    this.accBlockTiles = chip.machine().maxAccBlockTiles();
  }

  /// Loads an int8 matrix into the scratchpad, tile by tile in row-major order from a row on, at
  /// most so many tiles with one command. A command begins and ends with a tile that is not zero.
  void operand(
      Commands out, State state, OperandBuffer.Block block, int firstRow, int tilesAtOnce) {
    configure(out, state, block.strideBytes(), dim, false);
    int colTiles = (block.cols() + dim - 1) / dim;
    for (int r = 0; r < block.rows(); r += dim) {
      int rows = Math.min(dim, block.rows() - r);
      int tileRow = firstRow + r * colTiles;
      for (int tile = 0; tile < colTiles; tile++) {
        if (block.zeros().at(r / dim, tile)) {
          continue;
        }
        int last = Math.min(tile + tilesAtOnce, colTiles) - 1;
        while (block.zeros().at(r / dim, last)) {
          last--;
        }
        int c = tile * dim;
        out.mvin(
            state.number,
            block.address() + r * block.strideBytes() + c,
            LocalAddr.spad(tileRow + c),
            Math.min((last + 1) * dim, block.cols()) - c,
            rows);
        tile = last;
      }
    }
  }

  /// Loads a piece of an i8 or i32 matrix into the accumulator, over or onto what is there.
  void sum(Commands out, OperandBuffer.Block block, int size, SumTiles tiles, boolean add) {
    configure(out, State.SUM, block.strideBytes(), tiles.blockRows(), size == 1);
    int wide = (size == 1 ? blockTiles : accBlockTiles) * dim;
    for (int r = 0; r < block.rows(); r += tiles.blockRows()) {
      int rows = Math.min(tiles.blockRows(), block.rows() - r);
      for (int c = 0; c < block.cols(); c += wide) {
        int row = tiles.row(r / tiles.blockRows(), c / dim);
        out.mvin(
            State.SUM.number,
            block.address() + r * block.strideBytes() + (long) c * size,
            add ? LocalAddr.accAdd(row) : LocalAddr.acc(row),
            Math.min(wide, block.cols() - c),
            rows);
      }
    }
  }

  /// Sets a load state, unless it is set so already.
  void configure(Commands out, State state, long strideBytes, int blockStride, boolean shrink) {
    Instr config = new Instr.ConfigLoad(shrink, state.number, 1, blockStride, 1f, strideBytes);
    if (!config.equals(configured[state.number])) {
      configured[state.number] = config;
      out.add(config);
    }
  }
}
