package org.lapidary.sim;

import static org.lapidary.sim.PlainCommands.block;

import org.lapidary.machine.Divergence;
import org.lapidary.machine.GemminiParams;
import org.lapidary.machine.Semantics;
import org.lapidary.machine.isa.Activation;
import org.lapidary.machine.isa.DramAddr;
import org.lapidary.machine.isa.Instr;
import org.lapidary.machine.isa.LocalAddr;
import org.lapidary.machine.isa.NormCommand;
import org.lapidary.machine.isa.NormConstant;

/// LOOP_WS as plain commands, in the order of the reference form: what the loop computes, not the
/// order in which the hardware's unroller overlaps it.
///
/// Source: gemmini.md §5.9, §7.7, §10.4.
public final class LoopMatmul {
  private final GemminiParams params;
  private final CommandSink sink;
  private final boolean alternatesHalves;
  private final boolean obeysControlBits;
  private final int dim;

  private Instr.LoopWsBounds bounds = new Instr.LoopWsBounds(0, 0, 0, 0, 0, 0);
  private Instr.LoopWsAddrsAb addrsAb = new Instr.LoopWsAddrsAb(DramAddr.NONE, DramAddr.NONE);
  private Instr.LoopWsAddrsDc addrsDc = new Instr.LoopWsAddrsDc(DramAddr.NONE, DramAddr.NONE);
  private Instr.LoopWsStridesAb stridesAb = new Instr.LoopWsStridesAb(0, 0);
  private Instr.LoopWsStridesDc stridesDc = new Instr.LoopWsStridesDc(0, 0);

  private boolean secondSpadHalf;
  private boolean secondAccHalf;

  /// Where the operands of the loop being run lie, in rows.
  private int rowA;

  private int rowB;
  private int rowC;

  /// An unroller that hands plain commands to `sink`.
  public LoopMatmul(GemminiParams params, Semantics semantics, CommandSink sink) {
    this.params = params;
    this.sink = sink;
    this.dim = params.dim();
    this.alternatesHalves = semantics.hardware(Divergence.LOOP_WS_ADDRESSES);
    this.obeysControlBits = semantics.hardware(Divergence.LOOP_WS_CONTROL_BITS);
  }

  /// Takes the sizes of the next loops.
  public void configure(Instr.LoopWsBounds command) {
    bounds = command;
  }

  /// Takes the addresses of the next loops.
  public void configure(Instr.LoopWsAddrsAb command) {
    addrsAb = command;
  }

  /// Takes the addresses of the next loops.
  public void configure(Instr.LoopWsAddrsDc command) {
    addrsDc = command;
  }

  /// Takes the strides of the next loops.
  public void configure(Instr.LoopWsStridesAb command) {
    stridesAb = command;
  }

  /// Takes the strides of the next loops.
  public void configure(Instr.LoopWsStridesDc command) {
    stridesDc = command;
  }

  /// Runs the loop.
  public void run(Instr.LoopWs loop) {
    checkFits(loop);
    placeOperands(loop);
    if (loop.residualAdd()) {
      residualAdd(loop);
    } else {
      moveBias(loop);
      multiply(loop);
    }
    if (alternatesHalves) {
      secondSpadHalf = !secondSpadHalf;
      secondAccHalf ^= !addrsDc.c().isNone() || (obeysControlBits && loop.toggleAccHalf());
    }
  }

  private void checkFits(Instr.LoopWs loop) {
    if (obeysControlBits && loop.storeToSpad()) {
      throw new MachineTrap("LOOP_WS to an external scratchpad is not modelled");
    }
    long i = bounds.tilesI();
    long j = bounds.tilesJ();
    long k = bounds.tilesK();
    if (i * j * dim > params.accRows() / 2) {
      throw new MachineTrap(
          "LOOP_WS of %d x %d tiles does not fit half the accumulator".formatted(i, j));
    }
    if (!loop.residualAdd() && (i * k + k * j) * dim > params.spadRows() / 2) {
      throw new MachineTrap(
          "LOOP_WS of %d x %d x %d tiles does not fit half the scratchpad".formatted(i, j, k));
    }
  }

  private void placeOperands(Instr.LoopWs loop) {
    int half = params.spadRows() / 2;
    int own = alternatesHalves && secondSpadHalf ? 1 : 0;
    int halfA = loop.spadIdA() == 0 ? own : loop.spadIdA() - 1;
    int halfB = loop.spadIdB() == 0 ? own : loop.spadIdB() - 1;
    rowA = halfA * half;
    rowB = (halfB + 1) * half - bounds.tilesK() * bounds.tilesJ() * dim;
    rowC = alternatesHalves && secondAccHalf ? params.accRows() / 2 : 0;
  }

  private void moveBias(Instr.LoopWs loop) {
    long d = addrsDc.d().bytes();
    if (d == 0 || skips(loop.skipLoadD())) {
      return;
    }
    long size = loop.lowD() ? 1 : Integer.BYTES;
    for (int i = 0; i < bounds.tilesI(); i++) {
      for (int j = 0; j < bounds.tilesJ(); j++) {
        long from = d + (i * stridesDc.dElements() + j) * dim * size;
        sink.accept(
            PlainCommands.MVIN3, from, block(PlainCommands.ACC | tileC(i, j), width(j), height(i)));
      }
    }
  }

  /// The tiles of one `k` come in first and the computes follow each other, which leaves the same
  /// bits as the reference's strict interleaving.
  private void multiply(Instr.LoopWs loop) {
    for (int k = 0; k < bounds.tilesK(); k++) {
      for (int i = 0; i < bounds.tilesI(); i++) {
        moveA(loop, i, k);
      }
      for (int j = 0; j < bounds.tilesJ(); j++) {
        moveB(loop, j, k);
      }
      for (int j = 0; j < bounds.tilesJ(); j++) {
        if (!skips(loop.skipExecute())) {
          multiplyColumn(loop, j, k);
        }
        boolean last = k == bounds.tilesK() - 1;
        if (last && !addrsDc.c().isNone() && !skips(loop.skipStore())) {
          for (int i = 0; i < bounds.tilesI(); i++) {
            store(loop, i, j);
          }
        }
      }
    }
  }

  private void multiplyColumn(Instr.LoopWs loop, int j, int k) {
    int tilesI = bounds.tilesI();
    int width = width(j);
    int depth = depth(k);
    int add = k == 0 && !loop.accumulate() ? PlainCommands.ACC : PlainCommands.ACC_ADD;
    int stepA = localA(loop, 1, k) - localA(loop, 0, k);
    int stepC = bounds.tilesJ() * dim;
    int a = localA(loop, 0, k);
    int c = add | tileC(0, j);
    long weights = block(localB(loop, j, k), width, depth);
    long keptWeights = block(PlainCommands.GARBAGE, width, depth);
    long noBias = block(PlainCommands.GARBAGE, dim, dim);
    for (int i = 0; i < tilesI; i++) {
      int height = height(i);
      sink.accept(PlainCommands.PRELOAD, i == 0 ? weights : keptWeights, block(c, width, height));
      sink.accept(
          i == 0 ? PlainCommands.COMPUTE_PRELOADED : PlainCommands.COMPUTE_ACCUMULATED,
          block(a, depth, height),
          noBias);
      a += stepA;
      c += stepC;
    }
  }

  private int localA(Instr.LoopWs loop, int i, int k) {
    int tile = loop.transposeA() ? k * bounds.tilesI() + i : i * bounds.tilesK() + k;
    return rowA + tile * dim;
  }

  private int localB(Instr.LoopWs loop, int j, int k) {
    int tile = loop.transposeB() ? j * bounds.tilesK() + k : k * bounds.tilesJ() + j;
    return rowB + tile * dim;
  }

  private void moveA(Instr.LoopWs loop, int i, int k) {
    long a = addrsAb.a().bytes();
    if (a == 0 || skips(loop.skipLoadA())) {
      return;
    }
    boolean transposed = loop.transposeA();
    long from =
        a + (transposed ? k * stridesAb.aElements() + i : i * stridesAb.aElements() + k) * dim;
    int cols = transposed ? height(i) : depth(k);
    int rows = transposed ? depth(k) : height(i);
    sink.accept(PlainCommands.MVIN, from, block(localA(loop, i, k), cols, rows));
  }

  private void moveB(Instr.LoopWs loop, int j, int k) {
    long b = addrsAb.b().bytes();
    if (b == 0 || skips(loop.skipLoadB())) {
      return;
    }
    boolean transposed = loop.transposeB();
    long from =
        b + (transposed ? j * stridesAb.bElements() + k : k * stridesAb.bElements() + j) * dim;
    int cols = transposed ? depth(k) : width(j);
    int rows = transposed ? width(j) : depth(k);
    sink.accept(PlainCommands.MVIN2, from, block(localB(loop, j, k), cols, rows));
  }

  private void store(Instr.LoopWs loop, int i, int j) {
    switch (loop.activation()) {
      case NONE, RELU, IGELU -> storeTile(loop, i, j);
      case LAYERNORM, SOFTMAX -> {
        // A row can only be normalised as a whole.
        if (j == bounds.tilesJ() - 1) {
          storeNormalised(loop, i);
        }
      }
    }
  }

  private void storeTile(Instr.LoopWs loop, int i, int j) {
    long size = loop.fullC() ? Integer.BYTES : 1;
    long to = addrsDc.c().bytes() + (i * stridesDc.cElements() + j) * dim * size;
    int from = PlainCommands.ACC | (loop.fullC() ? PlainCommands.FULL_WIDTH : 0) | tileC(i, j);
    sink.accept(PlainCommands.MVOUT, to, block(from, width(j), height(i)));
  }

  /// The three passes over each row of a row of tiles, as many rows at a time as there are slots.
  private void storeNormalised(Instr.LoopWs loop, int i) {
    int slots = params.statSlots();
    for (int first = 0; first < height(i); first += slots) {
      int rows = Math.min(slots, height(i) - first);
      for (int phase = 0; phase < 3; phase++) {
        for (int r = 0; r < rows; r++) {
          PlainCommands.emit(
              sink, new Instr.ConfigNorm(r, false, true, NormConstant.QLN2, 0, 0, 0));
          storeRow(loop, i, first + r, phase);
        }
      }
    }
  }

  private void storeRow(Instr.LoopWs loop, int i, int row, int phase) {
    NormCommand last = phaseCommand(loop.activation(), phase);
    long size = loop.fullC() ? Integer.BYTES : 1;
    int step = params.maxBlockTiles();
    for (int j = 0; j < bounds.tilesJ(); j += step) {
      boolean terminating = j + step >= bounds.tilesJ();
      int tiles = Math.min(step, bounds.tilesJ() - j);
      int cols = tiles * dim - (terminating ? bounds.padJ() : 0);
      NormCommand command = terminating ? last : last.nonTerminating();
      LocalAddr from = LocalAddr.acc(tileC(i, j) + row).with(command);
      long to =
          addrsDc.c().bytes()
              + (((long) i * dim + row) * stridesDc.cElements() + j * (long) dim) * size;
      int bits = from.bits() | (loop.fullC() ? PlainCommands.FULL_WIDTH : 0);
      sink.accept(PlainCommands.MVOUT, to, block(bits, cols, 1));
    }
  }

  private static NormCommand phaseCommand(Activation activation, int phase) {
    boolean softmax = activation == Activation.SOFTMAX;
    return switch (phase) {
      case 0 -> softmax ? NormCommand.MAX : NormCommand.MEAN;
      case 1 -> softmax ? NormCommand.INV_SUM_EXP : NormCommand.INV_STDDEV;
      default -> NormCommand.RESET;
    };
  }

  private void residualAdd(Instr.LoopWs loop) {
    for (int i = 0; i < bounds.tilesI(); i++) {
      for (int j = 0; j < bounds.tilesJ(); j++) {
        long a = addrsAb.a().bytes();
        if (a != 0 && !skips(loop.skipLoadA())) {
          long from = a + (i * stridesAb.aElements() + j) * dim;
          int to = PlainCommands.ACC | tileC(i, j);
          sink.accept(PlainCommands.MVIN, from, block(to, width(j), height(i)));
        }
        long b = addrsAb.b().bytes();
        if (b != 0 && !skips(loop.skipLoadB())) {
          long from = b + (i * stridesAb.bElements() + j) * dim;
          int to = PlainCommands.ACC_ADD | tileC(i, j);
          sink.accept(PlainCommands.MVIN2, from, block(to, width(j), height(i)));
        }
        if (!addrsDc.c().isNone() && !skips(loop.skipStore())) {
          storeTile(loop, i, j);
        }
      }
    }
  }

  private boolean skips(boolean controlBit) {
    return obeysControlBits && controlBit;
  }

  private int tileC(int i, int j) {
    return rowC + (i * bounds.tilesJ() + j) * dim;
  }

  private int height(int i) {
    return dim - (i == bounds.tilesI() - 1 ? bounds.padI() : 0);
  }

  private int width(int j) {
    return dim - (j == bounds.tilesJ() - 1 ? bounds.padJ() : 0);
  }

  private int depth(int k) {
    return dim - (k == bounds.tilesK() - 1 ? bounds.padK() : 0);
  }
}
