package org.lapidary.passes.quant;

import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.function.DoubleFunction;
import org.lapidary.ir.DType;
import org.lapidary.ir.Graph;
import org.lapidary.ir.Loc;
import org.lapidary.ir.Value;
import org.lapidary.ir.op.Elementwise;
import org.lapidary.ir.op.Neural;
import org.lapidary.ir.op.NnOp;
import org.lapidary.passes.quant.Emitter.Sum;

/// Writes residual additions and the operands of LayerNorms: i32 sums in one step along a chain,
/// which what joins enters as int8 times integer factors.
final class ResidualStream {
  private final Lowering lowering;
  private final ModelView model;
  private final Sides sides;
  private final Steps steps;
  private final Emitter emitter;
  private final Pieces pieces;
  private final Map<Value, Value> streams = new HashMap<>();

  ResidualStream(
      Lowering lowering,
      ModelView model,
      Sides sides,
      Steps steps,
      Pieces pieces,
      Emitter emitter) {
    this.lowering = lowering;
    this.model = model;
    this.sides = sides;
    this.steps = steps;
    this.pieces = pieces;
    this.emitter = emitter;
  }

  /// All links written so far, by the values they stand for.
  Map<Value, Value> streams() {
    return streams;
  }

  /// A value as i32 in units of `step`.
  Value of(Value v, double step) {
    Value known = streams.get(v);
    if (known == null || known.type().scale() != step) {
      known = newStream(v, step);
      streams.put(v, known);
    }
    return known;
  }

  private Value newStream(Value v, double step) {
    Graph.Node<NnOp> node = model.node(v);
    if (node == null || !sides.accelerated(v)) {
      return lowering.enter(v, DType.I32, step, steps.entryBound(v) / step);
    }
    if (steps.isResidual(v) && node.op() instanceof Elementwise.Add(var a, var b)) {
      return residual(a, b, step, node.loc());
    }
    Optional<Value> from = model.moved(node.op());
    if (from.isPresent() && steps.isResidual(model.root(v))) {
      return lowering.moved(node, of(from.get(), step));
    }
    Term term = term(v, step, node.loc());
    return lowering.at(node.loc(), () -> emitter.finish(new Sum(term.value(), step, term.bias())));
  }

  /// One operand of a residual addition, with the row that is to be added to it.
  private record Term(Value value, double[] bias) {}

  private Value residual(Value a, Value b, double step, Loc loc) {
    boolean streamFirst = isStream(a) || (!isStream(b) && !isNormalised(a));
    Term first = term(streamFirst ? a : b, step, loc);
    Term second = term(streamFirst ? b : a, step, loc);
    boolean wide = first.value().type().elements() >= second.value().type().elements();
    emitter.at(loc);
    Value sum =
        wide
            ? emitter.add(first.value(), second.value())
            : emitter.add(second.value(), first.value());
    return emitter.finish(new Sum(sum, step, first.bias()).plus(padded(second.bias(), sum)));
  }

  private static double[] padded(double[] bias, Value sum) {
    return bias.length == 0 ? new double[sum.type().dim(-1)] : bias;
  }

  private boolean isStream(Value v) {
    return !sides.accelerated(v) || steps.isResidual(model.root(v));
  }

  private boolean isNormalised(Value v) {
    return model.def(model.root(v)) instanceof Neural.LayerNorm;
  }

  private Term term(Value v, double step, Loc loc) {
    if (sides.accelerated(v) && isStream(v) && steps.stream(v) != step) {
      return new Term(restarted(v, step, loc), new double[0]);
    }
    if (isStream(v)) {
      return new Term(of(v, step), new double[0]);
    }
    if (sides.isSum(v)) {
      // Rounded to int8 first: the accelerator multiplies bytes only.
      return new Term(rounded(v, lowering.sum(v), step, loc), new double[0]);
    }
    Int8 q = lowering.int8(v);
    emitter.at(loc);
    return new Term(lowering.multiplied(q, v.type().dim(-1), step), q.beta());
  }

  /// The residual stream in a coarser step than before.
  private Value restarted(Value v, double step, Loc loc) {
    Value before = of(v, steps.stream(v));
    return rounded(v, new Sum(before, before.type().scale(), new double[0]), step, loc);
  }

  /// A sum in units of `step`, rounded to the multiple of it that suits int8, or to two such
  /// multiples.
  private Value rounded(Value v, Sum sum, double step, Loc loc) {
    emitter.at(loc);
    DoubleFunction<Value> moveOut =
        wanted -> emitter.requantize(sum, false, Math.max(1, Math.rint(wanted / step)) * step);
    int channels = v.type().dim(-1);
    if (!pieces.inTwo(Piece.Part.SUM, v)) {
      return lowering.multiplied(lowering.onGrids(v, moveOut), channels, step);
    }
    Int8 high = Int8.plain(moveOut.apply(steps.high(v)));
    Sum rest = HighAndLow.rest(sum, high, emitter);
    Int8 low = Int8.plain(emitter.requantize(rest, false, lowStep(high.step(), step)));
    Value most = lowering.multiplied(high, channels, step);
    return emitter.refining(() -> emitter.add(most, lowering.multiplied(low, channels, step)));
  }

  /// The step of a low piece, or one that the stream can tell apart.
  static double lowStep(double high, double step) {
    return Math.max(1, Math.rint(HighAndLow.lowStep(high) / step)) * step;
  }
}
