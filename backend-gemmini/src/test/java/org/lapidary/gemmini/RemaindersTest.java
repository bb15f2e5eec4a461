package org.lapidary.gemmini;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.lapidary.gemmini.map.ScheduleOptions;
import org.lapidary.ir.Graph;
import org.lapidary.ir.Value;
import org.lapidary.ir.op.Op;
import org.lapidary.machine.Semantics;

/// Every remainder of DIM in every dimension of every kind of kernel, and not a sample of them: on
/// a machine so small that all fit, whose memories are so small that streams wrap around in them.
/// Programs are checked for capacity and hazards before they leave the compiler, run in checked
/// mode, and give the referee's bytes.
class RemaindersTest {
  private static final int DIM = 4;

  /// Tiles besides the remainder: none, and enough for several pieces.
  private static final int[] TILES = {0, 6};

  static List<int[]> remainders() {
    List<int[]> all = new ArrayList<>();
    for (int i = 0; i < DIM * DIM * DIM; i++) {
      all.add(new int[] {1 + i % DIM, 1 + i / DIM % DIM, 1 + i / DIM / DIM});
    }
    return all;
  }

  @Test
  void everyRemainderInEveryDimension() {
    List<ScheduleOptions> options = ScheduleOptionsTest.options();
    List<int[]> all = remainders();
    for (int i = 0; i < all.size(); i++) {
      int[] r = all.get(i);
      int tiles = TILES[Integer.bitCount(i) % 2];
      Semantics semantics = i / 2 % 2 == 0 ? Semantics.RTL : Semantics.LIBGEMMINI;
      int m = tiles * DIM + r[0];
      int n = tiles * DIM + r[1];
      int k = tiles * DIM + r[2];
      RandomGraphs g = BitExactnessTest.graphs(i, semantics);
      ScheduleOptions turn = options.get(i % options.size());
      BitExactnessTest.check(g, attention(g, m, n, k), "tiny", semantics, turn);
    }
  }

  /// A projection of `[m, k]` to `n` columns with bias, normalised; its rows compared with each
  /// other; the softmax of that times the rows; a GELU of the residual sum.
  private static Graph<Op> attention(RandomGraphs g, int m, int n, int k) {
    Value x = g.quantizedInput("x", m, k);
    Value sum = g.add(g.matmul(x, g.int8("w", k, n), "project"), g.int32("b", 500, n));
    Value rows = g.layerNorm(sum);
    Value scores = g.matmul(rows, g.transpose(rows, 1, 0), "scores");
    Value context = g.matmul(g.softmax(scores, 0.0005), rows, "context");
    Value narrow = g.requantize(context, 0.01, false);
    return g.result(narrow, g.gelu(g.matmul(narrow, g.int8("u", n, k), "up")));
  }
}
