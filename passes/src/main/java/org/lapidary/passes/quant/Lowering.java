package org.lapidary.passes.quant;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.function.DoubleFunction;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import org.lapidary.ir.DType;
import org.lapidary.ir.Data;
import org.lapidary.ir.Graph;
import org.lapidary.ir.GraphBuilder;
import org.lapidary.ir.Loc;
import org.lapidary.ir.Tensor;
import org.lapidary.ir.TensorType;
import org.lapidary.ir.Value;
import org.lapidary.ir.eval.Evaluator;
import org.lapidary.ir.op.Accumulate;
import org.lapidary.ir.op.Elementwise;
import org.lapidary.ir.op.HostBridge;
import org.lapidary.ir.op.Indexing;
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
  private final Agreement agreement;
  private final GraphBuilder<Op> out;
  private final Emitter emitter;
  private final Products products;
  private final ResidualStream residuals;
  private final Attention attention;
  private final Map<Value, Value> hosts = new HashMap<>();
  private final Map<Value, Int8> int8s = new HashMap<>();
  private final Map<Value, Sum> sums = new HashMap<>();
  private final RangeAnalysis.Observed observed = RangeAnalysis.Observed.nothing();

  Lowering(
      ModelView model,
      Sides sides,
      Steps steps,
      Calibration calibration,
      QuantizeOptions options,
      Agreement agreement,
      Pieces pieces) {
    this.model = model;
    this.sides = sides;
    this.steps = steps;
    this.calibration = calibration;
    this.options = options;
    this.agreement = agreement;
    this.out = new GraphBuilder<>(model.graph().name());
    this.emitter = new Emitter(out);
    this.products = new Products(this, model, sides, steps, calibration, options, pieces, emitter);
    this.residuals = new ResidualStream(this, model, sides, steps, pieces, emitter);
    this.attention = new Attention(this, model, calibration, options, agreement, emitter);
  }

  /// What rounding the weights did, by product, after [#run].
  Map<Value, WeightNoise> weightNoises() {
    return products.weightNoises();
  }

  /// What calibration saw, by the results of the new graph.
  RangeAnalysis.Observed observed() {
    return observed;
  }

  Graph<Op> run() {
    Graph<NnOp> graph = model.graph();
    graph.inputs().forEach(this::input);
    for (Graph.Node<NnOp> node : graph.nodes()) {
      // Early, so that recursion never goes deeper than one layer of the model.
      if (node.op() instanceof Neural.LayerNorm && sides.accelerated(node.result())) {
        int8(node.result());
      }
    }
    for (Graph.Port port : graph.results()) {
      boolean cached = agreement.caches().containsValue(port.name());
      out.result(port.name(), cached ? cached(port.value()) : host(port.value()));
    }
    return out.build();
  }

  /// A cache comes in as the bytes that an earlier run left behind; everything else as it is.
  private void input(Graph.Port port) {
    Optional<Value> joined =
        agreement.caches().containsKey(port.name()) ? joined(port) : Optional.empty();
    if (joined.isEmpty()) {
      out.input(port);
      hosts.put(port.value(), port.value());
      return;
    }
    double step = steps.int8(joined.get());
    TensorType type = new TensorType(DType.I8, port.type().dims(), step);
    int8s.put(port.value(), Int8.plain(out.input(port.name(), type)));
  }

  /// The concatenation in which a cache meets the new entries; none if the cache is empty.
  private Optional<Value> joined(Graph.Port cache) {
    return model.uses(cache.value()).stream()
        .filter(use -> use.op() instanceof Layout.Concat && sides.accelerated(use.result()))
        .map(Graph.Node::result)
        .findFirst();
  }

  /// A result that a later run takes back as it is.
  private Value cached(Value v) {
    return applied(v, int8(v), loc(v)).value();
  }

  /// What the values of the new graph stand for in the old one, in no particular order.
  List<Form> forms() {
    List<Form> forms = new ArrayList<>();
    hosts.forEach((v, q) -> {
      if (!sides.accelerated(v)) {
        forms.add(Form.same(v, q));
      }
    });
    double[] none = {};
    int8s.forEach((v, q) -> {
      forms.add(Form.of(v, q.value(), q.step(), q.gamma(), q.beta()));
      q.wide()
          .ifPresent(w ->
              forms.add(
                  Form.of(v, w.value(), w.grids().coarse(), q.gamma(), q.beta())
                      .on(w.grids().wide())));
    });
    sums.forEach((v, q) -> forms.add(Form.of(v, q.value(), q.step(), factors(q), q.bias())));
    residuals.streams().forEach((v, q) -> forms.add(Form.of(v, q, q.type().scale(), none, none)));
    return forms;
  }

  private static double[] factors(Sum sum) {
    return sum.blocks()
        .map(b -> IntStream.range(0, sum.value().type().dim(-1)).mapToDouble(b::factor).toArray())
        .orElse(new double[0]);
  }

  // Real numbers on the host.

  Value host(Value v) {
    Value known = hosts.get(v);
    if (known == null) {
      known = newHost(v);
      hosts.put(v, known);
    }
    return known;
  }

  private Value newHost(Value v) {
    Graph.Node<NnOp> node = model.node(v);
    if (node == null) {
      return emitter.emit(new HostBridge.Dequantize(int8(v).value())); // a cache
    }
    if (!sides.accelerated(v)) {
      Op op =
          OpInfo.mapOperands(
              node.op(), node.op() instanceof Indexing.TopK ? this::order : this::host);
      return out.emit(op, node.loc());
    }
    if (steps.isResidual(v)) {
      Value stream = residuals.of(v, steps.stream(v));
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

  /// Numbers in the same order as those of a value: its integers, if one step is that of all.
  private Value order(Value v) {
    if (!sides.accelerated(v)
        || !sides.isSum(v)
        || steps.isResidual(v)
        || sum(v).blocks().isPresent()) {
      return host(v);
    }
    Sum sum = sum(v);
    return at(loc(v), () -> emitter.finish(sum));
  }

  /// The real numbers that an int8 form stands for; gamma and beta are applied on the host.
  private Value real(Int8 q, Graph.Node<NnOp> node) {
    emitter.at(node.loc());
    Value real = dequantized(q.value(), q.step());
    if (q.isPlain()) {
      return real;
    }
    int n = q.value().type().dim(-1);
    Value sum = emitter.emit(new Elementwise.Mul(real, floats("gamma", q.fineGamma(n))));
    if (q.wide().isPresent()) {
      Int8.Wide wide = q.wide().get();
      Value coarse = dequantized(wide.value(), wide.grids().coarse());
      Value wideOnly = emitter.emit(new Elementwise.Mul(coarse, floats("wide", q.wideGamma(n))));
      sum = emitter.emit(new Elementwise.Add(sum, wideOnly));
    }
    return q.isAffine() ? emitter.emit(new Elementwise.Add(sum, floats("beta", q.beta()))) : sum;
  }

  private Value dequantized(Value value, double step) {
    Value scaled =
        value.type().scale() == step ? value : emitter.emit(new Accumulate.Rescale(value, step));
    return emitter.emit(new HostBridge.Dequantize(scaled));
  }

  private Value floats(String name, double[] row) {
    float[] f = new float[row.length];
    for (int i = 0; i < f.length; i++) {
      f[i] = (float) row[i];
    }
    return out.constant(emitter.loc().node() + "." + name, Tensor.f32(List.of(f.length), f));
  }

  // Int8.

  Int8 int8(Value v) {
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
      case Neural.Softmax softmax -> Int8.plain(attention.softmax(softmax, node));
      case Elementwise.Gelu gelu -> onGrids(v, step -> gelu(gelu, step, node));
      case Elementwise.Relu(var x) -> onGrids(v, step -> moveOut(x, step, true, node.loc()));
      case Layout.Concat concat -> concat(concat, node);
      case Layout _, Indexing _ -> moved(node);
      case Elementwise op when model.scaled(op).isPresent() -> {
        ModelView.Scaled scaled = model.scaled(op).get();
        yield int8(scaled.x()).times(scaled.factor());
      }
      default -> onGrids(v, step -> moveOut(v, step, false, node.loc())); // a sum
    };
  }

  /// Moved out once, or once for each of its grids.
  Int8 onGrids(Value v, DoubleFunction<Value> moveOut) {
    Int8 fine = Int8.plain(moveOut.apply(steps.int8(v)));
    return fine.withWide(
        steps.grids(v).map(g -> wide(fine.step(), moveOut.apply(g.coarse()), g.wide())));
  }

  private static Int8.Wide wide(double fine, Value coarse, BitSet channels) {
    return new Int8.Wide(coarse, new TwoGrids(fine, coarse.type().scale(), channels));
  }

  Value enter(Value v, DType type, double step, double largest) {
    long bound = (long) Math.min(largest, 0x1p30);
    return enter(v, type, step, -bound, bound);
  }

  /// Constants are quantized here and now, everything else by the host when the program runs,
  /// before it is moved to where the accelerator's results say.
  Value enter(Value v, DType type, double step, long low, long high) {
    if (movedByResults(v)) {
      return moved(node(v), enter(model.moved(node(v).op()).orElseThrow(), type, step, low, high));
    }
    Value real = host(v);
    emitter.at(loc(v));
    HostBridge.Quantize quantize = new HostBridge.Quantize(real, type, step, low, high);
    if (!model.isConstant(v)) {
      return emitter.emit(quantize);
    }
    Tensor fixed = Evaluator.apply(quantize, List.of(model.constant(v)));
    return emitter.constant(Data.of(emitter.loc().node() + ".fixed", fixed));
  }

  /// Whether a value of the host only moves elements, by an index that the accelerator's results
  /// decide.
  boolean movedByResults(Value v) {
    return sides.of(v) == Sides.Side.RETURNED && model.moved(node(v).op()).isPresent();
  }

  private Graph.Node<NnOp> node(Value v) {
    return Objects.requireNonNull(model.node(v), "inputs are not moved");
  }

  private Value moveOut(Value x, double step, boolean relu, Loc loc) {
    if (steps.isResidual(model.root(x))) {
      Value stream = residuals.of(x, steps.stream(x));
      return at(loc, () -> emitter.requantize(stream, relu, step));
    }
    Sum sum = sum(x);
    return at(loc, () -> emitter.requantize(sum, relu, step));
  }

  private Int8 normalise(Neural.LayerNorm norm, Graph.Node<NnOp> node) {
    Value x = residuals.of(norm.x(), steps.stream(norm.x()));
    int n = norm.x().type().dim(-1);
    Int8 fine = Int8.plain(normalised(x, steps.normalised(node.result()), node));
    return fine.withWide(
            steps.grids(node.result()).map(g -> new Int8.Wide(normalised(x, g.coarse(), node), g)))
        .withAffine(model.row(norm.gamma(), n), model.row(norm.beta(), n));
  }

  private Value normalised(Value x, double step, Graph.Node<NnOp> node) {
    float scale = (float) (1 / step);
    boolean truncating = options.truncatingLayerNorm();
    Value q = at(node, () -> new MoveOut.LayerNormI32(x, scale, truncating, step));
    observed.norms().put(q, calibration.ofNorm(node.result()));
    return q;
  }

  private Value gelu(Elementwise.Gelu gelu, double outStep, Graph.Node<NnOp> node) {
    Sum sum = sum(gelu.x());
    GeluConstants c = GeluConstants.choose(calibration.of(gelu.x()), outStep, gelu.tanh());
    int n = gelu.x().type().dim(-1);
    int[] offset = new int[n];
    Arrays.fill(offset, c.offset());
    emitter.at(node.loc());
    Value x = emitter.requantize(sum.minus(c.offset() * c.step()), false, c.step());
    Value wide = emitter.emit(new Accumulate.Widen(x));
    Value shifted = emitter.add(wide, emitter.integers("offset", List.of(n), offset, c.step()));
    return emitter.emit(new MoveOut.GeluI32(shifted, c.qb(), c.qc(), c.scale(), c.outStep()));
  }

  /// What only moves bytes; gamma and beta stay those of the last axis, or are applied before the
  /// axis is disturbed.
  private Int8 moved(Graph.Node<NnOp> node) {
    Value x = model.moved(node.op()).orElseThrow();
    Int8 q = int8(x);
    if (!q.isPlain() && !ModelView.keepsChannels(node.op())) {
      q = applied(x, q, node.loc());
    }
    return q.map(from -> moved(node, from));
  }

  /// The same movement of other elements.
  Value moved(Graph.Node<NnOp> node, Value elements) {
    Value x = model.moved(node.op()).orElseThrow();
    Op op = OpInfo.mapOperands((Op) node.op(), o -> o.equals(x) ? elements : host(o));
    return at(node, () -> op);
  }

  /// Gamma and beta multiplied out, rounded to int8 again.
  Int8 applied(Value v, Int8 q, Loc loc) {
    if (q.isPlain()) {
      return q;
    }
    double step = steps.int8(v);
    double fine = step / 256;
    emitter.at(loc);
    Value sum = multiplied(q, v.type().dim(-1), fine);
    Value whole = q.isAffine() ? emitter.add(sum, emitter.row("beta", q.beta(), fine)) : sum;
    return Int8.plain(emitter.requantize(whole, false, step));
  }

  /// Gamma times an int8 form in units of `step`, from both its grids.
  Value multiplied(Int8 q, int channels, double step) {
    Value fine = emitter.channels(q.value(), q.step(), q.fineGamma(channels), step);
    if (q.wide().isEmpty()) {
      return fine;
    }
    Int8.Wide wide = q.wide().get();
    double[] gamma = q.wideGamma(channels);
    double coarse = wide.grids().coarse();
    return emitter.refining(
        () -> emitter.add(fine, emitter.channels(wide.value(), coarse, gamma, step)));
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
    Int8 known = int8s.get(v);
    if (known != null && model.node(v) == null) {
      return known.value(); // a cache
    }
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

  Sum sum(Value v) {
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
      case Neural.MatMul(var a, var b) -> products.of(a, b, node);
      case Elementwise.Add(var a, var b) when sides.isSum(a) && model.isConstant(b) ->
          sum(a).plus(model.row(b, v.type().dim(-1)));
      case Elementwise.Add(var a, var b) when model.isConstant(a) ->
          sum(b).plus(model.row(a, v.type().dim(-1)));
      case Neural.Reduce(var x, var _, var axes, var _) -> {
        Int8 q = applied(x, int8(x), node.loc());
        emitter.at(node.loc());
        yield new Sum(SumOfRows.of(q.value(), axes.size(), emitter), q.step(), new double[0]);
      }
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
    return new Sum(moved, whole.step(), whole.bias(), whole.blocks());
  }

  private static Sum unbiased(Value finished) {
    return new Sum(finished, finished.type().scale(), new double[0]);
  }

  // Emission.

  Value at(Graph.Node<NnOp> node, Supplier<Op> op) {
    emitter.at(node.loc());
    return emitter.emit(op.get());
  }

  <T> T at(Loc loc, Supplier<T> emission) {
    emitter.at(loc);
    return emission.get();
  }

  private Loc loc(Value v) {
    Graph.Node<NnOp> node = model.node(v);
    return node == null ? Loc.NONE : node.loc();
  }
}
