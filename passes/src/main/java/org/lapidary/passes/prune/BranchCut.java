package org.lapidary.passes.prune;

import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.lapidary.ir.Data;
import org.lapidary.ir.Graph;
import org.lapidary.ir.Loc;
import org.lapidary.ir.Tensor;
import org.lapidary.ir.Value;
import org.lapidary.ir.op.Indexing;
import org.lapidary.ir.op.NnOp;
import org.lapidary.ir.op.OpInfo;

/// What is left of one branch when some of its groups, or some channels of each head, are taken
/// out.
final class BranchCut {
  private final Workbench bench;
  private final Branch branch;
  private final int positions;
  private final Rows target;
  private final int outputs;
  private final float[] weight;

  BranchCut(Workbench bench, Branch branch) {
    this.bench = bench;
    this.branch = branch;
    this.positions = bench.left(branch.operand()).type().dim(1);
    this.target = target();
    this.outputs = target.width();
    this.weight = bench.elements(branch.weight());
  }

  /// What the branch should add to the stream as it is now.
  private Rows target() {
    Rows result = bench.rows(branch.result(), positions);
    Value now = bench.left(branch.stream());
    if (now.equals(branch.stream()) || !bench.isSeen(now)) {
      return result;
    }
    Rows before = bench.rows(branch.stream(), positions);
    return result.plus(before, 1).plus(bench.rows(now, positions), -1);
  }

  /// The mean of what the branch should add.
  float[] mean() {
    double[] mean = target.mean();
    float[] out = new float[mean.length];
    for (int i = 0; i < out.length; i++) {
      out[i] = (float) mean[i];
    }
    return out;
  }

  float[] bias() {
    return branch.bias().map(bench::elements).orElseGet(() -> new float[outputs]);
  }

  LeastSquares squares() {
    return new LeastSquares(bench.rows(bench.left(branch.operand()), positions), target, weight);
  }

  /// Leaves some groups, fitted to the original; gives the part of the target that the fit does not
  /// reach.
  ///
  /// @param squares of the branch as it is now
  double fitted(LeastSquares squares, int groups, HeadWidth width) {
    Channels whole = new Channels(branch, squares.choose(branch.width(), groups));
    LeastSquares.Fit fit = squares.fit(whole.indices());
    if (width.equals(HeadWidth.of(branch))) {
      last(inside(whole), fit);
      return fit.error();
    }
    Channels channels = whole;
    if (width.keys() < branch.keyWidth()) {
      channels = comparedByFewer(channels, width.keys());
    }
    float[] prior = fit.weight();
    if (width.values() < branch.width()) {
      Rows context = bench.rows(bench.left(branch.operand()), positions);
      HeadBases.Valued valued =
          new HeadBases(whole.groups(), branch.width())
              .valued(context.centred(context.mean()), prior, width.values());
      channels = channels.with(branch.projections().orElseThrow().value(), valued.values());
      prior = valued.weight();
    }
    Value operand = inside(channels);
    LeastSquares narrow = new LeastSquares(bench.rows(operand, positions), target, prior);
    LeastSquares.Fit refit = narrow.fit(IntStream.range(0, operand.type().dim(-1)).toArray());
    last(operand, refit);
    return refit.error();
  }

  private Channels comparedByFewer(Channels channels, int left) {
    Branch.Projections three = branch.projections().orElseThrow();
    HeadBases.Compared compared =
        new HeadBases(channels.groups(), branch.keyWidth())
            .compared(
                bench.rows(bench.left(three.query().flat())),
                bench.levelled(bench.left(three.key().flat())),
                left);
    return channels.with(three.query(), compared.queries()).with(three.key(), compared.keys());
  }

  /// Leaves the groups, and of each head the channels, with the largest weights as they are.
  void largest(int groups, HeadWidth width) {
    LargestWeights largest = new LargestWeights(bench, branch);
    int[] heads = largest.groups(groups);
    Channels channels = new Channels(branch, heads);
    int[] rows = channels.indices();
    if (!width.equals(HeadWidth.of(branch))) {
      Branch.Projections three = branch.projections().orElseThrow();
      Basis keys = Basis.some(branch.keyWidth(), heads, largest.keys(heads, width.keys()));
      int[][] chosen = largest.values(heads, width.values());
      channels =
          channels
              .with(three.query(), keys)
              .with(three.key(), keys)
              .with(three.value(), Basis.some(branch.width(), heads, chosen));
      rows =
          IntStream.range(0, heads.length)
              .flatMap(h -> IntStream.of(chosen[h]).map(c -> heads[h] * branch.width() + c))
              .toArray();
    }
    float[] kept = new float[rows.length * outputs];
    for (int i = 0; i < rows.length; i++) {
      System.arraycopy(weight, rows[i] * outputs, kept, i * outputs, outputs);
    }
    last(inside(channels), new LeastSquares.Fit(kept, bias(), Double.NaN));
  }

  /// Emits the branch on the channels that stay, up to what its last layer reads.
  private Value inside(Channels channels) {
    Map<Value, Value> narrow = new HashMap<>();
    List<Value> all =
        Stream.concat(branch.rows().stream(), branch.inside().stream())
            .sorted(Comparator.comparingInt(bench::order))
            .toList();
    for (Value v : all) {
      Graph.Node<NnOp> node = bench.node(v);
      NnOp op = OpInfo.mapOperands(node.op(), o -> narrowed(channels, narrow, v, o));
      narrow.put(v, bench.emit(channels.narrowed(op), node.loc()));
    }
    Value operand = Objects.requireNonNull(narrow.remove(branch.operand()));
    narrow.values().forEach(bench::forget);
    return operand;
  }

  /// Emits the new last layer.
  private void last(Value operand, LeastSquares.Fit fit) {
    String name = bench.data(branch.weight()).name();
    Loc product = bench.node(branch.product()).loc();
    Loc sum = bench.node(branch.result()).loc();
    bench.leave(branch.result(), bench.layer(operand, name, fit, product, sum));
    bench.forget(operand);
  }

  private Value narrowed(Channels channels, Map<Value, Value> narrow, Value result, Value operand) {
    Value own = narrow.get(operand);
    if (own != null) {
      return own;
    }
    if (bench.isConstant(operand) && channels.isPerChannel(operand, result)) {
      Data data = channels.columns(bench.data(operand), result);
      return bench.constant(data, bench.node(operand).loc());
    }
    if (channels.isPerHead(operand)) {
      int[] groups = channels.groups();
      long[] heads = IntStream.of(groups).asLongStream().toArray();
      Tensor chosen = Tensor.i64(List.of(groups.length), heads);
      Value indices = bench.constant(Data.of("heads", chosen), Loc.NONE);
      Loc loc = bench.node(branch.result()).loc();
      return bench.emit(new Indexing.Gather(bench.left(operand), indices, 1), loc);
    }
    return bench.left(operand);
  }
}
