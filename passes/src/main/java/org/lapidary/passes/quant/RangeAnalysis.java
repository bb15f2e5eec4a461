package org.lapidary.passes.quant;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.lapidary.ir.DType;
import org.lapidary.ir.Graph;
import org.lapidary.ir.Graph.Node;
import org.lapidary.ir.Tensor;
import org.lapidary.ir.Value;
import org.lapidary.ir.num.IBert;
import org.lapidary.ir.num.Rounding;
import org.lapidary.ir.op.Accumulate;
import org.lapidary.ir.op.HostBridge;
import org.lapidary.ir.op.Indexing;
import org.lapidary.ir.op.Layout;
import org.lapidary.ir.op.MoveOut;
import org.lapidary.ir.op.Op;
import org.lapidary.ir.op.OpInfo;
import org.lapidary.ir.op.QOp;
import org.lapidary.passes.quant.RangeSummary.Entry;
import org.lapidary.passes.quant.RangeSummary.Verdict;

/// Intervals that hold every integer value whatever the input, channel by channel, and from them
/// whether any intermediate of an operation can leave its 32 bits. Sums are taken in any order and
/// with any part of their terms, because a schedule may add them in any order.
final class RangeAnalysis {
  private static final double WIDTH = 0x1p31;

  private final Observed observed;
  private final Map<Value, Interval> intervals = new HashMap<>();
  private final Map<Value, Tensor> constants = new HashMap<>();
  private final List<Entry> entries = new ArrayList<>();

  /// What calibration saw, by the results of the quantized graph.
  ///
  /// @param norms LayerNorms
  /// @param scores softmaxes, whose widest row is `widest` steps of the scores
  record Observed(Map<Value, NormObservation> norms, Map<Value, Double> scores) {
    static Observed nothing() {
      return new Observed(new HashMap<>(), new HashMap<>());
    }
  }

  RangeAnalysis(Graph<Op> graph, Observed observed) {
    this.observed = observed;
    for (Node<Op> node : graph.nodes()) {
      if (node.op() instanceof Layout.Const(var data) && data.type().dtype().isInteger()) {
        constants.put(node.result(), data.load());
      } else if (node.op() instanceof QOp op) {
        intervals.put(node.result(), analyse(op, node));
      } else if (node.op() instanceof Indexing.Gather(var x, var _, var _)) {
        Interval all = of(x);
        boolean keeps = ModelView.keepsChannels((Indexing) node.op());
        intervals.put(node.result(), keeps ? all : all.uniform());
      }
    }
  }

  RangeSummary summary() {
    return new RangeSummary(entries);
  }

  /// The integers a value can be.
  Interval of(Value v) {
    Interval known = intervals.get(v);
    if (known != null) {
      return known;
    }
    Tensor constant = constants.get(v);
    if (constant != null) {
      Interval exact = Interval.of(constant);
      intervals.put(v, exact);
      return exact;
    }
    boolean isByte = v.type().dtype() == DType.I8;
    return isByte ? Interval.BYTE : Interval.of(Integer.MIN_VALUE, Integer.MAX_VALUE);
  }

  private Interval analyse(QOp op, Node<Op> node) {
    return switch (op) {
      case Layout layout -> layout(layout);
      case HostBridge.Quantize q -> Interval.of(q.low(), q.high());
      case HostBridge.Dequantize _ -> Interval.BYTE;
      case Accumulate sum -> accumulate(sum, node);
      case MoveOut.Requantize q -> requantize(q, node);
      case MoveOut.RequantizeBlocks q -> requantize(q, node);
      case MoveOut.GeluI32 gelu -> gelu(gelu, node);
      case MoveOut.SoftmaxI32 softmax -> softmax(softmax, node);
      case MoveOut.LayerNormI32 norm -> norm(norm, node);
    };
  }

  private Interval layout(Layout layout) {
    Interval all = null;
    for (Value x : OpInfo.operands(layout)) {
      Interval i = keepsChannels(layout, x) ? of(x) : of(x).uniform();
      all = all == null ? i : all.hull(i);
    }
    return all == null ? Interval.BYTE : all;
  }

  private static boolean keepsChannels(Layout layout, Value x) {
    int last = x.type().rank() - 1;
    return switch (layout) {
      case Layout.Reshape(var _, var dims) ->
          last >= 0 && !dims.isEmpty() && dims.getLast().equals(x.type().dim(-1));
      case Layout.Transpose(var _, var permutation) ->
          !permutation.isEmpty() && permutation.getLast() == last;
      case Layout.Slice(var _, var axis, var _, var _, var _) -> axis != -1 && axis != last;
      case Layout.Concat(var _, var axis) -> axis != -1 && axis != last;
      case Layout.Broadcast(var _, var dims) -> dims.getLast().equals(x.type().dim(-1));
      case Layout.Const _ -> false;
    };
  }

  // Sums.

  private Interval accumulate(Accumulate op, Node<Op> node) {
    return switch (op) {
      case Accumulate.MatMulI8(var a, var b) -> product(a, b, node);
      case Accumulate.ChannelMul(var x, var factors, var _) ->
          judged(of(x).times(of(factors)), node, "the product", "operand ");
      case Accumulate.Widen(var x) -> judged(of(x), node, "the number", "operand ");
      case Accumulate.AddI32(var a, var b) ->
          judged(of(a).plus(of(b)), node, "the sum", "operands at one end: ");
      case Accumulate.Rescale(var x, var _) -> judged(of(x), node, "the number", "operand ");
    };
  }

  private Interval product(Value a, Value b, Node<Op> node) {
    Tensor weight = constants.get(b);
    Interval x = of(a);
    int depth = a.type().dim(-1);
    if (weight == null || weight.type().rank() != 2) {
      Interval terms = x.uniform().times(of(b).uniform());
      return judged(
          terms.sums(depth), node, "a sum of " + depth + " products", "all terms at one end: ");
    }
    Interval sums = weighted(x, weight);
    return judged(
        sums,
        node,
        "a sum of " + depth + " products",
        "each operand of column " + sums.widest() + " at the end its weight's sign asks for: ");
  }

  /// Column by column, the largest and smallest partial sums.
  private static Interval weighted(Interval x, Tensor weight) {
    int columns = weight.type().dim(1);
    long[] low = new long[columns];
    long[] high = new long[columns];
    byte[] w = weight.bytes();
    for (int k = 0, i = 0; i < w.length; k++) {
      long from = x.low(k);
      long to = x.high(k);
      for (int n = 0; n < columns; n++, i++) {
        low[n] += Math.min(0, Math.min(from * w[i], to * w[i]));
        high[n] += Math.max(0, Math.max(from * w[i], to * w[i]));
      }
    }
    return new Interval(low, high);
  }

  private Interval judged(Interval result, Node<Op> node, String what, String pattern) {
    if (result.fits()) {
      proved(node, what, result.largest());
      return result;
    }
    canOverflow(node, what, result.largest(), pattern + result);
    return Interval.of(Integer.MIN_VALUE, Integer.MAX_VALUE);
  }

  // What is read out.

  private Interval requantize(MoveOut.Requantize q, Node<Op> node) {
    Interval x = of(q.x());
    proved(node, "the rounded number", 127);
    long[] low = scaled(x.low(), q);
    long[] high = scaled(x.high(), q);
    return new Interval(low, high);
  }

  private Interval requantize(MoveOut.RequantizeBlocks q, Node<Op> node) {
    Interval x = of(q.x());
    proved(node, "the rounded number", 127);
    int n = q.x().type().dim(-1);
    long[] low = new long[n];
    long[] high = new long[n];
    for (int c = 0; c < n; c++) {
      low[c] = scaled(x.low(c), q.scale(c), q.relu());
      high[c] = scaled(x.high(c), q.scale(c), q.relu());
    }
    return new Interval(low, high);
  }

  private static long[] scaled(long[] ends, MoveOut.Requantize q) {
    long[] out = new long[ends.length];
    for (int i = 0; i < out.length; i++) {
      out[i] = scaled(ends[i], q.scale(), q.relu());
    }
    return out;
  }

  private static long scaled(long x, float scale, boolean relu) {
    long y = Rounding.scale8(Rounding.saturate32(x), scale);
    return relu ? Math.max(0, y) : y;
  }

  private Interval gelu(MoveOut.GeluI32 gelu, Node<Op> node) {
    Interval x = of(gelu.x()).uniform();
    GeluConstants c = new GeluConstants(1, 0, gelu.qb(), gelu.qc(), 1);
    if (x.highest() - x.lowest() > 1 << 16) {
      canOverflow(node, "the product", x.largest(), "operands in " + x);
      return Interval.BYTE;
    }
    long largest = 0;
    long low = 127;
    long high = -128;
    for (long q = x.lowest(); q <= x.highest(); q++) {
      long product = c.product(q);
      if (product != (int) product) {
        canOverflow(node, "the product", Math.abs((double) product), "the operand " + q);
        return Interval.BYTE;
      }
      largest = Math.max(largest, Math.abs(product));
      byte y = Rounding.scale8((int) product, gelu.scale());
      low = Math.min(low, y);
      high = Math.max(high, y);
    }
    proved(node, "the product", (double) largest);
    return Interval.of(low, high);
  }

  private Interval softmax(MoveOut.SoftmaxI32 softmax, Node<Op> node) {
    Interval x = of(softmax.x());
    int n = softmax.x().type().dim(-1);
    double sum = (double) n * largestExponential(softmax);
    double width = (double) (x.highest() - x.lowest()) * softmax.qln2Inv();
    double seen = observed.scores().getOrDefault(node.result(), 0.0) * softmax.qln2Inv();
    String wide = "the widest score times " + softmax.qln2Inv();
    if (sum > Integer.MAX_VALUE) {
      canOverflow(node, "the sum of " + n + " exponentials", sum, n + " equal scores");
    } else if (width < WIDTH) {
      proved(node, "the sum of " + n + " exponentials", Math.max(width, sum));
    } else if (seen > 0 && seen < WIDTH) {
      seen(node, wide, width, WIDTH / seen, "scores at both ends of " + x);
    } else {
      canOverflow(node, wide, width, "scores at both ends of " + x);
    }
    return Interval.of(0, (long) Math.clamp(Math.ceil(127.0 * softmax.scale()), 0, 127));
  }

  /// Of all operands that give anything but 0, one by one.
  private static long largestExponential(MoveOut.SoftmaxI32 s) {
    long largest = (long) s.qb() * s.qb() + s.qc();
    if (largest > Integer.MAX_VALUE) {
      return largest;
    }
    long lowest = -(((long) Integer.SIZE << 16) / s.qln2Inv() + 1);
    for (long t = 0; t >= lowest; t--) {
      long z = (-t * s.qln2Inv()) >> 16;
      long r = t + z * s.qln2();
      long exact = (r + s.qb()) * (r + s.qb()) + s.qc();
      if (exact != (int) exact) {
        return Math.abs(exact);
      }
      int e = IBert.exp((int) t, s.qln2(), s.qln2Inv(), s.qb(), s.qc());
      largest = Math.max(largest, e);
    }
    return largest;
  }

  private Interval norm(MoveOut.LayerNormI32 norm, Node<Op> node) {
    Interval x = of(norm.x());
    int n = norm.x().type().dim(-1);
    double sum = 0;
    for (int c = 0; c < n; c++) {
      sum += Math.max(Math.abs(x.low(c)), Math.abs(x.high(c)));
    }
    double squares = Math.max(largestSquares(x, n), sum);
    String what = "the sum of " + n + " squares";
    NormObservation seen = observed.norms().get(node.result());
    double step = norm.x().type().scale();
    double largestSeen =
        seen == null ? WIDTH : Math.max(seen.maxSumSquares() / (step * step), seen.maxSum() / step);
    String witness = "each channel at the end of its interval that is farther from the middle";
    if (squares < WIDTH) {
      proved(node, what, squares);
    } else if (largestSeen < WIDTH) {
      seen(node, what, squares, WIDTH / largestSeen, witness);
    } else {
      canOverflow(node, what, squares, witness);
    }
    return Interval.BYTE;
  }

  /// No row's sum of squared distances from its mean is larger than that from any fixed point; the
  /// mean's truncation adds less than one per element.
  static double largestSquares(Interval x, int n) {
    double middle = 0;
    for (int c = 0; c < n; c++) {
      middle += (x.low(c) + x.high(c)) / 2.0 / n;
    }
    double squares = 0;
    for (int c = 0; c < n; c++) {
      double far = Math.max(Math.abs(x.low(c) - middle), Math.abs(x.high(c) - middle));
      squares += far * far;
    }
    return squares + n;
  }

  // Verdicts.

  private void proved(Node<Op> node, String what, double largest) {
    double margin = WIDTH / Math.max(1, largest);
    entries.add(entry(node, Verdict.PROVED, what, largest, margin, ""));
  }

  private void seen(Node<Op> node, String what, double largest, double margin, String witness) {
    entries.add(entry(node, Verdict.OBSERVED, what, largest, margin, witness));
  }

  private void canOverflow(Node<Op> node, String what, double largest, String witness) {
    entries.add(entry(node, Verdict.CAN_OVERFLOW, what, largest, 0, witness));
  }

  private static Entry entry(
      Node<Op> node, Verdict verdict, String what, double largest, double margin, String witness) {
    String op = OpInfo.of(node.op()).name();
    return new Entry(node.loc().node(), op, verdict, what, largest, margin, witness);
  }
}
