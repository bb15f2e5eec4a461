package org.lapidary.passes.prune;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.lapidary.ir.Graph;
import org.lapidary.ir.Tensor;
import org.lapidary.ir.Value;
import org.lapidary.ir.eval.ConstantCache;
import org.lapidary.ir.op.NnOp;
import org.lapidary.passes.prune.PruneRecipe.Budget;
import org.lapidary.passes.prune.PruneRecipe.Heads;
import org.lapidary.passes.prune.PruneRecipe.Layers;
import org.lapidary.passes.prune.PruneRecipe.Neurons;
import org.lapidary.passes.prune.PruneRecipe.Score;
import org.lapidary.passes.prune.PruneRecipe.Unread;

/// Prunes a canonical graph by a recipe: calibration inputs are needed, labels and gradients are
/// not.
public final class Pruner {
  private final Graph<NnOp> graph;
  private final PruneRecipe recipe;
  private final Map<Value, Branch> branches;
  private final Costs costs;
  private final ProductCost cost;
  private final Surgery surgery;
  private final List<Map<String, Tensor>> inputs;
  private final ConstantCache weights;

  private Pruner(
      Graph<NnOp> graph,
      List<Map<String, Tensor>> samples,
      PruneRecipe recipe,
      ProductCost cost,
      ConstantCache weights) {
    this.graph = graph;
    this.recipe = recipe;
    this.branches = Anatomy.branches(graph);
    this.costs = new Costs(branches.values(), run(graph), cost);
    this.cost = cost;
    this.inputs = samples;
    this.weights = weights;
    this.surgery = new Surgery(graph, branches, samples, weights);
  }

  /// Prunes a graph.
  ///
  /// @param samples complete inputs of the graph, one map per inference
  /// @param cost what a matrix product costs where the model is going to run
  /// @param weights reads the constants
  public static Pruned prune(
      Graph<NnOp> graph,
      List<Map<String, Tensor>> samples,
      PruneRecipe recipe,
      ProductCost cost,
      ConstantCache weights) {
    return new Pruner(graph, samples, recipe, cost, weights).pruned();
  }

  /// What is going to run of a graph. Branches are fitted before, to rows that nothing reads as
  /// well: they are like those that are read, and there are many more of them.
  private Graph<NnOp> run(Graph<NnOp> whole) {
    return recipe.get(Unread.class).isPresent() ? ReadRows.only(whole) : whole;
  }

  private Pruned pruned() {
    long before = Costs.of(graph, cost);
    Map<Value, Integer> keep = new LinkedHashMap<>();
    Score score = score();
    MaskSearch search = new MaskSearch(surgery, costs, score);
    recipe.get(Layers.class).ifPresent(l -> keep.putAll(search.dropping(layers(), l.drop())));
    recipe
        .get(PruneRecipe.Branches.class)
        .ifPresent(b -> keep.putAll(search.dropping(single(keep), b.drop())));
    recipe.get(Heads.class).ifPresent(h -> share(Branch.Kind.ATTENTION, h.keep(), keep));
    recipe.get(Neurons.class).ifPresent(n -> share(Branch.Kind.FEED_FORWARD, n.keep(), keep));
    recipe
        .get(Budget.class)
        .ifPresent(b -> keep.putAll(search.under(all(), keep, saving(b, keep, before))));
    Surgery.Outcome outcome = surgery.operate(keep, score);
    Surgery.Outcome thin = thinned(outcome);
    Graph<NnOp> left = run(thin.graph());
    return new Pruned(
        left,
        recipe,
        all().stream().map(b -> kept(b, keep, outcome)).toList(),
        loss(outcome, thin),
        before,
        Costs.of(left, cost),
        inputs.size());
  }

  /// Zeros come last, in a walk over what the parts taken out have left.
  private Surgery.Outcome thinned(Surgery.Outcome outcome) {
    Graph<NnOp> now = outcome.graph();
    return recipe
        .get(PruneRecipe.Weights.class)
        .map(Sparsity::of)
        .or(() -> recipe.get(PruneRecipe.Blocks.class).map(Sparsity::of))
        .map(sparsity -> new Surgery(now, Anatomy.branches(now), inputs, weights).thin(sparsity))
        .orElse(outcome);
  }

  private static double loss(Surgery.Outcome parts, Surgery.Outcome zeros) {
    return new Surgery.Outcome(
            zeros.graph(), parts.before(), zeros.now(), parts.real(), parts.errors())
        .loss();
  }

  /// What the branches that are not decided yet have to save.
  private long saving(Budget budget, Map<Value, Integer> keep, long before) {
    long saving = Costs.of(run(graph), cost) - (long) (budget.cycles() * before);
    for (Branch branch : all()) {
      Integer groups = keep.get(branch.result());
      saving -= groups == null ? 0 : costs.of(branch, branch.groups()) - costs.of(branch, groups);
    }
    return saving;
  }

  private Score score() {
    boolean magnitude =
        recipe.get(Heads.class).map(Heads::score).equals(java.util.Optional.of(Score.MAGNITUDE))
            || recipe
                .get(Neurons.class)
                .map(Neurons::score)
                .equals(java.util.Optional.of(Score.MAGNITUDE))
            || recipe
                .get(Budget.class)
                .map(Budget::score)
                .equals(java.util.Optional.of(Score.MAGNITUDE));
    return magnitude ? Score.MAGNITUDE : Score.LEAST_SQUARES;
  }

  private List<Branch> all() {
    return List.copyOf(branches.values());
  }

  private List<List<Branch>> single(Map<Value, Integer> keep) {
    return all().stream().filter(b -> !keep.containsKey(b.result())).map(List::of).toList();
  }

  /// Attention blocks with the feed-forward blocks after them.
  private List<List<Branch>> layers() {
    List<List<Branch>> layers = new ArrayList<>();
    for (Branch branch : branches.values()) {
      if (branch.kind() == Branch.Kind.ATTENTION || layers.isEmpty()) {
        layers.add(new ArrayList<>());
      }
      layers.getLast().add(branch);
    }
    return layers;
  }

  private void share(Branch.Kind kind, double share, Map<Value, Integer> keep) {
    for (Branch branch : branches.values()) {
      if (branch.kind() == kind && !keep.containsKey(branch.result())) {
        int asked = (int) Math.ceil(share * branch.groups() - 1e-9);
        keep.put(branch.result(), costs.rounded(branch, asked));
      }
    }
  }

  private Pruned.Kept kept(Branch branch, Map<Value, Integer> keep, Surgery.Outcome outcome) {
    return new Pruned.Kept(
        node(branch),
        branch.kind() == Branch.Kind.ATTENTION ? "heads" : "neurons",
        branch.groups(),
        keep.getOrDefault(branch.result(), branch.groups()),
        outcome.errors().getOrDefault(branch.result(), Double.NaN));
  }

  private String node(Branch branch) {
    return graph.nodes().stream()
        .filter(n -> n.result().equals(branch.product()))
        .map(n -> n.loc().node())
        .findFirst()
        .orElse("");
  }
}
