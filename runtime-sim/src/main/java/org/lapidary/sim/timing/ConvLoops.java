package org.lapidary.sim.timing;

/// The convolution loop unroller: two loop contexts, five state machines with a two-cycle address
/// pipeline; a loop's computes start when all its loads have been given (gemmini.md §10.5, §11.8).
final class ConvLoops extends LoopUnroller {
  private static final long ACC = 1L << 31;
  private static final long ACCUMULATE = 1L << 30;
  private static final long GARBAGE = 0xFFFF_FFFFL;
  private static final long IDENTITY = 0x3F80_0000L << 32;
  private static final int PIPELINE = 2;

  private final ConvShape[] loops = {new ConvShape(), new ConvShape()};
  private final boolean[] configured = new boolean[2];
  private final boolean[][] started = new boolean[2][5];
  private final int[] regions = new int[2];
  private final Stage[] stages = {new Stage(), new Stage(), new Stage(), new Stage(), new Stage()};
  private static final int BIAS = 0;
  private static final int WEIGHTS = 1;
  private static final int INPUT = 2;
  private static final int EXECUTE = 3;
  private static final int STORE = 4;

  private final boolean[] first = new boolean[5];
  private final int[][] at = new int[5][7];
  private final long[] accNext = new long[5];
  private final long[] accStart = new long[5];
  private int headLoop;
  private boolean computing;
  private boolean newWeights;
  private final int dim;
  private final int blockLength;

  ConvLoops(TimedMachine machine) {
    super(machine);
    dim = machine.dim();
    blockLength = machine.blockLength();
  }

  @Override
  boolean active() {
    return configured[0] || configured[1];
  }

  @Override
  boolean configure(int loopFunct, long operand1, long operand2, int source, long t) {
    int index = configured[headLoop] ? 1 - headLoop : headLoop;
    if (configured[index]) {
      return false;
    }
    loops[index].set(loopFunct, operand1, operand2);
    if (loopFunct == Funct.LOOP_CONV) {
      loops[index].derive(dim);
      configured[index] = true;
      regions[index] = source;
    }
    return true;
  }

  @Override
  long emit(long t) {
    settle(t);
    if (emitStore(t) || emitExecute(t) || emitBias(t) || emitWeights(t) || emitInput(t)) {
      return t;
    }
    long next = Long.MAX_VALUE;
    for (Stage stage : stages) {
      if (!stage.idle && stage.readyAt > t) {
        next = Math.min(next, stage.readyAt);
      }
    }
    return next;
  }

  private void settle(long t) {
    if (configured[headLoop] && started[headLoop][STORE] && allPast(headLoop)) {
      configured[headLoop] = false;
      java.util.Arrays.fill(started[headLoop], false);
      headLoop = 1 - headLoop;
    }
    for (int s = BIAS; s <= STORE; s++) {
      int index = started[headLoop][s] ? 1 - headLoop : headLoop;
      if (stages[s].idle && configured[index] && !started[index][s] && mayStart(index, s)) {
        begin(s, index, t);
      }
    }
  }

  private boolean allPast(int index) {
    for (Stage stage : stages) {
      if (!stage.past(index)) {
        return false;
      }
    }
    return true;
  }

  private boolean mayStart(int index, int s) {
    return switch (s) {
      case EXECUTE -> started[index][BIAS] && started[index][WEIGHTS] && started[index][INPUT];
      case STORE -> started[index][EXECUTE];
      default -> true;
    };
  }

  private void begin(int s, int index, long t) {
    started[index][s] = true;
    stages[s].begin(index, t);
    stages[s].readyAt += PIPELINE;
    ConvShape shape = loops[index];
    java.util.Arrays.fill(at[s], 0);
    first[s] = true;
    if (s == BIAS || s == EXECUTE || s == STORE) {
      accStart[s] = accNext[s];
      if (shape.output != 0) {
        accNext[s] = machine.accRows() / 2 - accNext[s];
      }
    }
    switch (s) {
      case BIAS -> stages[s].idle = shape.bias == 0;
      case WEIGHTS -> stages[s].idle = shape.weights == 0;
      case INPUT -> {
        stages[s].idle = shape.input == 0;
        at[s][1] = -shape.undilated(shape.upad);
        at[s][2] = -shape.undilated(shape.lpad);
      }
      case EXECUTE -> {
        newWeights = true;
        computing = false;
        first[s] = shape.transInput;
      }
      case STORE -> {
        stages[s].idle = shape.output == 0;
        first[s] = !shape.noPool;
      }
      default -> {}
    }
  }

  private void end(int s, long t) {
    stages[s].end(t);
  }

  private boolean mayLoad(int s, long t) {
    return stages[s].live(t) && room(Funct.LOAD) && !waitsForExecute(s);
  }

  /// Loads of the next loop wait while the execute stage waits for loads of its own.
  private boolean waitsForExecute(int s) {
    int index = stages[EXECUTE].loop;
    return !stages[EXECUTE].idle
        && stages[s].loop != index
        && !(stages[BIAS].past(index) && stages[WEIGHTS].past(index) && stages[INPUT].past(index));
  }

  private boolean emitBias(long t) {
    if (!mayLoad(BIAS, t)) {
      return false;
    }
    int index = stages[BIAS].loop;
    ConvShape c = loops[index];
    if (first[BIAS]) {
      first[BIAS] = false;
      give(
          Funct.LOAD,
          Funct.CONFIG,
          IDENTITY | c.biasStride() << 16 | 2 << 3 | 1,
          0,
          regions[index]);
      return true;
    }
    int[] i = at[BIAS];
    int rows = Math.min(dim, c.ocols - i[2]);
    int cols = Math.min(dim, c.pochs - i[3]);
    long row = ACC | accStart[BIAS] + c.outputRow(dim, i[0], i[1], i[2], i[3]);
    long address = c.noBias ? 0 : c.bias + 4L * i[3];
    give(Funct.LOAD, Funct.MVIN3, address, operand(row, cols, rows), regions[index]);
    if (ConvShape.step(i, 3, dim, c.pochs)
        && ConvShape.step(i, 2, dim, c.ocols)
        && ConvShape.step(i, 1, 1, c.orows)
        && ConvShape.step(i, 0, 1, c.batches)) {
      end(BIAS, t);
    }
    return true;
  }

  private boolean emitWeights(long t) {
    if (!mayLoad(WEIGHTS, t)) {
      return false;
    }
    int index = stages[WEIGHTS].loop;
    ConvShape c = loops[index];
    if (first[WEIGHTS]) {
      first[WEIGHTS] = false;
      give(
          Funct.LOAD,
          Funct.CONFIG,
          IDENTITY | c.weightStride() << 16 | 1 << 3 | 1,
          c.weightDramStride(),
          regions[index]);
      return true;
    }
    int[] i = at[WEIGHTS];
    int wide = blockLength * dim;
    int stepOch = c.transWeight0132 ? dim : Math.min(c.pochs, wide);
    int stepKch = c.transWeight0132 ? Math.min(c.kchs, wide) : dim;
    int och = Math.min(stepOch, c.pochs - i[0]);
    int kch = Math.min(stepKch, c.kchs - i[3]);
    long row = weightBase(index) + c.weightRow(dim, i[0], i[1], i[2], i[3]);
    int cols = c.transWeight0132 ? kch : och;
    int rows = c.transWeight0132 ? och : kch;
    give(
        Funct.LOAD,
        Funct.MVIN2,
        c.weights + c.weightOffset(i[0], i[1], i[2], i[3]),
        operand(row, cols, rows),
        regions[index]);
    if (ConvShape.step(i, 3, stepKch, c.kchs)
        && ConvShape.step(i, 2, 1, c.kcols)
        && ConvShape.step(i, 1, 1, c.krows)
        && ConvShape.step(i, 0, stepOch, c.pochs)) {
      end(WEIGHTS, t);
    }
    return true;
  }

  private long weightBase(int index) {
    int half = machine.spadRows() / 2;
    int id = loops[index].idB;
    long top = id == 0 ? (long) (index + 1) * half : (long) id * half;
    return top - loops[index].weightRows(dim);
  }

  private long inputBase(int index) {
    int half = machine.spadRows() / 2;
    int id = loops[index].idA;
    return id == 0 ? (long) index * half : (long) (id - 1) * half;
  }

  private boolean emitInput(long t) {
    if (!mayLoad(INPUT, t)) {
      return false;
    }
    int index = stages[INPUT].loop;
    ConvShape c = loops[index];
    if (first[INPUT]) {
      first[INPUT] = false;
      give(
          Funct.LOAD,
          Funct.CONFIG,
          IDENTITY | c.inputStride() << 16 | (long) c.pixels << 8 | 1,
          c.inputDramStride(),
          regions[index]);
      return true;
    }
    int[] i = at[INPUT];
    int width = c.inputRun(dim, i[2]);
    int wide = blockLength * dim;
    int stepCh = Math.min(c.transInput ? c.batches : c.kchs, wide);
    int left = c.transInput ? c.batches - i[0] : c.kchs - i[3];
    boolean zeros = i[1] < 0 || i[1] >= c.irowsUnpadded || i[2] < 0 || i[2] >= c.icolsUnpadded;
    long address = zeros ? 0 : c.input + c.inputOffset(i[0], i[1], i[2], i[3]);
    long row = inputBase(index) + c.inputRow(dim, i[0], i[1], i[2], i[3]);
    int rows = Math.max(1, width >> c.downsample);
    give(
        Funct.LOAD,
        Funct.MVIN,
        address,
        operand(row, Math.min(stepCh, left), rows),
        regions[index]);
    int left0 = -c.undilated(c.lpad);
    if (ConvShape.step(i, 3, c.transInput ? 1 : stepCh, c.kchs)
        && ConvShape.stepFrom(i, 2, width, left0, c.icolsUnpadded + c.undilated(c.rpad))
        && ConvShape.stepFrom(
            i, 1, 1 << c.downsample, -c.undilated(c.upad), c.irowsUnpadded + c.undilated(c.dpad))
        && ConvShape.step(i, 0, c.transInput ? stepCh : 1, c.batches)) {
      end(INPUT, t);
    }
    return true;
  }

  private boolean emitExecute(long t) {
    int index = stages[EXECUTE].loop;
    if (!stages[EXECUTE].live(t)
        || !room(Funct.EXECUTE)
        || !stages[BIAS].past(index)
        || !stages[WEIGHTS].past(index)
        || !stages[INPUT].past(index)) {
      return false;
    }
    ConvShape c = loops[index];
    if (first[EXECUTE]) {
      first[EXECUTE] = false;
      long stride = (long) c.orows * c.ocols;
      long strides = (long) (c.irows >> c.downsample) * (c.icols >> c.downsample);
      give(Funct.EXECUTE, Funct.CONFIG, strides << 16 | 0x80, stride << 48, regions[index]);
      return true;
    }
    int[] i = at[EXECUTE];
    while (c.skips(i)) {
      if (advanceExecute(c, i, 1)) {
        end(EXECUTE, t);
        return false;
      }
    }
    int span = c.transInput ? 1 : dim << c.inputDilated;
    int rows =
        c.transInput
            ? Math.min(dim, c.batches - i[4])
            : c.undilated(Math.min(span, c.ocols - i[6]));
    int cols = Math.min(dim, c.pochs - i[0]);
    int depth = Math.min(c.pixels, c.kcols - i[2]) * Math.min(dim, c.kchs - i[3]);
    if (!computing) {
      long weights = weightBase(index) + c.weightRow(dim, i[0], i[1], i[2], i[3]);
      long out = ACC | ACCUMULATE | accStart[EXECUTE] + c.outputRow(dim, i[4], i[5], i[6], i[0]);
      give(
          Funct.EXECUTE,
          Funct.PRELOAD,
          operand(newWeights ? weights : GARBAGE, cols, depth),
          operand(out, cols, rows),
          regions[index]);
      computing = true;
      return true;
    }
    long a = inputBase(index) + c.operandRow(dim, i);
    give(
        Funct.EXECUTE,
        newWeights ? Funct.COMPUTE_PRELOADED : Funct.COMPUTE_ACCUMULATED,
        operand(a, depth, rows),
        operand(GARBAGE, cols, rows),
        regions[index]);
    computing = false;
    newWeights = false;
    if (advanceExecute(c, i, span)) {
      end(EXECUTE, t);
    }
    return true;
  }

  private boolean advanceExecute(ConvShape c, int[] i, int span) {
    if (!(ConvShape.step(i, 6, span, c.ocols)
        && ConvShape.step(i, 5, 1, c.orows)
        && ConvShape.step(i, 4, c.transInput ? dim : 1, c.batches))) {
      return false;
    }
    newWeights = true;
    return ConvShape.step(i, 3, dim, c.kchs)
        && ConvShape.step(i, 2, c.pixels, c.kcols)
        && ConvShape.step(i, 1, 1, c.krows)
        && ConvShape.step(i, 0, dim, c.pochs);
  }

  private boolean emitStore(long t) {
    int index = stages[STORE].loop;
    if (!stages[STORE].live(t) || !room(Funct.STORE) || !stages[EXECUTE].past(index)) {
      return false;
    }
    ConvShape c = loops[index];
    int[] i = at[STORE];
    if (c.noPool) {
      int rows = Math.min(dim, c.ocols - i[2]);
      int cols = Math.min(dim, c.pochs - i[3]);
      long row = ACC | accStart[STORE] + c.outputRow(dim, i[0], i[1], i[2], i[3]);
      long address = c.output + c.outputOffset(i[0], i[1], i[2], i[3]);
      give(Funct.STORE, Funct.MVOUT, address, operand(row, cols, rows), regions[index]);
      if (ConvShape.step(i, 3, dim, c.pochs)
          && ConvShape.step(i, 2, dim, c.ocols)
          && ConvShape.step(i, 1, 1, c.orows)
          && ConvShape.step(i, 0, 1, c.batches)) {
        end(STORE, t);
      }
      return true;
    }
    if (first[STORE]) {
      first[STORE] = false;
      give(Funct.STORE, Funct.CONFIG, c.poolConfig(), c.outStride, regions[index]);
    } else if (i[0] == c.batches) {
      give(Funct.STORE, Funct.CONFIG, 2, c.outStride, regions[index]);
      end(STORE, t);
    } else {
      long row = ACC | accStart[STORE] + c.outputRow(dim, i[0], 0, 0, i[3]);
      long address = c.output + c.pooledOffset(i[0], i[3]);
      int cols = Math.min(dim, c.pochs - i[3]);
      give(Funct.STORE, Funct.MVOUT, address, operand(row, cols, 1), regions[index]);
      if (ConvShape.step(i, 3, dim, c.pochs)) {
        i[0]++;
      }
    }
    return true;
  }
}
