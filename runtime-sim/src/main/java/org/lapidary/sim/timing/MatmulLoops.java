package org.lapidary.sim.timing;

/// The matmul loop unroller: two loop contexts on the two halves of the scratchpad, five state
/// machines, one command a cycle (gemmini.md §11.8).
final class MatmulLoops extends LoopUnroller {
  private static final long ACC = 1L << 31;
  private static final long ACCUMULATE = 1L << 30;
  private static final long FULL = 1L << 29;
  private static final long GARBAGE = 0xFFFF_FFFFL;

  private final MatmulLoop[] loops = {new MatmulLoop(), new MatmulLoop()};
  private int headLoop;
  private final Stage loadA = new Stage();
  private final Stage loadB = new Stage();
  private final Stage loadD = new Stage();
  private final Stage execute = new Stage();
  private final Stage store = new Stage();
  private int ai;
  private int ak;
  private int bj;
  private int bk;
  private int di;
  private int dj;
  private int ei;
  private int ej;
  private int ek;
  private boolean computing;
  private int si;
  private int sj;
  private long rowD;
  private long rowEx;
  private long rowSt;
  private long lddStart;
  private long exStart;
  private long stStart;
  private final NormSequence norm = new NormSequence();
  private final int dim;
  private final int blockLength;

  MatmulLoops(TimedMachine machine) {
    super(machine);
    dim = machine.dim();
    blockLength = machine.blockLength();
  }

  @Override
  boolean active() {
    return loops[0].configured || loops[1].configured;
  }

  @Override
  boolean configure(int loopFunct, long operand1, long operand2, int source, long t) {
    MatmulLoop loop = loops[loops[headLoop].configured ? 1 - headLoop : headLoop];
    if (loop.configured) {
      return false;
    }
    loop.set(loopFunct, operand1, operand2);
    if (loopFunct == Funct.LOOP_WS) {
      loop.region = source;
    }
    return true;
  }

  @Override
  long emit(long t) {
    settle(t);
    if (emitStore(t) || emitExecute(t) || emitLoadD(t) || emitLoadAB(t)) {
      return t;
    }
    long next = Long.MAX_VALUE;
    next = later(next, loadA, t);
    next = later(next, loadB, t);
    next = later(next, loadD, t);
    next = later(next, execute, t);
    return later(next, store, t);
  }

  private static long later(long next, Stage stage, long t) {
    return !stage.idle && stage.readyAt > t ? Math.min(next, stage.readyAt) : next;
  }

  /// Hands loops to idle stages and retires a finished head loop.
  private void settle(long t) {
    MatmulLoop head = loops[headLoop];
    if (head.configured
        && head.startedSt
        && loadA.past(headLoop)
        && loadB.past(headLoop)
        && loadD.past(headLoop)
        && execute.past(headLoop)
        && store.past(headLoop)) {
      head.reset();
      headLoop = 1 - headLoop;
    }
    startLoads(t);
    startExecute(t);
    startStore(t);
  }

  private void startLoads(long t) {
    int index = loops[headLoop].startedA ? 1 - headLoop : headLoop;
    MatmulLoop loop = loops[index];
    if (loadA.idle && loop.configured && !loop.startedA) {
      loop.startedA = true;
      loadA.begin(index, t);
      loadA.idle = loop.a == 0;
      ai = ak = 0;
    }
    index = loops[headLoop].startedB ? 1 - headLoop : headLoop;
    loop = loops[index];
    if (loadB.idle && loop.configured && !loop.startedB) {
      loop.startedB = true;
      loadB.begin(index, t);
      loadB.idle = loop.b == 0;
      bj = bk = 0;
    }
    index = loops[headLoop].startedD ? 1 - headLoop : headLoop;
    loop = loops[index];
    if (loadD.idle && loop.configured && !loop.startedD) {
      loop.startedD = true;
      loadD.begin(index, t);
      loadD.idle = loop.d == 0 || loop.resadd;
      di = dj = 0;
      lddStart = rowD;
      loop.accRow = rowD;
      rowD = toggled(loop, rowD);
    }
  }

  private long toggled(MatmulLoop loop, long row) {
    return loop.c == 0 ? row : machine.accRows() / 2 - row;
  }

  private void startExecute(long t) {
    int index = loops[headLoop].startedEx ? 1 - headLoop : headLoop;
    MatmulLoop loop = loops[index];
    if (execute.idle
        && loop.configured
        && !loop.startedEx
        && loop.startedA
        && loop.startedB
        && loop.startedD) {
      loop.startedEx = true;
      execute.begin(index, t);
      execute.idle = loop.resadd;
      ei = ej = ek = 0;
      computing = false;
      exStart = rowEx;
      rowEx = toggled(loop, rowEx);
    }
  }

  private void startStore(long t) {
    int index = loops[headLoop].startedSt ? 1 - headLoop : headLoop;
    MatmulLoop loop = loops[index];
    if (store.idle && loop.configured && !loop.startedSt && loop.startedEx) {
      loop.startedSt = true;
      store.begin(index, t);
      store.idle = loop.c == 0;
      si = sj = 0;
      norm.restart();
      stStart = rowSt;
      rowSt = toggled(loop, rowSt);
    }
  }

  private boolean emitStore(long t) {
    if (!store.live(t) || !room(Funct.STORE)) {
      return false;
    }
    MatmulLoop loop = loops[store.loop];
    boolean finished = execute.past(store.loop) && (!loop.resadd || loadB.past(store.loop));
    if (!loop.resadd
        && (loop.activation == NormSequence.LAYERNORM || loop.activation == NormSequence.SOFTMAX)) {
      return finished && emitNormalised(loop, t);
    }
    int step = loop.fullC ? 1 : Math.min(loop.tilesJ, blockLength);
    int blocks = Math.min(step, loop.tilesJ - sj);
    if (!finished && !(loop.resadd ? addedPast(blocks) : computedPast(loop, blocks))) {
      return false;
    }
    int bytes = loop.fullC ? 4 : 1;
    long address = loop.c + (si * loop.strideC + sj) * dim * bytes;
    long row = ACC | (loop.fullC ? FULL : 0) | stStart + (long) (si * loop.tilesJ + sj) * dim;
    int cols = blocks * dim - (sj + blocks >= loop.tilesJ ? loop.padJ : 0);
    int rows = dim - (si == loop.tilesI - 1 ? loop.padI : 0);
    give(Funct.STORE, Funct.MVOUT, address, operand(row, cols, rows), loop.region);
    if (loop.resadd) {
      sj += step;
      if (sj >= loop.tilesJ) {
        sj = 0;
        si++;
      }
      if (si >= loop.tilesI) {
        store.end(t);
      }
      return true;
    }
    if (++si >= loop.tilesI) {
      si = 0;
      sj += step;
      if (sj >= loop.tilesJ) {
        store.end(t);
      }
    }
    return true;
  }

  private boolean computedPast(MatmulLoop loop, int blocks) {
    return ek == loop.tilesK - 1 && (ej >= sj + blocks || (ej == sj + blocks - 1 && ei > si));
  }

  private boolean addedPast(int blocks) {
    return loadB.loop == store.loop && (bk > si || (bk == si && bj >= sj + blocks));
  }

  private boolean emitNormalised(MatmulLoop loop, long t) {
    int rows = dim - (si == loop.tilesI - 1 ? loop.padI : 0);
    long row = ACC | stStart + (long) si * loop.tilesJ * dim;
    long address = loop.c + si * loop.strideC * dim;
    boolean more =
        norm.next(
            loop.activation,
            rows,
            loop.tilesJ,
            blockLength,
            Math.max(1, machine.statSlots()),
            loop.padJ,
            dim,
            row,
            address,
            loop.strideC);
    give(Funct.STORE, norm.funct, norm.rs1, norm.rs2, loop.region);
    if (!more) {
      norm.restart();
      if (++si >= loop.tilesI) {
        store.end(t);
      }
    }
    return true;
  }

  private boolean emitExecute(long t) {
    if (!execute.live(t) || !room(Funct.EXECUTE)) {
      return false;
    }
    int index = execute.loop;
    MatmulLoop loop = loops[index];
    boolean aheadA = loadA.past(index) || ak > ek || (ak == ek && ai > ei);
    boolean aheadB = loadB.past(index) || bk > ek || (ak == ek && bj > ej);
    if (!aheadA || !aheadB || !loadD.past(index)) {
      return false;
    }
    int lastK = ek == loop.tilesK - 1 ? loop.padK : 0;
    int lastJ = ej == loop.tilesJ - 1 ? loop.padJ : 0;
    int lastI = ei == loop.tilesI - 1 ? loop.padI : 0;
    if (computing) {
      long a =
          baseA(index)
              + (long) (loop.transposeA ? ek * loop.tilesI + ei : ei * loop.tilesK + ek) * dim;
      int function = ei == 0 ? Funct.COMPUTE_PRELOADED : Funct.COMPUTE_ACCUMULATED;
      give(
          Funct.EXECUTE,
          function,
          operand(a, dim - lastK, dim - lastI),
          operand(GARBAGE, dim, dim),
          loop.region);
      computing = false;
      advanceExecute(loop, t);
      return true;
    }
    long b =
        baseB(index)
            + (long) (loop.transposeB ? ej * loop.tilesK + ek : ek * loop.tilesJ + ej) * dim;
    long c =
        ACC
            | (loop.accumulate || ek > 0 ? ACCUMULATE : 0)
            | exStart + (long) (ei * loop.tilesJ + ej) * dim;
    give(
        Funct.EXECUTE,
        Funct.PRELOAD,
        operand(ei == 0 ? b : GARBAGE, dim - lastJ, dim - lastK),
        operand(c, dim - lastJ, dim - lastI),
        loop.region);
    computing = true;
    return true;
  }

  private void advanceExecute(MatmulLoop loop, long t) {
    if (++ei < loop.tilesI) {
      return;
    }
    ei = 0;
    if (++ej < loop.tilesJ) {
      return;
    }
    ej = 0;
    if (++ek >= loop.tilesK) {
      execute.end(t);
    }
  }

  private long baseA(int index) {
    int half = machine.spadRows() / 2;
    int id = loops[index].idA;
    return id == 0 ? (long) index * half : (long) (id - 1) * half;
  }

  private long baseB(int index) {
    int half = machine.spadRows() / 2;
    MatmulLoop loop = loops[index];
    long end = loop.idB == 0 ? (long) (index + 1) * half : (long) loop.idB * half;
    return end - (long) loop.tilesK * loop.tilesJ * dim;
  }

  private boolean emitLoadD(long t) {
    if (!loadD.live(t) || !room(Funct.LOAD)) {
      return false;
    }
    MatmulLoop loop = loops[loadD.loop];
    int step =
        loop.lowD
            ? Math.min(loop.tilesJ, blockLength)
            : Math.min(loop.tilesJ, Math.max(1, blockLength / 4));
    int blocks = Math.min(step, loop.tilesJ - dj);
    long address = loop.d + (di * loop.strideD + dj) * dim * (loop.lowD ? 1 : 4);
    long row = ACC | lddStart + (long) (di * loop.tilesJ + dj) * dim;
    int cols = blocks * dim - (dj + blocks >= loop.tilesJ ? loop.padJ : 0);
    int rows = dim - (di == loop.tilesI - 1 ? loop.padI : 0);
    give(Funct.LOAD, Funct.MVIN3, address, operand(row, cols, rows), loop.region);
    if (++di >= loop.tilesI) {
      di = 0;
      dj += step;
      if (dj >= loop.tilesJ) {
        loadD.end(t);
      }
    }
    return true;
  }

  private boolean emitLoadAB(long t) {
    if (!room(Funct.LOAD)) {
      return false;
    }
    boolean chooseA;
    if (loadA.loop != loadB.loop) {
      chooseA = loadA.loop == headLoop;
    } else if (loadA.idle || loadB.idle || loops[loadA.loop].resadd) {
      // A residual add overwrites with A what it then adds B to.
      chooseA = !loadA.idle;
    } else {
      chooseA = !(ak > bk || (bk == 0 && bj == 0));
    }
    return chooseA ? emitLoadA(t) : emitLoadB(t);
  }

  private boolean emitLoadA(long t) {
    if (!loadA.live(t)) {
      return false;
    }
    MatmulLoop loop = loops[loadA.loop];
    if (loop.resadd) {
      boolean last = resadd(loop, Funct.MVIN, loop.a, loop.strideA, ak, ai, ACC, loop.padI);
      ai += Math.min(loop.tilesJ, blockLength);
      if (ai >= loop.tilesJ) {
        ai = 0;
        ak++;
      }
      if (last) {
        loadA.end(t);
      }
      return true;
    }
    int r = loop.transposeA ? ak : ai;
    int c = loop.transposeA ? ai : ak;
    int maxRow = loop.transposeA ? loop.tilesK : loop.tilesI;
    int maxCol = loop.transposeA ? loop.tilesI : loop.tilesK;
    int padRow = loop.transposeA ? loop.padK : loop.padI;
    int padCol = loop.transposeA ? loop.padI : loop.padK;
    int step = Math.min(maxCol, blockLength);
    give(
        Funct.LOAD,
        Funct.MVIN,
        loop.a + (r * loop.strideA + c) * dim,
        block(baseA(loadA.loop), r, c, maxRow, maxCol, padRow, padCol, step),
        loop.region);
    ai += loop.transposeA ? step : 1;
    if (ai >= loop.tilesI) {
      ai = 0;
      ak += loop.transposeA ? 1 : step;
      if (ak >= loop.tilesK) {
        loadA.end(t);
      }
    }
    return true;
  }

  private long block(
      long base, int r, int c, int maxRow, int maxCol, int padRow, int padCol, int step) {
    int blocks = Math.min(step, maxCol - c);
    int cols = blocks * dim - (c + blocks >= maxCol ? padCol : 0);
    int rows = dim - (r == maxRow - 1 ? padRow : 0);
    return operand(base + (long) (r * maxCol + c) * dim, cols, rows);
  }

  private boolean resadd(
      MatmulLoop loop, int function, long base, long stride, int i, int j, long bits, int padI) {
    int step = Math.min(loop.tilesJ, blockLength);
    int blocks = Math.min(step, loop.tilesJ - j);
    int cols = blocks * dim - (j + blocks >= loop.tilesJ ? loop.padJ : 0);
    int rows = dim - (i == loop.tilesI - 1 ? padI : 0);
    long row = bits | loop.accRow + (long) (i * loop.tilesJ + j) * dim;
    give(
        Funct.LOAD, function, base + (i * stride + j) * dim, operand(row, cols, rows), loop.region);
    return i == loop.tilesI - 1 && j + blocks >= loop.tilesJ;
  }

  private boolean emitLoadB(long t) {
    if (!loadB.live(t)) {
      return false;
    }
    MatmulLoop loop = loops[loadB.loop];
    if (loop.resadd) {
      boolean last = resadd(loop, Funct.MVIN2, loop.b, loop.strideB, bk, bj, ACC | ACCUMULATE, 0);
      bj += Math.min(loop.tilesJ, blockLength);
      if (bj >= loop.tilesJ) {
        bj = 0;
        bk++;
      }
      if (last) {
        loadB.end(t);
      }
      return true;
    }
    int r = loop.transposeB ? bj : bk;
    int c = loop.transposeB ? bk : bj;
    int maxRow = loop.transposeB ? loop.tilesJ : loop.tilesK;
    int maxCol = loop.transposeB ? loop.tilesK : loop.tilesJ;
    int padCol = loop.transposeB ? loop.padK : loop.padJ;
    int step = Math.min(maxCol, blockLength);
    // The hardware reads whole blocks of rows of B (gemmini.md §8 row 11).
    give(
        Funct.LOAD,
        Funct.MVIN2,
        loop.b + (r * loop.strideB + c) * dim,
        block(baseB(loadB.loop), r, c, maxRow, maxCol, 0, padCol, step),
        loop.region);
    bj += loop.transposeB ? 1 : step;
    if (bj >= loop.tilesJ) {
      bj = 0;
      bk += loop.transposeB ? step : 1;
      if (bk >= loop.tilesK) {
        loadB.end(t);
      }
    }
    return true;
  }
}
