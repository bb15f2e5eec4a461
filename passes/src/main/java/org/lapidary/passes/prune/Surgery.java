package org.lapidary.passes.prune;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import org.lapidary.ir.Data;
import org.lapidary.ir.Graph;
import org.lapidary.ir.Tensor;
import org.lapidary.ir.Value;
import org.lapidary.ir.eval.ConstantCache;
import org.lapidary.ir.op.Elementwise;
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
  private final Map<Value, HeadWidth> widths;
  private final List<Map<String, Tensor>> samples;
  private final ConstantCache weights;
  private final Rows.Real real;
  private final Map<Value, Integer> lastUse = new HashMap<>();
  private final Map<Branch, LeastSquares> squares = new HashMap<>();
  private final Map<Value, List<Tensor>> known = new HashMap<>();
  private long room = Runtime.getRuntime().maxMemory() / 5;

  /// @param branches of the graph that may be cut, by their result
  /// @param widths of what is left of heads, by branch; those of the others stay
  Surgery(
      Graph<NnOp> original,
      Map<Value, Branch> branches,
      Map<Value, HeadWidth> widths,
      List<Map<String, Tensor>> samples,
      ConstantCache weights) {
    this.original = original;
    this.branches = branches;
    this.widths = widths;
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

    /// After something more was done to the graph.
    Outcome then(Graph<NnOp> later, List<Tensor> result) {
      return new Outcome(later, before, result, real, errors);
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
    private final Workbench bench = new Workbench(original, samples, weights, real);
    private final Map<Value, float[]> instead = new HashMap<>();
    private final Map<Value, Double> errors = new HashMap<>();

    Walk(Map<Value, Integer> keep, Score score, Optional<Sparsity> sparsity) {
      this.keep = keep;
      this.score = score;
      this.sparsity = sparsity;
    }

    Outcome run() {
      int at = 0;
      for (Graph.Node<NnOp> node : original.nodes()) {
        bench.reach(node);
        if (node.op() instanceof Layout.Const) {
          bench.keep(node);
        } else {
          bench.see(node.result(), original(node));
          follow(node);
          forget(node, at);
        }
        at++;
      }
      Value result = original.results().getFirst().value();
      return new Outcome(
          EliminateDeadCode.in(bench.build()),
          bench.seen(result),
          bench.seen(bench.left(result)),
          real,
          errors);
    }

    /// Does in the pruned graph what the original has just done.
    private void follow(Graph.Node<NnOp> node) {
      Branch branch = branches.get(node.result());
      float[] constant = instead.remove(node.result());
      if (branch != null && isCut(branch)) {
        cut(branch);
      } else if (constant != null) {
        Value row =
            bench.constant(node.loc().node() + "/instead", List.of(constant.length), constant);
        Value stream = bench.left(branchOf(node.result()).stream());
        bench.leave(node.result(), bench.emit(new Elementwise.Add(stream, row), node.loc()));
      } else if (sparsity.isPresent()
          && node.op() instanceof Neural.MatMul m
          && isInBranch(m, node)) {
        bench.leave(node.result(), thin(node, m, sparsity.orElseThrow()));
      } else {
        Graph.Node<NnOp> mapped = node.mapOperands(bench::left);
        if (mapped.op().equals(node.op())) {
          bench.keep(node);
        } else {
          bench.leave(node.result(), bench.emit(mapped.op(), node.loc()));
        }
      }
    }

    private int groups(Branch branch) {
      return keep.getOrDefault(branch.result(), branch.groups());
    }

    private HeadWidth width(Branch branch) {
      return widths.getOrDefault(branch.result(), HeadWidth.of(branch));
    }

    private boolean isCut(Branch branch) {
      return groups(branch) < branch.groups() || !width(branch).equals(HeadWidth.of(branch));
    }

    private void cut(Branch branch) {
      BranchCut cut = new BranchCut(bench, branch);
      int groups = groups(branch);
      if (groups == 0) {
        instead.put(branch.sum(), score == Score.MAGNITUDE ? cut.bias() : cut.mean());
        errors.put(branch.result(), 1.0);
      } else if (score == Score.MAGNITUDE) {
        cut.largest(groups, width(branch));
      } else {
        errors.put(branch.result(), cut.fitted(squares(branch, cut), groups, width(branch)));
      }
    }

    /// The same for all walks in which nothing before the branch is pruned.
    private LeastSquares squares(Branch branch, BranchCut cut) {
      boolean touched = bench.isTouched(branch.operand()) || bench.isTouched(branch.stream());
      return touched ? cut.squares() : squares.computeIfAbsent(branch, _ -> cut.squares());
    }

    private Branch branchOf(Value sum) {
      return branches.values().stream().filter(b -> b.sum().equals(sum)).findFirst().orElseThrow();
    }

    private boolean isInBranch(Neural.MatMul product, Graph.Node<NnOp> node) {
      return bench.isConstant(product.b())
          && Rows.fits(bench.seen(product.a()).getFirst())
          && branches.values().stream()
              .anyMatch(b -> b.product().equals(node.result()) || b.rows().contains(node.result()));
    }

    /// The product with zeros among its weights, which aims at what it gave, whatever it meets now.
    private Value thin(Graph.Node<NnOp> node, Neural.MatMul product, Sparsity wanted) {
      Data data = bench.data(product.b());
      Rows x = bench.rows(bench.left(product.a()));
      Rows target = bench.rows(node.result());
      float[] thin = SparseFit.of(x, target, bench.elements(product.b()), wanted);
      Value weight = bench.constant(data.name(), data.type().dims(), thin);
      return bench.emit(new Neural.MatMul(bench.left(product.a()), weight), node.loc());
    }

    /// What the original computes, which is remembered from walk to walk while there is room.
    private List<Tensor> original(Graph.Node<NnOp> node) {
      List<Tensor> seen = known.get(node.result());
      if (seen == null) {
        seen = bench.compute(node);
        long bytes = node.result().type().bytes() * samples.size();
        if (bytes <= room) {
          room -= bytes;
          known.put(node.result(), seen);
        }
      }
      return seen;
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
          bench.forget(v);
          bench.forget(bench.left(v));
        }
      }
    }
  }
}
