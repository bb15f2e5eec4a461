package org.lapidary.passes.prune;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import org.lapidary.ir.Data;
import org.lapidary.ir.Graph;
import org.lapidary.ir.GraphBuilder;
import org.lapidary.ir.Loc;
import org.lapidary.ir.Tensor;
import org.lapidary.ir.Value;
import org.lapidary.ir.eval.ConstantCache;
import org.lapidary.ir.eval.Evaluator;
import org.lapidary.ir.op.Elementwise;
import org.lapidary.ir.op.Indexing;
import org.lapidary.ir.op.Layout;
import org.lapidary.ir.op.Neural;
import org.lapidary.ir.op.NnOp;
import org.lapidary.ir.op.OpInfo;
import org.lapidary.ir.pass.EliminateDeadCode;
import org.lapidary.passes.prune.PruneRecipe.Score;

/// Takes parts out of a graph in one walk over its operations, in which the original and what is
/// left of it are computed side by side on all calibration samples.
///
/// Every pruned branch is therefore fitted to what it meets when everything before it is pruned
/// already, and aims at the original's residual sum: `T = (stream + branch)` of the original less
/// the stream as it is now, so that errors are repaired and do not add up.
final class Surgery {
  private final Graph<NnOp> original;
  private final Map<Value, Branch> branches;
  private final List<Map<String, Tensor>> samples;
  private final ConstantCache weights;
  private final Rows.Real real;
  private final Map<Value, Integer> lastUse = new HashMap<>();
  private final Map<Branch, LeastSquares> squares = new HashMap<>();
  private final Map<Value, List<Tensor>> known = new HashMap<>();
  private long room = Runtime.getRuntime().maxMemory() / 5;

  Surgery(
      Graph<NnOp> original,
      Map<Value, Branch> branches,
      List<Map<String, Tensor>> samples,
      ConstantCache weights) {
    this.original = original;
    this.branches = branches;
    this.samples = samples;
    this.weights = weights;
    this.real = Rows.Real.of(samples);
    int at = 0;
    for (Graph.Node<NnOp> node : original.nodes()) {
      int now = at++;
      OpInfo.operands(node.op()).forEach(v -> lastUse.put(v, now));
      Branch branch = branches.get(node.result());
      if (branch != null) {
        branch.rows().forEach(v -> lastUse.put(v, now));
        branch.inside().forEach(v -> lastUse.put(v, now));
        lastUse.put(branch.stream(), now);
      }
    }
    extendInputsOfBranches();
    original.results().forEach(port -> lastUse.put(port.value(), Integer.MAX_VALUE));
  }

  /// What a branch reads is read again when its end is reached and it is known what is left of it.
  private void extendInputsOfBranches() {
    Map<Value, Graph.Node<NnOp>> definitions = original.definitions();
    for (Branch branch : branches.values()) {
      int end = Objects.requireNonNull(lastUse.get(branch.operand()));
      List<Value> all = new ArrayList<>(branch.rows());
      all.addAll(branch.inside());
      for (Value v : all) {
        for (Value operand : OpInfo.operands(Objects.requireNonNull(definitions.get(v)).op())) {
          lastUse.merge(operand, end, Math::max);
        }
      }
    }
  }

  /// What is left of the graph.
  ///
  /// @param graph without the parts taken out
  /// @param before the original's first result
  /// @param now what is left of it
  /// @param real rows
  /// @param errors what each pruned branch's fit leaves of its target, as a share, by its result
  record Outcome(
      Graph<NnOp> graph,
      List<Tensor> before,
      List<Tensor> now,
      Rows.Real real,
      Map<Value, Double> errors) {

    /// Squared error of the first result, over that result's variance.
    double loss() {
      return before.equals(now) ? 0 : Loss.of(before, now, real);
    }
  }

  /// Takes parts out.
  ///
  /// @param keep groups left of branches, by their results; all of those that are not in it
  Outcome operate(Map<Value, Integer> keep, Score score) {
    return new Walk(keep, score, Optional.empty()).run();
  }

  /// Puts zeros into the weights of the branches' products.
  Outcome thin(Sparsity sparsity) {
    return new Walk(Map.of(), sparsity.score(), Optional.of(sparsity)).run();
  }

  private final class Walk {
    private final Map<Value, Integer> keep;
    private final Score score;
    private final Optional<Sparsity> sparsity;
    private final GraphBuilder<NnOp> builder = new GraphBuilder<>(original.name());
    private final Map<Value, Data> constants = new HashMap<>();
    private final Map<Value, List<Tensor>> tensors = new HashMap<>();
    private final Map<Value, Value> left = new HashMap<>();
    private final Map<Value, Loc> locs = new HashMap<>();
    private final Map<Value, NnOp> ops = new HashMap<>();
    private final Map<Value, float[]> instead = new HashMap<>();
    private final Map<Value, Double> errors = new HashMap<>();

    Walk(Map<Value, Integer> keep, Score score, Optional<Sparsity> sparsity) {
      this.keep = keep;
      this.score = score;
      this.sparsity = sparsity;
    }

    Outcome run() {
      for (Graph.Port port : original.inputs()) {
        builder.input(port);
        tensors.put(
            port.value(),
            samples.stream().map(s -> Objects.requireNonNull(s.get(port.name()))).toList());
      }
      int at = 0;
      for (Graph.Node<NnOp> node : original.nodes()) {
        ops.put(node.result(), node.op());
        locs.put(node.result(), node.loc());
        if (node.op() instanceof Layout.Const(Data data)) {
          constants.put(node.result(), data);
          builder.keep(node);
        } else {
          tensors.put(node.result(), original(node));
          follow(node);
          forget(node, at);
        }
        at++;
      }
      original.results().forEach(p -> builder.result(p.name(), left(p.value())));
      Value result = original.results().getFirst().value();
      return new Outcome(
          EliminateDeadCode.in(builder.build()), seen(result), seen(left(result)), real, errors);
    }

    /// Does in the pruned graph what the original has just done.
    private void follow(Graph.Node<NnOp> node) {
      Branch branch = branches.get(node.result());
      Integer groups = branch == null ? null : keep.get(branch.result());
      float[] constant = instead.remove(node.result());
      if (branch != null && groups != null && groups < branch.groups()) {
        prune(branch, groups);
      } else if (constant != null) {
        Value row = constant(node.loc().node() + "/instead", List.of(constant.length), constant);
        Branch gone = branchOf(node.result());
        left.put(node.result(), emit(new Elementwise.Add(left(gone.stream()), row), node.loc()));
      } else if (sparsity.isPresent()
          && node.op() instanceof Neural.MatMul m
          && isInBranch(m, node)) {
        left.put(node.result(), thin(node, m, sparsity.orElseThrow()));
      } else {
        Graph.Node<NnOp> mapped = node.mapOperands(this::left);
        if (mapped.op().equals(node.op())) {
          builder.keep(node);
        } else {
          left.put(node.result(), emit(mapped.op(), node.loc()));
        }
      }
    }

    private boolean isInBranch(Neural.MatMul product, Graph.Node<NnOp> node) {
      return constants.containsKey(product.b())
          && Rows.fits(seen(product.a()).getFirst())
          && branches.values().stream()
              .anyMatch(b -> b.product().equals(node.result()) || b.rows().contains(node.result()));
    }

    /// The product with zeros among its weights, which aims at what it gave, whatever it meets now.
    private Value thin(Graph.Node<NnOp> node, Neural.MatMul product, Sparsity wanted) {
      Data data = constant(product.b());
      int positions = node.result().type().dim(1);
      Rows x = Rows.of(seen(left(product.a())), positions, real);
      Rows target = Rows.of(seen(node.result()), positions, real);
      float[] thin = SparseFit.of(x, target, weights.apply(data).f32(), wanted);
      Value weight = constant(data.name(), data.type().dims(), thin);
      return emit(new Neural.MatMul(left(product.a()), weight), node.loc());
    }

    private Branch branchOf(Value sum) {
      return branches.values().stream().filter(b -> b.sum().equals(sum)).findFirst().orElseThrow();
    }

    private void prune(Branch branch, int groups) {
      int positions = seen(left(branch.operand())).getFirst().type().dim(1);
      Rows target = target(branch, positions);
      float[] weight = weights.apply(constant(branch.weight())).f32();
      if (groups == 0) {
        float[] mean = score == Score.MAGNITUDE ? bias(branch) : floats(target.mean());
        instead.put(branch.sum(), mean);
        errors.put(branch.result(), 1.0);
        return;
      }
      Channels channels;
      LeastSquares.Fit fit;
      if (score == Score.MAGNITUDE) {
        channels = new Channels(branch, largest(branch, groups));
        fit =
            new LeastSquares.Fit(rows(weight, channels, target.width()), bias(branch), Double.NaN);
      } else {
        LeastSquares squares = squares(branch, positions, target, weight);
        channels = new Channels(branch, squares.choose(branch.width(), groups));
        fit = squares.fit(channels.indices());
      }
      errors.put(branch.result(), fit.error());
      write(branch, channels, fit, target.width());
    }

    /// The same for all walks in which nothing before the branch is pruned.
    private LeastSquares squares(Branch branch, int positions, Rows target, float[] weight) {
      Supplier<LeastSquares> made =
          () ->
              new LeastSquares(
                  Rows.of(seen(left(branch.operand())), positions, real), target, weight);
      boolean untouched = !left.containsKey(branch.operand()) && !left.containsKey(branch.stream());
      return untouched ? squares.computeIfAbsent(branch, _ -> made.get()) : made.get();
    }

    /// What the branch should add to the stream as it is now.
    private Rows target(Branch branch, int positions) {
      Rows result = Rows.of(seen(branch.result()), positions, real);
      Value now = left(branch.stream());
      if (now.equals(branch.stream()) || !tensors.containsKey(now)) {
        return result;
      }
      Rows before = Rows.of(seen(branch.stream()), positions, real);
      return result.plus(before, 1).plus(Rows.of(seen(now), positions, real), -1);
    }

    /// Emits the branch on the channels that stay, with a new last layer.
    private void write(Branch branch, Channels channels, LeastSquares.Fit fit, int outputs) {
      Map<Value, Value> narrow = new HashMap<>();
      List<Value> made = new ArrayList<>();
      for (Value v : inOrder(branch)) {
        NnOp op = OpInfo.mapOperands(op(v), o -> narrowed(branch, channels, narrow, v, o));
        Value value = emit(channels.narrowed(op), loc(v));
        narrow.put(v, value);
        made.add(value);
      }
      String name = constant(branch.weight()).name();
      Value weight = constant(name, List.of(channels.count(), outputs), fit.weight());
      Value bias = constant(name + "/bias", List.of(outputs), fit.bias());
      Value operand = Objects.requireNonNull(narrow.get(branch.operand()));
      Value product = emit(new Neural.MatMul(operand, weight), loc(branch.product()));
      left.put(branch.result(), emit(new Elementwise.Add(product, bias), loc(branch.result())));
      made.add(product);
      made.forEach(tensors::remove);
    }

    private List<Value> inOrder(Branch branch) {
      List<Value> all = new ArrayList<>(branch.rows());
      all.addAll(branch.inside());
      return original.nodes().stream().map(Graph.Node::result).filter(all::contains).toList();
    }

    private Value narrowed(
        Branch branch, Channels channels, Map<Value, Value> narrow, Value result, Value operand) {
      Value own = narrow.get(operand);
      if (own != null) {
        return own;
      }
      Data data = constants.get(operand);
      if (data != null && channels.isPerChannel(operand, result)) {
        Value columns = builder.emit(new Layout.Const(channels.columns(data)), loc(operand));
        constants.put(columns, channels.columns(data));
        return columns;
      }
      if (channels.isPerHead(operand)) {
        int[] groups = channels.groups();
        Tensor heads =
            Tensor.i64(List.of(groups.length), IntStream.of(groups).asLongStream().toArray());
        Value indices = builder.constant("heads", heads);
        constants.put(indices, Data.of("heads", heads));
        return emit(new Indexing.Gather(left(operand), indices, 1), loc(branch.result()));
      }
      return left(operand);
    }

    private float[] bias(Branch branch) {
      return branch
          .bias()
          .map(b -> weights.apply(constant(b)).f32())
          .orElseGet(() -> new float[branch.weight().type().dim(1)]);
    }

    /// The groups with the largest weights, in and out.
    private int[] largest(Branch branch, int count) {
      double[] sizes = new double[branch.groups()];
      float[] out = weights.apply(constant(branch.weight())).f32();
      int outputs = branch.weight().type().dim(1);
      for (int i = 0; i < out.length; i++) {
        sizes[i / outputs / branch.width()] += (double) out[i] * out[i];
      }
      for (Value v : branch.rows()) {
        Neural.MatMul product = (Neural.MatMul) op(v);
        float[] in = weights.apply(constant(product.b())).f32();
        for (int i = 0; i < in.length; i++) {
          sizes[i % branch.channels() / branch.width()] += (double) in[i] * in[i];
        }
      }
      return IntStream.range(0, sizes.length)
          .boxed()
          .sorted((a, b) -> Double.compare(sizes[b], sizes[a]))
          .limit(count)
          .mapToInt(Integer::intValue)
          .sorted()
          .toArray();
    }

    private static float[] rows(float[] weight, Channels channels, int outputs) {
      int[] kept = channels.indices();
      float[] rows = new float[kept.length * outputs];
      for (int i = 0; i < kept.length; i++) {
        System.arraycopy(weight, kept[i] * outputs, rows, i * outputs, outputs);
      }
      return rows;
    }

    private static float[] floats(double[] values) {
      float[] out = new float[values.length];
      for (int i = 0; i < out.length; i++) {
        out[i] = (float) values[i];
      }
      return out;
    }

    private List<Tensor> seen(Value v) {
      return Objects.requireNonNull(tensors.get(v), "used before it is defined");
    }

    private Data constant(Value v) {
      return Objects.requireNonNull(constants.get(v));
    }

    private NnOp op(Value v) {
      return Objects.requireNonNull(ops.get(v));
    }

    private Loc loc(Value v) {
      return locs.getOrDefault(v, Loc.NONE);
    }

    private Value left(Value v) {
      return left.getOrDefault(v, v);
    }

    private Value constant(String name, List<Integer> dims, float[] elements) {
      Data data = Data.of(name, Tensor.f32(dims, elements));
      Value value = builder.emit(new Layout.Const(data), Loc.NONE);
      constants.put(value, data);
      return value;
    }

    private Value emit(NnOp op, Loc loc) {
      Value value = builder.emit(op, loc);
      tensors.put(value, compute(new Graph.Node<>(value, op, loc)));
      return value;
    }

    /// What the original computes, which is remembered from walk to walk while there is room.
    private List<Tensor> original(Graph.Node<NnOp> node) {
      List<Tensor> seen = known.get(node.result());
      if (seen == null) {
        seen = compute(node);
        long bytes = node.result().type().bytes() * samples.size();
        if (bytes <= room) {
          room -= bytes;
          known.put(node.result(), seen);
        }
      }
      return seen;
    }

    private List<Tensor> compute(Graph.Node<NnOp> node) {
      List<Value> operands = OpInfo.operands(node.op());
      return IntStream.range(0, samples.size())
          .parallel()
          .mapToObj(s ->
              Evaluator.compute(original, node, operands.stream().map(v -> tensor(v, s)).toList()))
          .toList();
    }

    private Tensor tensor(Value v, int sample) {
      Data data = constants.get(v);
      return data != null ? weights.apply(data) : seen(v).get(sample);
    }

    private void forget(Graph.Node<NnOp> node, int at) {
      List<Value> seen = new ArrayList<>(OpInfo.operands(node.op()));
      seen.add(node.result());
      Branch branch = branches.get(node.result());
      if (branch != null) {
        seen.addAll(branch.rows());
        seen.addAll(branch.inside());
        seen.add(branch.stream());
      }
      for (Value v : seen) {
        if (lastUse.getOrDefault(v, -1) <= at) {
          tensors.remove(v);
          tensors.remove(left(v));
        }
      }
    }
  }
}
