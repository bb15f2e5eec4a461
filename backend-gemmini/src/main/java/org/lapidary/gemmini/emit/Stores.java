package org.lapidary.gemmini.emit;

import org.jspecify.annotations.Nullable;
import org.lapidary.gemmini.map.Epilogue;
import org.lapidary.ir.op.MoveOut;
import org.lapidary.machine.GemminiParams;
import org.lapidary.machine.isa.Activation;
import org.lapidary.machine.isa.Instr;
import org.lapidary.machine.isa.LocalAddr;
import org.lapidary.machine.isa.NormCommand;
import org.lapidary.machine.isa.NormConstant;

/// Writes stores, configuring store and normalisation units only when something changes, and in an
/// order on which all models of the machine agree. Source: gemmini.md §5.8, §7, §8.
final class Stores {
  /// Where a piece goes.
  ///
  /// @param address of its first element
  /// @param firstCol its place in the whole matrix
  record Target(long address, long strideBytes, int rows, int firstCol, int cols) {}

  private static final NormCommand[][] LAYERNORM_PHASES = {
    {NormCommand.SUM, NormCommand.MEAN},
    {NormCommand.VARIANCE, NormCommand.INV_STDDEV},
    {NormCommand.RESET, NormCommand.RESET}
  };
  private static final NormCommand[][] SOFTMAX_PHASES = {
    {NormCommand.MAX, NormCommand.MAX},
    {NormCommand.SUM_EXP, NormCommand.INV_SUM_EXP},
    {NormCommand.RESET, NormCommand.RESET}
  };

  /// Rows whose statistics are interleaved, to hide the latency of the divider.
  private static final int INTERLEAVED_ROWS = 2;

  private final int dim;
  private final int blockTiles;
  private final boolean hasNorm;
  private final int slots;

  /// What the store unit is set to; null until the first configuration, and then of unknown past.
  private @Nullable Setting setting;

  private int slot = -1;
  private int normQb;
  private int normQc;
  private boolean normConstantsKnown;

  private record Setting(Activation activation, long strideBytes, float scale) {}

  Stores(OnChip chip) {
    GemminiParams machine = chip.machine();
    this.dim = chip.dim();
    this.blockTiles = machine.maxBlockTiles();
    this.hasNorm = machine.hasNormalizations();
    this.slots = Math.min(INTERLEAVED_ROWS, machine.statSlots());
  }

  /// Stores one piece of a sum, at most so many tiles with one command.
  void piece(Commands out, Epilogue epilogue, SumTiles tiles, Target target, int tilesAtOnce) {
    switch (epilogue) {
      case Epilogue.Raw _ -> {
        activate(out, new Setting(Activation.NONE, target.strideBytes(), 1f));
        elementwise(out, tiles, target, true, 1);
      }
      case Epilogue.Scaled s -> scaled(out, s.op(), tiles, target, tilesAtOnce);
    }
  }

  /// Stores a block of the scratchpad, tiles in row-major order.
  void scratchpad(Commands out, int firstRow, Target target) {
    activate(out, new Setting(Activation.NONE, target.strideBytes(), 1f));
    int colTiles = (target.cols() + dim - 1) / dim;
    for (int r = 0; r < target.rows(); r += dim) {
      int rows = Math.min(dim, target.rows() - r);
      for (int c = 0; c < target.cols(); c += blockTiles * dim) {
        int cols = Math.min(blockTiles * dim, target.cols() - c);
        long to = target.address() + r * target.strideBytes() + c;
        out.mvout(to, LocalAddr.spad(firstRow + r * colTiles + c), cols, rows);
      }
    }
  }

  private void scaled(Commands out, MoveOut op, SumTiles tiles, Target target, int tilesAtOnce) {
    if (op instanceof MoveOut.RequantizeBlocks blocks) {
      blocks(out, blocks, tiles, target, tilesAtOnce);
      return;
    }
    prepare(out, op, target.strideBytes());
    switch (op) {
      case MoveOut.Requantize _, MoveOut.RequantizeBlocks _, MoveOut.GeluI32 _ ->
          elementwise(out, tiles, target, false, tilesAtOnce);
      case MoveOut.SoftmaxI32 _ -> wholeRows(out, SOFTMAX_PHASES, tiles, target);
      case MoveOut.LayerNormI32 _ -> wholeRows(out, LAYERNORM_PHASES, tiles, target);
    }
  }

  /// Sets store and normalisation units to what the stores of an operation need.
  void prepare(Commands out, MoveOut op, long stride) {
    switch (op) {
      case MoveOut.Requantize r -> {
        Activation activation = r.relu() ? Activation.RELU : Activation.NONE;
        activate(out, new Setting(activation, stride, r.scale()));
      }
      case MoveOut.RequantizeBlocks r -> block(out, r, 0, stride);
      case MoveOut.GeluI32 g -> {
        activate(out, new Setting(Activation.IGELU, stride, g.scale()));
        geluConstants(out, g);
      }
      case MoveOut.SoftmaxI32 s ->
          softmax(out, new Setting(Activation.SOFTMAX, stride, s.scale()), s);
      case MoveOut.LayerNormI32 l ->
          activate(out, new Setting(Activation.LAYERNORM, stride, l.scale()));
    }
  }

  private void block(Commands out, MoveOut.RequantizeBlocks op, int column, long stride) {
    Activation activation = op.relu() ? Activation.RELU : Activation.NONE;
    activate(out, new Setting(activation, stride, op.scale(column)));
  }

  /// Block after block of columns, the store unit being set anew in between. A store begins with a
  /// tile; where blocks are no whole tiles, those of one tile are stored from the last to the
  /// first, each writing over what the one before wrote of its columns.
  private void blocks(
      Commands out, MoveOut.RequantizeBlocks op, SumTiles tiles, Target t, int tilesAtOnce) {
    int width = op.columns();
    int unit = width % dim == 0 ? width : dim;
    int end = t.firstCol() + t.cols();
    for (int col = t.firstCol(); col < end; col = (col / unit + 1) * unit) {
      int unitEnd = Math.min(end, (col / unit + 1) * unit);
      for (int b = (unitEnd - 1) / width; b >= col / width; b--) {
        block(out, op, b * width, t.strideBytes());
        int to = Math.min(unitEnd, (b + 1) * width);
        columns(out, tiles, t, col - t.firstCol(), to - t.firstCol(), false, tilesAtOnce);
      }
    }
  }

  private void activate(Commands out, Setting wanted) {
    if (hasNorm && slot < 0) {
      selectSlot(out, 0); // every store from the accumulator looks at a slot
    }
    if (wanted.equals(setting)) {
      return;
    }
    boolean maybeSoftmax = setting == null || setting.activation == Activation.SOFTMAX;
    if (hasNorm && maybeSoftmax && wanted.activation == Activation.NONE) {
      // libgemmini leaves softmax only through another activation. Source: gemmini.md §8, row 5.
      configure(out, new Setting(Activation.RELU, wanted.strideBytes, wanted.scale));
    }
    configure(out, wanted);
    setting = wanted;
  }

  private static void configure(Commands out, Setting s) {
    out.add(new Instr.ConfigStore(s.activation, 0, 0, 0, 0, 0, 0, 0, 0, 0, s.strideBytes, s.scale));
  }

  private void geluConstants(Commands out, MoveOut.GeluI32 g) {
    if (normConstantsKnown && normQb == g.qb() && normQc == g.qc()) {
      return;
    }
    constants(out, false, NormConstant.QLN2, 0, g.qb(), g.qc());
  }

  private @Nullable Object softmaxConstants;

  private void softmax(Commands out, Setting wanted, MoveOut.SoftmaxI32 s) {
    Object constants = java.util.List.of(s.qln2(), s.qln2Inv(), s.qb(), s.qc());
    if (wanted.equals(setting) && constants.equals(softmaxConstants)) {
      return;
    }
    if (slot < 0) {
      selectSlot(out, 0);
    }
    // The store unit's two bits cannot name softmax: none first, then the third bit.
    configure(out, new Setting(Activation.NONE, wanted.strideBytes, wanted.scale));
    constants(out, true, NormConstant.QLN2, s.qln2(), s.qb(), s.qc());
    constants(out, true, NormConstant.QLN2_INV, s.qln2Inv(), s.qb(), s.qc());
    setting = wanted;
    softmaxConstants = constants;
  }

  private void constants(
      Commands out, boolean msb, NormConstant kind, int constant, int qb, int qc) {
    out.add(new Instr.ConfigNorm(0, msb, false, kind, constant, qb, qc));
    slot = 0;
    normQb = qb;
    normQc = qc;
    normConstantsKnown = true;
    softmaxConstants = null;
  }

  private void selectSlot(Commands out, int wanted) {
    if (slot != wanted) {
      out.add(new Instr.ConfigNorm(wanted, false, true, NormConstant.QLN2, 0, 0, 0));
      slot = wanted;
    }
  }

  private void elementwise(
      Commands out, SumTiles tiles, Target target, boolean raw, int tilesAtOnce) {
    columns(out, tiles, target, 0, target.cols(), raw, tilesAtOnce);
  }

  private void columns(
      Commands out, SumTiles tiles, Target target, int from, int to, boolean raw, int tilesAtOnce) {
    int wide = tiles.blockRows() != dim ? dim : tilesAtOnce * dim;
    int size = raw ? Integer.BYTES : 1;
    for (int r = 0; r < target.rows(); r += tiles.blockRows()) {
      int rows = Math.min(tiles.blockRows(), target.rows() - r);
      for (int c = from; c < to; c += wide) {
        int row = tiles.row(r / tiles.blockRows(), c / dim);
        long address = target.address() + r * target.strideBytes() + (long) c * size;
        LocalAddr sums = raw ? LocalAddr.accFull(row) : LocalAddr.acc(row);
        out.mvout(address, sums, Math.min(wide, to - c), rows);
      }
    }
  }

  /// The statistics sequence: each row is read three times, a few rows interleaved. Source:
  /// gemmini.md §7.7.
  private void wholeRows(Commands out, NormCommand[][] phases, SumTiles tiles, Target target) {
    for (int first = 0; first < target.rows(); first += slots) {
      int last = Math.min(target.rows(), first + slots);
      for (NormCommand[] phase : phases) {
        for (int r = first; r < last; r++) {
          selectSlot(out, r - first);
          row(out, phase, tiles, target, r);
        }
      }
    }
  }

  private void row(Commands out, NormCommand[] phase, SumTiles tiles, Target target, int r) {
    int wide = tiles.blockRows() != dim ? dim : blockTiles * dim;
    for (int c = 0; c < target.cols(); c += wide) {
      int cols = Math.min(wide, target.cols() - c);
      NormCommand command = c + cols < target.cols() ? phase[0] : phase[1];
      int row = tiles.row(r / tiles.blockRows(), c / dim) + r % tiles.blockRows();
      long to = target.address() + r * target.strideBytes() + c;
      out.mvout(to, LocalAddr.acc(row).with(command), cols, 1);
    }
  }
}
