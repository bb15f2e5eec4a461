package org.lapidary.passes.quant;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.lapidary.ir.Graph;
import org.lapidary.ir.Graph.Node;
import org.lapidary.ir.Tensor;
import org.lapidary.ir.Value;
import org.lapidary.ir.num.Rounding;
import org.lapidary.ir.op.Accumulate;
import org.lapidary.ir.op.HostBridge;
import org.lapidary.ir.op.Layout;
import org.lapidary.ir.op.MoveOut;
import org.lapidary.ir.op.Op;
import org.lapidary.ir.op.OpInfo;
import org.lapidary.ir.op.QOp;

/// Intervals that hold every integer value whatever the input, and from them whether any
/// intermediate of an operation can leave its 32 bits.
final class RangeAnalysis {
  private static final Interval BYTE = new Interval(-128, 127);

  private final QuantizeOptions options;
  private final Map<Value, Interval> intervals = new HashMap<>();
  private final Map<Value, Tensor> constants = new HashMap<>();
  private final List<RangeSummary.Finding> findings = new ArrayList<>();
  private int proved;
  private int observed;
  private int canOverflow;

  /// All integers from `low` to `high`.
  record Interval(long low, long high) {
    static Interval of(Tensor t) {
      long low = Long.MAX_VALUE;
      long high = Long.MIN_VALUE;
      for (int i = 0; i < t.elements(); i++) {
        low = Math.min(low, t.asLong(i));
        high = Math.max(high, t.asLong(i));
      }
      return t.elements() == 0 ? new Interval(0, 0) : new Interval(low, high);
    }

    Interval plus(Interval other) {
      return new Interval(low + other.low, high + other.high);
    }

    /// All products of a number of each.
    Interval times(Interval other) {
      long a = low * other.low;
      long b = low * other.high;
      long c = high * other.low;
      long d = high * other.high;
      return new Interval(
          Math.min(Math.min(a, b), Math.min(c, d)), Math.max(Math.max(a, b), Math.max(c, d)));
    }

    Interval times(int n) {
      return new Interval(low * n, high * n);
    }

    long largest() {
      return Math.max(Math.abs(low), Math.abs(high));
    }

    boolean fits() {
      return low >= Integer.MIN_VALUE && high <= Integer.MAX_VALUE;
    }

    @Override
    public String toString() {
      return "[" + low + ", " + high + "]";
    }
  }

  RangeAnalysis(Graph<Op> graph, QuantizeOptions options) {
    this.options = options;
    for (Node<Op> node : graph.nodes()) {
      if (node.op() instanceof Layout.Const(var data) && data.type().dtype().isInteger()) {
        intervals.put(node.result(), constant(node.result(), data.load()));
      } else if (node.op() instanceof QOp op) {
        intervals.put(node.result(), analyse(op, node));
      }
    }
  }

  RangeSummary summary() {
    return new RangeSummary(proved, observed, canOverflow, findings);
  }

  private Interval constant(Value v, Tensor tensor) {
    constants.put(v, tensor);
    return Interval.of(tensor);
  }

  private Interval of(Value v) {
    return intervals.getOrDefault(v, new Interval(Integer.MIN_VALUE, Integer.MAX_VALUE));
  }

  private Interval analyse(QOp op, Node<Op> node) {
    return switch (op) {
      case Layout layout -> layout(layout);
      case HostBridge.Quantize q -> new Interval(q.low(), q.high());
      case HostBridge.Dequantize _ -> BYTE;
      case Accumulate sum -> judged(accumulate(sum), node);
      case MoveOut.Requantize q -> {
        proved++;
        Interval x = of(q.x());
        long low = Rounding.scale8(Rounding.saturate32(x.low()), q.scale());
        long high = Rounding.scale8(Rounding.saturate32(x.high()), q.scale());
        yield q.relu()
            ? new Interval(Math.max(0, low), Math.max(0, high))
            : new Interval(low, high);
      }
      case MoveOut.GeluI32 gelu -> gelu(gelu, node);
      case MoveOut.SoftmaxI32 softmax -> softmax(softmax, node);
      case MoveOut.LayerNormI32 norm -> norm(norm, node);
    };
  }

  private Interval layout(Layout layout) {
    Interval all = null;
    for (Value x : OpInfo.operands(layout)) {
      Interval i = of(x);
      all =
          all == null
              ? i
              : new Interval(Math.min(all.low(), i.low()), Math.max(all.high(), i.high()));
    }
    return all == null ? BYTE : all;
  }

  private Interval accumulate(Accumulate op) {
    return switch (op) {
      case Accumulate.MatMulI8(var a, var b) -> product(a, b);
      case Accumulate.ChannelMul(var x, var factors, var _) -> of(x).times(of(factors));
      case Accumulate.Widen(var x) -> of(x);
      case Accumulate.AddI32(var a, var b) -> of(a).plus(of(b));
      case Accumulate.Rescale(var x, var _) -> of(x);
    };
  }

  private Interval product(Value a, Value b) {
    Tensor weight = constants.get(b);
    Interval x = of(a);
    if (weight == null || weight.type().rank() != 2) {
      return x.times(of(b)).times(a.type().dim(-1));
    }
    int columns = weight.type().dim(1);
    long[] low = new long[columns];
    long[] high = new long[columns];
    for (int i = 0; i < weight.elements(); i++) {
      Interval term = x.times((int) weight.bytes()[i]);
      int n = i % columns;
      low[n] += Math.min(term.low(), term.high());
      high[n] += Math.max(term.low(), term.high());
    }
    return new Interval(
        java.util.Arrays.stream(low).min().orElse(0),
        java.util.Arrays.stream(high).max().orElse(0));
  }

  private Interval judged(Interval result, Node<Op> node) {
    if (result.fits()) {
      proved++;
    } else {
      overflow(node, "the sum can be anywhere in " + result);
    }
    return result.fits() ? result : new Interval(Integer.MIN_VALUE, Integer.MAX_VALUE);
  }

  private Interval gelu(MoveOut.GeluI32 gelu, Node<Op> node) {
    Interval x = of(gelu.x());
    GeluConstants c = new GeluConstants(1, 0, gelu.qb(), gelu.qc(), 1);
    if (x.high() - x.low() > 1 << 16) {
      overflow(node, "operands in " + x);
      return BYTE;
    }
    for (long q = x.low(); q <= x.high(); q++) {
      long product = c.product(q);
      if (product != (int) product) {
        overflow(node, "the operand " + q + " gives " + product);
        return BYTE;
      }
    }
    proved++;
    return BYTE;
  }

  private Interval softmax(MoveOut.SoftmaxI32 softmax, Node<Op> node) {
    Interval x = of(softmax.x());
    long largest = (long) softmax.qb() * softmax.qb() + softmax.qc();
    long sum = largest * softmax.x().type().dim(-1);
    long widest = (x.high() - x.low()) * softmax.qln2Inv();
    if (sum > Integer.MAX_VALUE) {
      overflow(node, "the sum of a row of equal scores is " + sum);
    } else if (widest > Integer.MAX_VALUE) {
      overflow(node, "scores " + x + " times " + softmax.qln2Inv() + " make " + widest);
    } else {
      proved++;
    }
    return new Interval(0, 127);
  }

  /// A sum of `n` squares is largest when half of the row is at either end.
  private Interval norm(MoveOut.LayerNormI32 norm, Node<Op> node) {
    Interval x = of(norm.x());
    int n = norm.x().type().dim(-1);
    double half = (x.high() - x.low()) / 2.0;
    double squares = n * half * half;
    double sum = (double) n * x.largest();
    if (squares < 0x1p31 && sum < 0x1p31) {
      proved++;
    } else if (sum < 0x1p31) {
      observed++;
      String worst = "half of a row at each end of " + x;
      findings.add(
          new RangeSummary.Finding(
              node.loc().node(), name(node), options.layerNormMargin(), worst));
    } else {
      overflow(node, "a row at one end of " + x);
    }
    return BYTE;
  }

  private void overflow(Node<Op> node, String worst) {
    canOverflow++;
    findings.add(new RangeSummary.Finding(node.loc().node(), name(node), 0, worst));
  }

  private static String name(Node<Op> node) {
    return OpInfo.of(node.op()).name();
  }
}
