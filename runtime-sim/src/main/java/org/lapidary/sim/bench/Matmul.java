package org.lapidary.sim.bench;

import java.util.ArrayList;
import java.util.List;
import org.lapidary.machine.GemminiParams;
import org.lapidary.machine.isa.Activation;
import org.lapidary.machine.isa.Dataflow;
import org.lapidary.machine.isa.DramAddr;
import org.lapidary.machine.isa.Instr;
import org.lapidary.machine.isa.LocalAddr;
import org.lapidary.sim.MainMemory;
import org.lapidary.sim.Simulator;

/// The work that speed is measured on: `C = A · B + bias` in int8, with tiles that fit half of each
/// private memory, as explicit commands or through LOOP_WS.
///
/// Shapes: A `[m,k]`, B `[k,n]`, bias `[n]` int32, C `[m,n]`; all multiples of DIM
record Matmul(GemminiParams params, int m, int k, int n) {
  private static final long A = MainMemory.DEFAULT_BASE;
  private static final float SCALE = 0.01f;

  /// A block of the loop nest, in tiles: where it starts and how large it is.
  private record Block(int i, int j, int k, int tilesI, int tilesJ, int tilesK) {}

  /// One emitter of a block's commands.
  private interface Emitter {
    void emit(List<Instr> program, Block block);
  }

  private long b() {
    return A + (long) m * k;
  }

  private long bias() {
    return b() + (long) k * n;
  }

  private long c() {
    return bias() + 4L * n;
  }

  long memoryBytes() {
    return c() + (long) m * n - A;
  }

  long macs() {
    return (long) m * k * n;
  }

  /// The packed program.
  long[] program(boolean loops) {
    List<Instr> program = new ArrayList<>();
    program.add(
        new Instr.ConfigExecute(
            Dataflow.WEIGHT_STATIONARY, Activation.NONE, false, false, false, 1, 0, 0, 0, 1));
    program.add(new Instr.ConfigStore(Activation.NONE, 0, 0, 0, 0, 0, 0, 0, 0, 0, n, SCALE));
    program.add(new Instr.ConfigLoad(false, 0, 1, dim(), 1, k));
    program.add(new Instr.ConfigLoad(false, 1, 1, dim(), 1, n));
    program.add(new Instr.ConfigLoad(false, 2, 1, dim(), 1, 0));
    forEachBlock(program, loops ? this::loop : this::explicit);
    return Simulator.pack(program);
  }

  private int dim() {
    return params.dim();
  }

  /// Output blocks that fill half the accumulator, twice as wide as high, as deep as half the
  /// scratchpad allows, all equally deep.
  private void forEachBlock(List<Instr> program, Emitter emitter) {
    int half = params.accTiles() / 2;
    int high = Integer.highestOneBit((int) Math.sqrt(half / 2.0));
    int wide = half / high;
    int fits = params.spadTiles() / 2 / (high + wide);
    int tilesK = k / dim();
    int parts = (tilesK + fits - 1) / fits;
    int depth = (tilesK + parts - 1) / parts;
    for (int i = 0; i < m / dim(); i += high) {
      for (int j = 0; j < n / dim(); j += wide) {
        for (int kk = 0; kk < tilesK; kk += depth) {
          emitter.emit(
              program,
              new Block(
                  i,
                  j,
                  kk,
                  Math.min(high, m / dim() - i),
                  Math.min(wide, n / dim() - j),
                  Math.min(depth, tilesK - kk)));
        }
      }
    }
  }

  private long addressA(int i, int kk) {
    return A + ((long) i * k + kk) * dim();
  }

  private long addressB(int kk, int j) {
    return b() + ((long) kk * n + j) * dim();
  }

  private long addressC(int i, int j) {
    return c() + ((long) i * n + j) * dim();
  }

  private void loop(List<Instr> program, Block t) {
    boolean last = t.k + t.tilesK == k / dim();
    long d = t.k == 0 ? bias() + 4L * t.j * dim() : 0;
    program.add(new Instr.LoopWsBounds(0, 0, 0, t.tilesI, t.tilesJ, t.tilesK));
    program.add(
        new Instr.LoopWsAddrsAb(
            new DramAddr(addressA(t.i, t.k)), new DramAddr(addressB(t.k, t.j))));
    program.add(
        new Instr.LoopWsAddrsDc(
            new DramAddr(d), last ? new DramAddr(addressC(t.i, t.j)) : DramAddr.NONE));
    program.add(new Instr.LoopWsStridesAb(k, n));
    program.add(new Instr.LoopWsStridesDc(0, n));
    program.add(
        new Instr.LoopWs(
            true,
            false,
            false,
            Activation.NONE,
            0,
            0,
            false,
            false,
            false,
            false,
            false,
            false,
            false,
            false,
            false,
            false,
            new LocalAddr(0)));
  }

  private void explicit(List<Instr> program, Block t) {
    if (t.k == 0) {
      forEachC(
          t,
          (i, j, acc) ->
              program.add(
                  new Instr.Mvin3(
                      new DramAddr(bias() + 4L * (t.j + j) * dim()),
                      LocalAddr.acc(acc),
                      dim(),
                      dim())));
    }
    int firstB = params.spadRows() / 2 - t.tilesK * t.tilesJ * dim();
    moveOperands(program, t, firstB);
    for (int kk = 0; kk < t.tilesK; kk++) {
      for (int j = 0; j < t.tilesJ; j++) {
        computeColumn(program, t, j, kk, firstB + (kk * t.tilesJ + j) * dim());
      }
    }
    if (t.k + t.tilesK == k / dim()) {
      forEachC(
          t,
          (i, j, acc) ->
              program.add(
                  new Instr.Mvout(
                      new DramAddr(addressC(t.i + i, t.j + j)), LocalAddr.acc(acc), dim(), dim())));
    }
  }

  /// Takes a tile of C and its accumulator row.
  private interface TileVisitor {
    void visit(int i, int j, int acc);
  }

  private void forEachC(Block t, TileVisitor visitor) {
    for (int i = 0; i < t.tilesI; i++) {
      for (int j = 0; j < t.tilesJ; j++) {
        visitor.visit(i, j, (i * t.tilesJ + j) * dim());
      }
    }
  }

  /// Moves the tiles in as widely as one command allows.
  private void moveOperands(List<Instr> program, Block t, int firstB) {
    int wide = params.maxBlockTiles();
    for (int kk = 0; kk < t.tilesK; kk += wide) {
      int cols = Math.min(wide, t.tilesK - kk) * dim();
      for (int i = 0; i < t.tilesI; i++) {
        LocalAddr to = LocalAddr.spad((i * t.tilesK + kk) * dim());
        program.add(new Instr.Mvin(new DramAddr(addressA(t.i + i, t.k + kk)), to, cols, dim()));
      }
    }
    for (int kk = 0; kk < t.tilesK; kk++) {
      for (int j = 0; j < t.tilesJ; j += wide) {
        int cols = Math.min(wide, t.tilesJ - j) * dim();
        LocalAddr to = LocalAddr.spad(firstB + (kk * t.tilesJ + j) * dim());
        program.add(new Instr.Mvin2(new DramAddr(addressB(t.k + kk, t.j + j)), to, cols, dim()));
      }
    }
  }

  private void computeColumn(List<Instr> program, Block t, int j, int kk, int rowB) {
    for (int i = 0; i < t.tilesI; i++) {
      LocalAddr weights = i == 0 ? LocalAddr.spad(rowB) : LocalAddr.GARBAGE;
      LocalAddr c = LocalAddr.accAdd((i * t.tilesJ + j) * dim());
      program.add(new Instr.Preload(weights, dim(), dim(), c, dim(), dim()));
      LocalAddr a = LocalAddr.spad((i * t.tilesK + kk) * dim());
      program.add(
          i == 0
              ? new Instr.ComputePreloaded(a, dim(), dim(), LocalAddr.GARBAGE, dim(), dim())
              : new Instr.ComputeAccumulated(a, dim(), dim(), LocalAddr.GARBAGE, dim(), dim()));
    }
  }
}
