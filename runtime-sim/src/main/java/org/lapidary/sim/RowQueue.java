package org.lapidary.sim;

import java.util.Arrays;

/// Rows that wait to be multiplied, so that consecutive computes run as one: first those with the
/// same weights, then two such groups over the same rows of A.
///
/// Only sums into the accumulator wait, and only while nothing but computes is executed, so that
/// nobody can tell.
final class RowQueue {
  private final MachineState state;
  private final Kernel kernel;

  /// Where the waiting rows start in scratchpad and accumulator, for each slot of weights.
  private final int[][] aRows;

  private final int[][] outRows;
  private final int[] count = new int[Kernel.SLOTS];
  private final int[] depth = new int[Kernel.SLOTS];
  private final boolean[] add = new boolean[Kernel.SLOTS];
  private int slot;

  RowQueue(MachineState state, Kernel kernel) {
    this.state = state;
    this.kernel = kernel;
    this.aRows = new int[Kernel.SLOTS][Kernel.TILES * state.dim];
    this.outRows = new int[Kernel.SLOTS][Kernel.TILES * state.dim];
  }

  /// A slot whose weights nothing waits for; later rows use it.
  int freeSlot() {
    if (count[1] > 0) {
      run();
    }
    slot = count[0] > 0 ? 1 : 0;
    return slot;
  }

  /// Has rows wait: `out[i] (+)= a[i] · W`, with the weights of the slot handed out last.
  void add(int from, int to, int rows, int newDepth, boolean newAdd) {
    int queued = count[slot];
    int[] a = aRows[slot];
    int[] out = outRows[slot];
    if (queued > 0
        && (newDepth != depth[slot] || newAdd != add[slot] || queued + rows > a.length)) {
      runKeepingSlot();
      queued = 0;
    }
    int stepA = state.strideARows << state.dimShift;
    int stepOut = state.strideCRows << state.dimShift;
    int nextA = from;
    int nextOut = to;
    for (int i = queued; i < queued + rows; i++) {
      a[i] = nextA;
      out[i] = nextOut;
      nextA += stepA;
      nextOut += stepOut;
    }
    depth[slot] = newDepth;
    add[slot] = newAdd;
    count[slot] = queued + rows;
  }

  /// Multiplies everything that waits. The weights stay in the slot they are in.
  void run() {
    if (count[0] + count[1] > 0) {
      runKeepingSlot();
    }
  }

  private void runKeepingSlot() {
    if (isPair()) {
      kernel.multiplyPair(
          state.spad, aRows[0], count[0], depth[0], state.acc, outRows[0], outRows[1]);
    } else {
      runSlot(0);
      runSlot(1);
    }
    count[0] = 0;
    count[1] = 0;
  }

  private void runSlot(int which) {
    if (count[which] > 0) {
      kernel.multiply(
          which,
          state.spad,
          aRows[which],
          count[which],
          depth[which],
          state.acc,
          outRows[which],
          add[which]);
    }
  }

  /// Whether both slots wait for the same rows of A. Sums can be added in any order.
  private boolean isPair() {
    return count[0] == count[1]
        && depth[0] == depth[1]
        && add[0]
        && add[1]
        && Arrays.equals(aRows[0], 0, count[0], aRows[1], 0, count[1]);
  }
}
