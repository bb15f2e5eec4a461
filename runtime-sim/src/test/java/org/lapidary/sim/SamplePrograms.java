package org.lapidary.sim;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.lapidary.machine.isa.Activation;
import org.lapidary.machine.isa.Dataflow;
import org.lapidary.machine.isa.DramAddr;
import org.lapidary.machine.isa.Instr;
import org.lapidary.machine.isa.LocalAddr;
import org.lapidary.machine.isa.NormCommand;
import org.lapidary.machine.isa.NormConstant;

/// Small programs that together issue every command, for machines of any DIM.
///
/// Each is made from a seed: operands of awkward sizes, data with the extreme values in it.
final class SamplePrograms {
  static final long BASE = MainMemory.DEFAULT_BASE;
  static final int MEMORY_BYTES = 1 << 16;

  /// Where programs keep operands: random bytes first, room for results behind.
  private static final int INPUT_BYTES = 6000;

  private static final long A = BASE;
  private static final long B = BASE + 2000;
  private static final long D = BASE + 4000;
  private static final long C = BASE + 16384;

  private static final float[] SCALES = {1.0f, 0.37f, 0.5f, 1.75f, 0.02f};

  private final Random random;
  private final int dim;
  private final List<Instr> program = new ArrayList<>();

  private SamplePrograms(long seed, int dim) {
    this.random = new Random(seed);
    this.dim = dim;
  }

  /// A program: the input bytes at [#BASE] and the commands.
  record Program(byte[] input, List<Instr> commands) {}

  /// What a program does with a builder.
  private interface Recipe {
    void cook(SamplePrograms to);
  }

  private static Map<String, Recipe> recipes() {
    Map<String, Recipe> recipes = new LinkedHashMap<>();
    recipes.put("moves", SamplePrograms::moves);
    recipes.put("pooling", SamplePrograms::pooling);
    for (int transposes : new int[] {0, 1, 2}) {
      recipes.put("matmul_ws_t" + transposes, p -> p.weightStationary(transposes));
    }
    for (int transposes : new int[] {0, 1, 3}) {
      recipes.put("matmul_os_t" + transposes, p -> p.outputStationary(transposes));
    }
    recipes.put("runs_of_computes", SamplePrograms::runsOfComputes);
    recipes.put("loop_ws", p -> p.loopMatmul(false, false));
    recipes.put("loop_ws_at", p -> p.loopMatmul(true, false));
    recipes.put("loop_ws_bt", p -> p.loopMatmul(false, true));
    recipes.put("loop_ws_resadd", SamplePrograms::residualAdd);
    recipes.put("loop_conv_ws", p -> p.convolution(false));
    recipes.put("loop_conv_ws_pooled", p -> p.convolution(true));
    recipes.put("igelu", SamplePrograms::igelu);
    recipes.put("layernorm", p -> p.normalised(Activation.LAYERNORM));
    recipes.put("softmax", p -> p.normalised(Activation.SOFTMAX));
    recipes.put("odds_and_ends", SamplePrograms::oddsAndEnds);
    return recipes;
  }

  static List<String> names() {
    return List.copyOf(recipes().keySet());
  }

  static Program make(String name, long seed, int dim) {
    SamplePrograms builder = new SamplePrograms(seed, dim);
    byte[] input = new byte[INPUT_BYTES];
    builder.random.nextBytes(input);
    for (int i = 0; i < input.length; i += 7) {
      input[i] = builder.random.nextBoolean() ? Byte.MIN_VALUE : Byte.MAX_VALUE;
    }
    Recipe recipe = recipes().get(name);
    if (recipe == null) {
      throw new IllegalArgumentException(name);
    }
    recipe.cook(builder);
    return new Program(input, List.copyOf(builder.program));
  }

  private void add(Instr instr) {
    program.add(instr);
  }

  /// A size from 1 to DIM, the awkward ones most often.
  private int size() {
    return switch (random.nextInt(4)) {
      case 0 -> dim;
      case 1 -> dim - 1;
      case 2 -> Math.min(dim, 7);
      default -> 1 + random.nextInt(dim);
    };
  }

  private float scale() {
    return SCALES[random.nextInt(SCALES.length)];
  }

  private void configLoad(boolean shrink, int state, int repeats, float scale, long stride) {
    add(new Instr.ConfigLoad(shrink, state, repeats, dim, scale, stride));
  }

  private void configStore(Activation activation, long stride, float scale) {
    add(new Instr.ConfigStore(activation, 0, 0, 0, 0, 0, 0, 0, 0, 0, stride, scale));
  }

  private void configExecute(Dataflow flow, Activation act, boolean ta, boolean tb, int shift) {
    add(new Instr.ConfigExecute(flow, act, false, ta, tb, 1, 1f, shift, 0, 1));
  }

  private void mvin(long from, LocalAddr to, int cols, int rows) {
    add(new Instr.Mvin(new DramAddr(from), to, cols, rows));
  }

  private void mvout(long to, LocalAddr from, int cols, int rows) {
    add(new Instr.Mvout(new DramAddr(to), from, cols, rows));
  }

  /// Scales, strides, blocks, zeros, repeats, adding, shrinking and full width.
  private void moves() {
    long out = C;
    for (int round = 0; round < 6; round++) {
      int rows = size();
      int cols = Math.min(64, size() * (1 + random.nextInt(2)));
      int stride = 70 + random.nextInt(20);
      configLoad(false, 0, 1, scale(), stride);
      configLoad(true, 1, 1, scale(), stride);
      configLoad(false, 2, 1, 1f, 300);
      configStore(round % 2 == 0 ? Activation.NONE : Activation.RELU, 80, scale());
      mvin(A + round, LocalAddr.spad(3), cols, rows);
      add(new Instr.Mvin2(new DramAddr(B + round), LocalAddr.acc(5), cols, rows));
      add(new Instr.Mvin3(new DramAddr(D + round), LocalAddr.accAdd(5), Math.min(cols, dim), rows));
      add(new Instr.Mvin2(new DramAddr(B), LocalAddr.accAdd(5), cols, rows));
      mvin(0, LocalAddr.spad(4), Math.min(3, cols), 1);
      mvout(out, LocalAddr.spad(3), cols, rows);
      mvout(out + 3000, LocalAddr.acc(5), cols, rows);
      add(new Instr.ConfigStore(Activation.NONE, 0, 0, 0, 0, 0, 0, 0, 0, 0, 300, 1f));
      mvout(out + 6000, LocalAddr.accFull(5), Math.min(cols, dim), rows);
    }
    configLoad(false, 0, 3, 1f, 9);
    mvin(A, LocalAddr.spad(10), 4, size());
    configStore(Activation.NONE, 40, 1f);
    mvout(C + 12000, LocalAddr.spad(8), dim, dim);
  }

  private void pooling() {
    int channels = size();
    configLoad(true, 0, 1, 1f, dim);
    for (int row = 0; row < 36; row += 6) {
      mvin(A + row * 30L, LocalAddr.acc(row), channels, 6);
      mvin(B + row * 30L, LocalAddr.spad(row), channels, 6);
    }
    for (int window = 2; window <= 3; window++) {
      add(
          new Instr.ConfigStore(
              Activation.RELU, window - 1, window, 1, 1, 5, 3, 3, 6, 6, dim, 0.75f));
      mvout(C, LocalAddr.acc(0), channels, 0);
      mvout(C + 2000, LocalAddr.spad(0), channels, 0);
    }
  }

  private void loadOperands() {
    configLoad(false, 0, 1, 1f, dim);
    configLoad(false, 2, 1, 1f, 4L * dim);
    for (int tile = 0; tile < 3; tile++) {
      mvin(A + 40L * tile, LocalAddr.spad(dim * tile), dim, dim);
      mvin(B + 40L * tile, LocalAddr.spad(dim * (tile + 3)), dim, dim);
      add(new Instr.Mvin3(new DramAddr(D), LocalAddr.acc(dim * tile), dim, Math.min(dim, 16)));
    }
  }

  private void storeResults() {
    configStore(Activation.NONE, dim, 0.01f);
    for (int tile = 0; tile < 4; tile++) {
      mvout(C + (long) tile * dim * dim, LocalAddr.spad(dim * (tile + 6)), dim, dim);
      mvout(C + (tile + 4L) * dim * dim, LocalAddr.acc(dim * tile), dim, dim);
    }
  }

  private LocalAddr output() {
    return switch (random.nextInt(4)) {
      case 0 -> LocalAddr.spad(dim * (6 + random.nextInt(4)));
      case 1 -> LocalAddr.acc(dim * random.nextInt(4));
      case 2 -> LocalAddr.GARBAGE;
      default -> LocalAddr.accAdd(dim * random.nextInt(4));
    };
  }

  private void weightStationary(int transposes) {
    configExecute(
        Dataflow.WEIGHT_STATIONARY,
        Activation.RELU,
        (transposes & 1) != 0,
        (transposes & 2) != 0,
        0);
    loadOperands();
    for (int round = 0; round < 24; round++) {
      int m = size();
      int k = size();
      int n = size();
      LocalAddr b = LocalAddr.spad(dim * (3 + round % 3));
      LocalAddr d = round % 5 == 0 ? LocalAddr.spad(dim) : LocalAddr.GARBAGE;
      boolean fresh = round % 3 != 2;
      add(new Instr.Preload(fresh ? b : LocalAddr.GARBAGE, n, k, output(), n, m));
      LocalAddr a = LocalAddr.spad(dim * (round % 3));
      add(
          fresh
              ? new Instr.ComputePreloaded(a, k, m, d, n, m)
              : new Instr.ComputeAccumulated(a, k, m, d, n, m));
    }
    storeResults();
  }

  private void outputStationary(int transposes) {
    configExecute(
        Dataflow.OUTPUT_STATIONARY,
        Activation.NONE,
        (transposes & 1) != 0,
        (transposes & 2) != 0,
        5);
    loadOperands();
    for (int round = 0; round < 24; round++) {
      int m = size();
      int k = size();
      int n = size();
      boolean fresh = round % 3 == 0;
      LocalAddr d = round % 2 == 0 ? LocalAddr.spad(dim * 2) : LocalAddr.GARBAGE;
      add(new Instr.Preload(fresh ? d : LocalAddr.GARBAGE, n, m, output(), n, m));
      LocalAddr a = LocalAddr.spad(dim * (round % 3));
      LocalAddr b = round % 7 == 0 ? LocalAddr.GARBAGE : LocalAddr.spad(dim * (3 + round % 3));
      add(
          fresh
              ? new Instr.ComputePreloaded(a, k, m, b, n, k)
              : new Instr.ComputeAccumulated(a, k, m, b, n, k));
    }
    storeResults();
  }

  /// Runs of computes as schedules emit them: the same rows of A under one B after the other.
  private void runsOfComputes() {
    configExecute(Dataflow.WEIGHT_STATIONARY, Activation.NONE, false, false, 0);
    loadOperands();
    for (int round = 0; round < 12; round++) {
      int m = random.nextBoolean() ? dim : size();
      int k = random.nextBoolean() ? dim : size();
      boolean overwrites = round == 0;
      for (int j = 0; j < 3; j++) {
        for (int i = 0; i < 3; i++) {
          int row = dim * (i * 3 + j);
          LocalAddr c = overwrites ? LocalAddr.acc(row) : LocalAddr.accAdd(row);
          LocalAddr a = LocalAddr.spad(dim * i);
          LocalAddr b = i == 0 ? LocalAddr.spad(dim * (3 + j)) : LocalAddr.GARBAGE;
          add(new Instr.Preload(b, dim, k, c, dim, m));
          add(
              i == 0
                  ? new Instr.ComputePreloaded(a, k, m, LocalAddr.GARBAGE, dim, dim)
                  : new Instr.ComputeAccumulated(a, k, m, LocalAddr.GARBAGE, dim, dim));
        }
      }
    }
    storeResults();
  }

  private void configureLoop(
      int tilesI, int tilesJ, int tilesK, long a, long b, long d, long c, long stride) {
    int padI = random.nextInt(dim);
    int padJ = random.nextInt(dim);
    int padK = random.nextInt(dim);
    add(new Instr.LoopWsBounds(padI, padJ, padK, tilesI, tilesJ, tilesK));
    add(new Instr.LoopWsAddrsAb(new DramAddr(a), new DramAddr(b)));
    add(new Instr.LoopWsAddrsDc(new DramAddr(d), new DramAddr(c)));
    add(new Instr.LoopWsStridesAb(37, 37));
    add(new Instr.LoopWsStridesDc(0, stride));
  }

  private Instr.LoopWs loop(
      boolean accumulate,
      boolean fullC,
      boolean lowD,
      Activation activation,
      boolean ta,
      boolean tb,
      boolean resadd) {
    return new Instr.LoopWs(
        accumulate,
        fullC,
        lowD,
        activation,
        0,
        0,
        ta,
        tb,
        resadd,
        false,
        false,
        false,
        false,
        false,
        false,
        false,
        new LocalAddr(0));
  }

  private void loopMatmul(boolean ta, boolean tb) {
    configExecute(Dataflow.WEIGHT_STATIONARY, Activation.NONE, ta, tb, 0);
    long stride = 3L * dim;
    configStore(Activation.RELU, stride, 0.01f);
    configLoad(false, 0, 1, 1f, 37);
    configLoad(false, 1, 1, 1f, 37);
    configLoad(true, 2, 1, 1f, 0);
    configureLoop(2, 3, 2, A, B, D, C, stride);
    add(loop(true, false, true, Activation.NONE, ta, tb, false));
    configureLoop(2, 2, 3, A + 64, B + 64, 0, C + 6000, stride);
    add(loop(false, false, false, Activation.NONE, ta, tb, false));
    configStore(Activation.NONE, stride * 4, 1f);
    configureLoop(1, 2, 1, A, B, 0, C + 14000, stride);
    add(loop(false, true, false, Activation.NONE, ta, tb, false));
  }

  private void residualAdd() {
    configStore(Activation.RELU, 3L * dim, 1f);
    configLoad(true, 0, 1, 0.5f, 37);
    configLoad(true, 1, 1, -1.25f, 37);
    configureLoop(2, 3, 0, A, B, 0, C, 3L * dim);
    add(loop(false, false, false, Activation.NONE, false, false, true));
  }

  private void convolution(boolean pooled) {
    add(
        new Instr.ConfigExecute(
            Dataflow.WEIGHT_STATIONARY, Activation.NONE, false, false, false, 1, 0f, 0, 0, 1));
    configStore(Activation.RELU, 5, 0.05f);
    int pooledSize = pooled ? 2 : 4;
    add(new Instr.LoopConvWs1(1, 4, 3, 5, 4, pooledSize, 4, 1, 1));
    add(
        new Instr.LoopConvWs2(
            0, pooled ? 2 : 1, pooled ? 2 : 1, pooledSize, 3, 5, pooledSize, pooledSize, 1));
    add(new Instr.LoopConvWs3(1, 3, 3, 3, 4, 0, 1, 1, 1));
    add(new Instr.LoopConvWs4(1, 0, 0, 0, 4, 4, 5, 5, 3));
    add(new Instr.LoopConvWs5(new DramAddr(B), new DramAddr(C)));
    add(new Instr.LoopConvWs6(new DramAddr(D), new DramAddr(A)));
    add(
        new Instr.LoopConvWs(
            false,
            false,
            false,
            false,
            false,
            false,
            false,
            1,
            0,
            0,
            !pooled,
            false,
            false,
            Activation.RELU));
  }

  /// Rows of small sums in the accumulator, as a matmul leaves them.
  private void fillAccumulator() {
    configLoad(true, 1, 1, 1f, 61);
    for (int round = 0; round < 3; round++) {
      for (int tile = 0; tile < 2; tile++) {
        LocalAddr to = round == 0 ? LocalAddr.acc(dim * tile) : LocalAddr.accAdd(dim * tile);
        add(new Instr.Mvin2(new DramAddr(A + 500L * round + (long) dim * tile), to, dim, dim));
      }
    }
  }

  private void igelu() {
    fillAccumulator();
    configStore(Activation.IGELU, 2L * dim, -0.00001f);
    add(new Instr.ConfigNorm(0, false, false, NormConstant.QLN2, 0, -88, -12000));
    mvout(C, LocalAddr.acc(0), 2 * dim, size());
    configStore(Activation.IGELU, 4L * dim, 1f);
    mvout(C + 8000, LocalAddr.accFull(0), dim, size());
  }

  /// The three passes of gemmini.md §7.7, by explicit commands and by the loop.
  private void normalised(Activation activation) {
    boolean softmax = activation == Activation.SOFTMAX;
    fillAccumulator();
    configStore(softmax ? Activation.NONE : activation, 2L * dim, softmax ? 1f : 24.5f);
    if (softmax) {
      add(new Instr.ConfigNorm(0, true, false, NormConstant.QLN2, 13, 27, 383));
      add(new Instr.ConfigNorm(0, true, false, NormConstant.QLN2_INV, 5041, 27, 383));
    }
    List<NormCommand> passes =
        softmax
            ? List.of(NormCommand.MAX, NormCommand.INV_SUM_EXP, NormCommand.RESET)
            : List.of(NormCommand.MEAN, NormCommand.INV_STDDEV, NormCommand.RESET);
    int cols = dim + size();
    for (int row = 0; row < 4; row += 2) {
      for (NormCommand pass : passes) {
        for (int r = 0; r < 2; r++) {
          add(new Instr.ConfigNorm(r, false, true, NormConstant.QLN2, 0, 0, 0));
          mvout(C + (row + r) * 2L * dim, LocalAddr.acc(row + r).with(pass), cols, 1);
        }
      }
    }
    configExecute(Dataflow.WEIGHT_STATIONARY, Activation.NONE, false, false, 0);
    configLoad(false, 0, 1, 1f, 37);
    configLoad(false, 1, 1, 1f, 37);
    configureLoop(2, 2, 2, A, B, 0, C + 8000, 2L * dim);
    add(loop(false, false, false, activation, false, false, false));
  }

  private void oddsAndEnds() {
    add(new Instr.Flush(true));
    add(new Instr.Fence());
    add(new Instr.CounterOp(false, false, false, true, 2, 4, true));
    add(new Instr.CounterOp(true, true, true, false, 0, 0, false));
    loadOperands();
    storeResults();
  }
}
