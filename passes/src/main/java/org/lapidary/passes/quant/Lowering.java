package org.lapidary.passes.quant;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Supplier;
import org.lapidary.ir.DType;
import org.lapidary.ir.Data;
import org.lapidary.ir.Graph;
import org.lapidary.ir.GraphBuilder;
import org.lapidary.ir.Loc;
import org.lapidary.ir.Tensor;
import org.lapidary.ir.Value;
import org.lapidary.ir.eval.Evaluator;
import org.lapidary.ir.op.Accumulate;
import org.lapidary.ir.op.Elementwise;
import org.lapidary.ir.op.HostBridge;
import org.lapidary.ir.op.Layout;
import org.lapidary.ir.op.MoveOut;
import org.lapidary.ir.op.Neural;
import org.lapidary.ir.op.NnOp;
import org.lapidary.ir.op.Op;
import org.lapidary.ir.op.OpInfo;
import org.lapidary.passes.quant.Emitter.Sum;

/// Writes the `q` graph. Every value of the `nn` graph has up to four forms there: real numbers on
/// the host, int8, a sum that nothing has rounded yet, and a link of the residual stream; each is
/// made when a reader first asks for it. The formulas are in `QUANTIZATION.md`.
final class Lowering {
  private final ModelView model;
  private final Sides sides;
  private final Steps steps;
  private final Calibration calibration;
  private final QuantizeOptions options;
  private final GraphBuilder<Op> out;
  private final Emitter emitter;
  private final Map<Value, Value> hosts = new HashMap<>();
  private final Map<Value, Int8> int8s = new HashMap<>();
  private final Map<Value, Sum> sums = new HashMap<>();
  private final Map<Value, Value> streams = new HashMap<>();
  private final RangeAnalysis.Observed observed = RangeAnalysis.Observed.nothing();

  Lowering(
      ModelView model, Sides sides, Steps steps, Calibration calibration, QuantizeOptions options) {
    this.model = model;
    this.sides = sides;
    this.steps = steps;
    this.calibration = calibration;
    this.options = options;
    this.out = new GraphBuilder<>(model.graph().name());
    this.emitter = new Emitter(out);
  }

  /// An int8 form of a value: `real = gamma * step * q + beta` for each channel.
  ///
  /// @param value i8
  /// @param step real value of one unit, which may differ from that of the type
  /// @param gamma per channel of the last axis, or empty for 1
  /// @param beta per channel of the last axis, or empty for 0
  private record Int8(Value value, double step, double[] gamma, double[] beta) {
    static Int8 plain(Value value) {
      return new Int8(value, value.type().scale(), new double[0], new double[0]);
    }

    boolean isPlain() {
      return gamma.length == 0;
    }

    Int8 times(double factor) {
      return new Int8(
          value, step * factor, gamma, Arrays.stream(beta).map(b -> b * factor).toArray());
    }

    Int8 map(Value moved) {
      return new Int8(moved, step, gamma, beta);
    }
  }

  /// What calibration saw, by the results of the new graph.
  RangeAnalysis.Observed observed() {
    return observed;
  }

  Graph<Op> run() {
    Graph<NnOp> graph = model.graph();
    for (Graph.Port port : graph.inputs()) {
      out.input(port);
      hosts.put(port.value(), port.value());
    }
    for (Graph.Node<NnOp> node : graph.nodes()) {
      // Early, so that recursion never goes deeper than one layer of the model.
      if (node.op() instanceof Neural.LayerNorm && sides.accelerated(node.result())) {
        int8(node.result());
      }
    }
    for (Graph.Port port : graph.results()) {
      out.result(port.name(), host(port.value()));
    }
    return out.build();
  }

  // Real numbers on the host.

  private Value host(Value v) {
    Value known = hosts.get(v);
    if (known == null) {
      known = newHost(v);
      hosts.put(v, known);
    }
    return known;
  }

  private Value newHost(Value v) {
    Graph.Node<NnOp> node = Objects.requireNonNull(model.node(v), "inputs are known");
    if (!sides.accelerated(v)) {
      Op op = OpInfo.mapOperands(node.op(), this::host);
      return out.emit(op, node.loc());
    }
    if (steps.isResidual(v)) {
      Value stream = stream(v, steps.stream(v));
      return at(node, () -> new HostBridge.Dequantize(stream));
    }
    if (sides.isSum(v)) {
      Sum sum = sum(v);
      Value finished = at(node.loc(), () -> emitter.finish(sum));
      return at(node, () -> new HostBridge.Dequantize(finished));
    }
    if (node.op() instanceof Layout layout && sides.isSum(model.root(v))) {
      Value x = host(OpInfo.operands(layout).getFirst());
      return out.emit(OpInfo.mapOperands((Op) layout, _ -> x), node.loc());
    }
    return real(int8(v), node);
  }

  /// The real numbers that an int8 form stands for; gamma and beta are applied on the host.
  private Value real(Int8 q, Graph.Node<NnOp> node) {
    emitter.at(node.loc());
    Value value = q.value();
    if (value.type().scale() != q.step()) {
      value = emitter.emit(new Accumulate.Rescale(value, q.step()));
    }
    Value real = emitter.emit(new HostBridge.Dequantize(value));
    if (q.isPlain()) {
      return real;
    }
    Value scaled = emitter.emit(new Elementwise.Mul(real, floats("gamma", q.gamma())));
    return emitter.emit(new Elementwise.Add(scaled, floats("beta", q.beta())));
  }

  private Value floats(String name, double[] row) {
    float[] f = new float[row.length];
    for (int i = 0; i < f.length; i++) {
      f[i] = (float) row[i];
    }
    return out.constant(emitter.loc().node() + "." + name, Tensor.f32(List.of(f.length), f));
  }

  // Int8.

  private Int8 int8(Value v) {
    Int8 known = int8s.get(v);
    if (known == null) {
      known = newInt8(v);
      int8s.put(v, known);
    }
    return known;
  }

  private Int8 newInt8(Value v) {
    if (!sides.accelerated(v)) {
      return Int8.plain(enter(v, DType.I8, steps.int8(v), 127));
    }
    Graph.Node<NnOp> node = Objects.requireNonNull(model.node(v), "inputs are the host's");
    return switch (node.op()) {
      case Neural.LayerNorm norm -> normalise(norm, node);
      case Neural.Softmax softmax -> Int8.plain(softmax(softmax, node));
      case Elementwise.Gelu gelu -> Int8.plain(gelu(gelu, node));
      case Elementwise.Relu(var x) -> Int8.plain(moveOut(x, v, true, node.loc()));
      case Layout.Concat concat -> concat(concat, node);
      case Layout layout -> moved(layout, node);
      case Elementwise op when model.scaled(op).isPresent() -> {
        ModelView.Scaled scaled = model.scaled(op).get();
        yield int8(scaled.x()).times(scaled.factor());
      }
      default -> Int8.plain(moveOut(v, v, false, node.loc())); // a sum
    };
  }

  private Value enter(Value v, DType type, double step, double largest) {
    long bound = (long) Math.min(largest, 0x1p30);
    return enter(v, new HostBridge.Quantize(host(v), type, step, -bound, bound));
  }

  /// Constants are quantized here and now, everything else by the host when the program runs.
  private Value enter(Value v, HostBridge.Quantize quantize) {
    emitter.at(loc(v));
    if (!model.isConstant(v)) {
      return emitter.emit(quantize);
    }
    Tensor fixed = Evaluator.apply(quantize, List.of(model.constant(v)));
    return emitter.constant(Data.of(emitter.loc().node() + ".fixed", fixed));
  }

  private Value moveOut(Value x, Value as, boolean relu, Loc loc) {
    double step = steps.int8(as);
    if (steps.isResidual(model.root(x))) {
      Value stream = stream(x, steps.stream(x));
      return at(loc, () -> emitter.requantize(stream, relu, step));
    }
    Sum sum = sum(x);
    return at(loc, () -> emitter.requantize(sum, relu, step));
  }

  private Int8 normalise(Neural.LayerNorm norm, Graph.Node<NnOp> node) {
    Value x = stream(norm.x(), steps.stream(norm.x()));
    int n = norm.x().type().dim(-1);
    double step = steps.normalised(node.result());
    Value q =
        at(
            node,
            () ->
                new MoveOut.LayerNormI32(
                    x, (float) (1 / step), options.truncatingLayerNorm(), step));
    observed.norms().put(q, calibration.ofNorm(node.result()));
    return new Int8(q, step, model.row(norm.gamma(), n), model.row(norm.beta(), n));
  }

  private Value gelu(Elementwise.Gelu gelu, Graph.Node<NnOp> node) {
    Sum sum = sum(gelu.x());
    GeluConstants c =
        GeluConstants.choose(calibration.of(gelu.x()), steps.int8(node.result()), gelu.tanh());
    int n = gelu.x().type().dim(-1);
    int[] offset = new int[n];
    Arrays.fill(offset, c.offset());
    emitter.at(node.loc());
    Value x = emitter.requantize(sum.minus(c.offset() * c.step()), false, c.step());
    Value wide = emitter.emit(new Accumulate.Widen(x));
    Value shifted = emitter.add(wide, emitter.integers("offset", List.of(n), offset, c.step()));
    return emitter.emit(new MoveOut.GeluI32(shifted, c.qb(), c.qc(), c.scale(), c.outStep()));
  }

  private Value softmax(Neural.Softmax softmax, Graph.Node<NnOp> node) {
    ModelView.Scores parts = model.scores(softmax.x());
    Sum sum = sum(parts.scores());
    SoftmaxConstants c = SoftmaxConstants.of(sum.step());
    double bound = c.mask(calibration.ofSoftmax(node.result()));
    Value scores = at(node.loc(), () -> emitter.finish(sum));
    Optional<Value> mask = mask(parts, c.step(), bound, node.loc());
    Value masked = mask.map(m -> at(node.loc(), () -> emitter.add(scores, m))).orElse(scores);
    Value q =
        at(
            node,
            () ->
                new MoveOut.SoftmaxI32(
                    masked, c.qln2(), c.qln2Inv(), c.qb(), c.qc(), 1, 1.0 / 127));
    double masking = mask.isPresent() ? bound : 0;
    double widest = calibration.ofSoftmax(node.result()).spread() + masking;
    observed.scores().put(q, widest / c.step());
    return q;
  }

  /// What is added to the scores, as i32.
  private Optional<Value> mask(ModelView.Scores parts, double step, double bound, Loc loc) {
    long low = -(long) Math.ceil(bound / step);
    long high = (long) Math.ceil(ScoreObservation.MASKED / step);
    if (parts.condition().isEmpty()) {
      return parts
          .mask()
          .map(m -> enter(m, new HostBridge.Quantize(host(m), DType.I32, step, low, high)));
    }
    Value condition = host(parts.condition().get());
    emitter.at(loc);
    Value masked = out.constant("masked", Tensor.f32(List.of(), -1e4f));
    Value zero = out.constant("unmasked", Tensor.f32(List.of(), 0));
    Value a = parts.keepIf() ? zero : masked;
    Value b = parts.keepIf() ? masked : zero;
    Value real = emitter.emit(new Elementwise.Where(condition, a, b));
    return Optional.of(emitter.emit(new HostBridge.Quantize(real, DType.I32, step, low, high)));
  }

  /// A layout operation moves bytes; gamma and beta stay those of the last axis, or are applied
  /// before the axis is disturbed.
  private Int8 moved(Layout layout, Graph.Node<NnOp> node) {
    Value x =
        OpInfo.operands(layout).stream()
            .filter(o -> o.type().elements() > 0)
            .findFirst()
            .orElseThrow();
    Int8 q = int8(x);
    if (!q.isPlain() && !keepsChannels(layout)) {
      q = applied(x, q, node.loc());
    }
    Value from = q.value();
    return q.map(at(node, () -> OpInfo.mapOperands((Op) layout, _ -> from)));
  }

  private static boolean keepsChannels(Layout layout) {
    return switch (layout) {
      case Layout.Reshape(var x, var dims) -> dims.getLast().equals(x.type().dim(-1));
      case Layout.Transpose(var x, var permutation) -> permutation.getLast() == x.type().rank() - 1;
      case Layout.Slice(var x, var axis, var _, var _, var _) ->
          axis != -1 && axis != x.type().rank() - 1;
      case Layout.Concat _, Layout.Broadcast _, Layout.Const _ -> false;
    };
  }

  /// Gamma and beta multiplied out, rounded to int8 again.
  private Int8 applied(Value v, Int8 q, Loc loc) {
    if (q.isPlain()) {
      return q;
    }
    double step = steps.int8(v);
    double fine = step / 256;
    emitter.at(loc);
    Value wide = emitter.channels(q.value(), q.step(), q.gamma(), fine);
    Value sum = emitter.add(wide, emitter.row("beta", q.beta(), fine));
    return Int8.plain(emitter.requantize(sum, false, step));
  }

  private Int8 concat(Layout.Concat concat, Graph.Node<NnOp> node) {
    List<Value> parts = concat.parts().stream().filter(p -> p.type().elements() > 0).toList();
    if (parts.size() == 1) {
      return int8(parts.getFirst());
    }
    double step = steps.int8(node.result());
    List<Value> same = new ArrayList<>();
    for (Value part : parts) {
      same.add(shared(part, step, node.loc()));
    }
    return Int8.plain(at(node, () -> new Layout.Concat(same, concat.axis())));
  }

  /// A value as int8 with a step that others share.
  private Value shared(Value v, double step, Loc loc) {
    if (!sides.accelerated(v)) {
      return enter(v, DType.I8, step, 127);
    }
    if (model.def(v) instanceof Layout layout && !(layout instanceof Layout.Concat)) {
      Value x = shared(OpInfo.operands(layout).getFirst(), step, loc);
      return at(loc, () -> emitter.emit(OpInfo.mapOperands((Op) layout, _ -> x)));
    }
    if (sides.isSum(v) && !steps.isResidual(v)) {
      Sum sum = sum(v);
      return at(loc, () -> emitter.requantize(sum, false, step));
    }
    Int8 q = applied(v, int8(v), loc);
    double fine = step / 256;
    double[] ones = new double[v.type().dim(-1)];
    Arrays.fill(ones, 1);
    emitter.at(loc);
    return emitter.requantize(emitter.channels(q.value(), q.step(), ones, fine), false, step);
  }

  // Sums.

  private Sum sum(Value v) {
    Sum known = sums.get(v);
    if (known == null) {
      known = newSum(v);
      sums.put(v, known);
    }
    return known;
  }

  private Sum newSum(Value v) {
    Graph.Node<NnOp> node = Objects.requireNonNull(model.node(v), "an input is no sum");
    return switch (node.op()) {
      case Neural.MatMul(var a, var b) -> product(a, b, node);
      case Elementwise.Add(var a, var b) when sides.isSum(a) && model.isConstant(b) ->
          sum(a).plus(model.row(b, v.type().dim(-1)));
      case Elementwise.Add(var a, var b) when model.isConstant(a) ->
          sum(b).plus(model.row(a, v.type().dim(-1)));
      case Layout.Reshape(var x, var _) -> reshaped(sum(x), node);
      default -> {
        ModelView.Scaled scaled = model.scaled(node.op()).orElseThrow();
        yield sum(scaled.x()).times(scaled.factor());
      }
    };
  }

  private Sum reshaped(Sum sum, Graph.Node<NnOp> node) {
    List<Integer> dims = node.result().type().dims();
    boolean channels = dims.getLast().equals(sum.value().type().dim(-1));
    Sum whole = channels ? sum : at(node.loc(), () -> unbiased(emitter.finish(sum)));
    Value moved = at(node, () -> new Layout.Reshape(whole.value(), dims));
    return new Sum(moved, whole.step(), whole.bias());
  }

  private static Sum unbiased(Value finished) {
    return new Sum(finished, finished.type().scale(), new double[0]);
  }

  private Sum product(Value a, Value b, Graph.Node<NnOp> node) {
    Optional<Weight> weight = model.weight(b);
    if (weight.isPresent()) {
      return linear(int8(a), weight.get(), node);
    }
    Int8 left = factor(a, node.loc());
    Int8 right = factor(b, node.loc());
    Value value = at(node, () -> new Accumulate.MatMulI8(left.value(), right.value()));
    return new Sum(value, left.step() * right.step(), new double[0]);
  }

  private Int8 factor(Value v, Loc loc) {
    if (model.isConstant(v)) {
      Tensor t = model.constant(v);
      emitter.at(loc);
      Value q =
          emitter.constant(
              Weight.quantize(loc.node() + ".operand", t.type().dims(), t.f32(), options));
      return Int8.plain(q);
    }
    return applied(v, int8(v), loc);
  }

  /// A product with a weight, into which gamma and beta of a LayerNorm before it are folded.
  private Sum linear(Int8 x, Weight weight, Graph.Node<NnOp> node) {
    int rows = weight.rows();
    int columns = weight.columns();
    float[] w = weight.load();
    double[] bias = new double[x.isPlain() ? 0 : columns];
    if (!x.isPlain()) {
      for (int k = 0; k < rows; k++) {
        for (int n = 0; n < columns; n++) {
          bias[n] += x.beta()[k] * w[k * columns + n];
          w[k * columns + n] *= (float) x.gamma()[k];
        }
      }
    }
    emitter.at(node.loc());
    Value q =
        emitter.constant(
            Weight.quantize(weight.data().name() + ".i8", List.of(rows, columns), w, options));
    Value value = emitter.emit(new Accumulate.MatMulI8(x.value(), q));
    return new Sum(value, x.step() * q.type().scale(), bias);
  }

  // The residual stream.

  /// A value as i32 in units of `step`.
  private Value stream(Value v, double step) {
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
      return enter(v, DType.I32, step, steps.entryBound(v) / step);
    }
    if (steps.isResidual(v) && node.op() instanceof Elementwise.Add(var a, var b)) {
      return residual(a, b, step, node.loc());
    }
    if (node.op() instanceof Layout layout && steps.isResidual(model.root(v))) {
      Value x = stream(OpInfo.operands(layout).getFirst(), step);
      return at(node, () -> OpInfo.mapOperands((Op) layout, _ -> x));
    }
    Term term = term(v, step, node.loc());
    return at(node.loc(), () -> emitter.finish(new Sum(term.value(), step, term.bias())));
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
    if (isStream(v)) {
      return new Term(stream(v, step), new double[0]);
    }
    if (sides.isSum(v)) {
      // Rounded to int8 first: the accelerator multiplies bytes only.
      int factor = (int) Math.max(1, Math.rint(steps.int8(v) / step));
      Sum sum = sum(v);
      emitter.at(loc);
      Value q = emitter.requantize(sum, false, factor * step);
      double[] ones = new double[v.type().dim(-1)];
      Arrays.fill(ones, 1);
      return new Term(emitter.channels(q, factor * step, ones, step), new double[0]);
    }
    Int8 q = int8(v);
    double[] gamma = q.gamma();
    if (q.isPlain()) {
      gamma = new double[v.type().dim(-1)];
      Arrays.fill(gamma, 1);
    }
    emitter.at(loc);
    return new Term(emitter.channels(q.value(), q.step(), gamma, step), q.beta());
  }

  // Emission.

  private Value at(Graph.Node<NnOp> node, Supplier<Op> op) {
    emitter.at(node.loc());
    return emitter.emit(op.get());
  }

  private <T> T at(Loc loc, Supplier<T> emission) {
    emitter.at(loc);
    return emission.get();
  }

  private Loc loc(Value v) {
    Graph.Node<NnOp> node = model.node(v);
    return node == null ? Loc.NONE : node.loc();
  }
}
