package org.lapidary.gemmini.map;

import java.util.ArrayList;
import java.util.List;
import org.lapidary.gemmini.map.ScheduleOptions.Fusion;
import org.lapidary.ir.Graph;
import org.lapidary.ir.TensorType;
import org.lapidary.ir.Value;
import org.lapidary.ir.op.Accumulate;
import org.lapidary.ir.op.MoveOut;
import org.lapidary.ir.op.Op;
import org.lapidary.machine.GemminiParams;

/// Decides which operations on a sum are done while it is in the accumulator. The alternative is to
/// move it out as 32-bit rows and to load it again; the integers are the same.
///
/// The price of reading whole rows is freedom of tiling: a piece is as wide as the matrix, so it
/// has few rows, and every piece loads the whole right operand. Source: survey.md §3.5.
record FusionRules(Uses uses, GemminiParams machine, Fusion fusion) {
  /// Vectors the statistics are read from, three times, and how much slower than one a cycle
  /// one-row stores of four vectors are. Source: rtl/README.md, rule 9, and the cycle model.
  private static final double STATISTICS_CYCLES_PER_VECTOR = 3 * 2.4;

  /// A 64-byte row takes 7 cycles to store. Source: rtl/README.md, rule 4.
  private static final double STORE_CYCLES_PER_BYTE = 7.0 / 64;

  /// A 32-bit row of 16 takes 4 cycles each way. Source: rtl/README.md, rules 3 and 4.
  private static final double SUM_CYCLES_PER_ELEMENT = 0.25;

  /// Rows and columns of a piece that is free to be any shape, in tiles.
  private static final int FREE_SIDE = 4;

  /// A decision, and why.
  record Choice(boolean fused, String reason) {}

  /// Whether an operation reads its sum from the accumulator.
  Choice choose(Graph.Node<? extends Op> node) {
    if (!(node.op() instanceof MoveOut op)
        || op instanceof MoveOut.Requantize
        || op instanceof MoveOut.RequantizeBlocks) {
      return new Choice(true, "on the way out of the accumulator");
    }
    if (!(uses.op(op.x()) instanceof Accumulate)) {
      return new Choice(true, "its sum is in memory already");
    }
    if (!machine.fullWidthAccRead()) {
      return new Choice(true, "fused: the machine cannot move out 32-bit sums");
    }
    return switch (fusion) {
      case ALWAYS -> new Choice(true, "fused, as asked for");
      case OFF -> new Choice(false, "not fused, as asked for");
      case COST -> byCost(op);
    };
  }

  private Choice byCost(MoveOut op) {
    double together = fused(op);
    double apart = apart(op);
    boolean fused = together <= apart;
    return new Choice(
        fused,
        "%s: about %,.0f cycles with its sum, %,.0f apart"
            .formatted(fused ? "fused" : "not fused", together, apart));
  }

  private double fused(MoveOut op) {
    TensorType sum = op.x().type();
    int colTiles = tiles(sum.dim(-1));
    int half = machine.accRows() / 2 / machine.dim();
    boolean wholeRows = wholeRows(op);
    int wide = wholeRows ? colTiles : Math.min(FREE_SIDE, colTiles);
    int high = Math.clamp(half / wide, 1, FREE_SIDE);
    double busy = Math.max(array(op.x()), loads(op.x(), high, wide));
    boolean overlaps = wide <= half;
    return overlaps ? Math.max(busy, stores(op)) : busy + stores(op);
  }

  private double apart(MoveOut op) {
    double sums = elements(op.x()) * SUM_CYCLES_PER_ELEMENT;
    int wide = Math.min(FREE_SIDE, tiles(op.x().type().dim(-1)));
    double busy = Math.max(array(op.x()), loads(op.x(), FREE_SIDE, wide));
    return Math.max(busy, sums) + Math.max(sums, stores(op));
  }

  private static boolean wholeRows(MoveOut op) {
    return op instanceof MoveOut.SoftmaxI32 || op instanceof MoveOut.LayerNormI32;
  }

  private double stores(MoveOut op) {
    double bytes = elements(op.x());
    double out = bytes * STORE_CYCLES_PER_BYTE;
    return wholeRows(op)
        ? Math.max(out, bytes / machine.dim() * STATISTICS_CYCLES_PER_VECTOR)
        : out;
  }

  private double array(Value sum) {
    double macs = 0;
    for (Accumulate.MatMulI8 m : products(sum)) {
      macs += elements(sum) * m.a().type().dim(-1);
    }
    return macs / machine.peakMacsPerCycle();
  }

  /// Bytes over the bus if pieces are `high × wide` tiles and nothing stays between them.
  private double loads(Value sum, long high, long wide) {
    double pieces = elements(sum) / (high * wide * machine.dim() * machine.dim());
    double bytes = 0;
    for (Accumulate.MatMulI8 m : products(sum)) {
      double depth = m.a().type().dim(-1);
      double left = high * machine.dim() * depth;
      double right = wide * machine.dim() * depth;
      // A wide piece keeps nothing; of a free one either operand stays while the other passes.
      bytes += pieces * (wide > FREE_SIDE ? left + right : Math.min(left, right));
    }
    return bytes / machine.busBytes();
  }

  /// The products that a sum is made of.
  private List<Accumulate.MatMulI8> products(Value sum) {
    List<Accumulate.MatMulI8> all = new ArrayList<>();
    if (uses.op(sum) instanceof Accumulate op) {
      switch (op) {
        case Accumulate.MatMulI8 m -> all.add(m);
        case Accumulate.AddI32 a -> {
          all.addAll(products(a.a()));
          all.addAll(products(a.b()));
        }
        case Accumulate.Rescale r -> all.addAll(products(r.x()));
        case Accumulate.ChannelMul _, Accumulate.Widen _ -> {}
      }
    }
    return all;
  }

  private static double elements(Value value) {
    return value.type().elements();
  }

  private int tiles(int elements) {
    return (elements + machine.dim() - 1) / machine.dim();
  }
}
