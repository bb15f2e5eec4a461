package org.lapidary.passes.prune;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.lapidary.ir.Graph;
import org.lapidary.ir.Tensor;
import org.lapidary.ir.Value;
import org.lapidary.ir.eval.ConstantCache;
import org.lapidary.ir.eval.Evaluator;
import org.lapidary.ir.op.NnOp;
import org.lapidary.passes.prune.PruneRecipe.Budget;
import org.lapidary.passes.prune.PruneRecipe.Heads;
import org.lapidary.passes.prune.PruneRecipe.Hidden;
import org.lapidary.passes.prune.PruneRecipe.Layers;
import org.lapidary.passes.prune.PruneRecipe.Neurons;
import org.lapidary.passes.prune.PruneRecipe.Score;
import org.lapidary.passes.prune.PruneRecipe.Unread;
import org.lapidary.passes.prune.PruneRecipe.Widths;

/// Prunes a canonical graph by a recipe: calibration inputs are needed, labels and gradients are
/// not.
public final class Pruner {
  private final Graph<NnOp> graph;
  private final PruneRecipe recipe;
  private final Map<Value, Branch> branches;
  private final Map<Value, HeadWidth> widths;
  private final Graph<NnOp> run;
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
    this.cost = cost;
    this.run = run(graph, cuts(graph));
    this.widths = widths(costs(Map.of(), cost));
    this.costs = costs(widths, cost);
    this.inputs = samples;
    this.weights = weights;
    this.surgery = new Surgery(graph, branches, widths, samples, weights);
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
  private Graph<NnOp> run(Graph<NnOp> all, List<TokenCut> cuts) {
    Graph<NnOp> fewer = LeaveTokens.in(all, cuts);
    return recipe.get(Unread.class).isPresent() ? ReadRows.only(fewer) : fewer;
  }

  private List<TokenCut> cuts(Graph<NnOp> all) {
    return recipe
        .get(PruneRecipe.Tokens.class)
        .map(t -> TokenCut.of(all, t, cost))
        .orElse(List.of());
  }

  /// What branches with heads of given widths cost.
  private Costs costs(Map<Value, HeadWidth> narrower, ProductCost kind) {
    return new Costs(graph, narrower, run, kind);
  }

  private Pruned.Change changed(ProductCost kind, Graph<NnOp> left) {
    return new Pruned.Change(Costs.of(graph, kind), Costs.of(left, kind));
  }

  /// Widths of heads by attention block, if they are to be less than they are.
  private Map<Value, HeadWidth> widths(Costs whole) {
    Map<Value, HeadWidth> widths = new LinkedHashMap<>();
    recipe
        .get(Widths.class)
        .ifPresent(w ->
            branches.values().stream()
                .filter(b -> b.projections().isPresent())
                .forEach(b -> {
                  int keys = part(w.keys(), b.keyWidth());
                  int values = part(w.values(), b.width());
                  widths.put(b.result(), whole.rounded(b, new HeadWidth(keys, values)));
                }));
    return widths;
  }

  private static int part(double share, int all) {
    return (int) Math.ceil(share * all - 1e-9);
  }

  private Pruned pruned() {
    Map<Value, Integer> keep = new LinkedHashMap<>();
    Score score = score();
    ProductCost kind = recipe.get(Budget.class).map(b -> b.kind(cost)).orElse(cost);
    MaskSearch search = new MaskSearch(surgery, costs, costs(widths, kind), score);
    recipe.get(Layers.class).ifPresent(l -> keep.putAll(search.dropping(layers(), l.drop())));
    recipe
        .get(PruneRecipe.Branches.class)
        .ifPresent(b -> keep.putAll(search.dropping(single(keep), b.drop())));
    recipe.get(Heads.class).ifPresent(h -> share(Branch.Kind.ATTENTION, h.keep(), keep));
    recipe.get(Neurons.class).ifPresent(n -> share(Branch.Kind.FEED_FORWARD, n.keep(), keep));
    recipe
        .get(Budget.class)
        .ifPresent(b -> keep.putAll(search.under(all(), keep, saving(b, keep, kind))));
    Surgery.Outcome outcome = surgery.operate(keep, score);
    List<Pruned.Kept> kept =
        new ArrayList<>(all().stream().map(b -> kept(b, keep, outcome)).toList());
    Surgery.Outcome thin = thinned(narrowed(outcome, kept));
    List<TokenCut> cuts = cuts(thin.graph());
    cuts.forEach(cut -> kept.add(cut.account()));
    Graph<NnOp> left = run(thin.graph(), cuts);
    return new Pruned(
        left,
        recipe,
        kept,
        (cuts.isEmpty() ? thin : thin.then(left, results(left))).loss(),
        changed(cost, left),
        changed(ProductCost.FLOPS, left),
        changed(ProductCost.SIZE, left),
        inputs.size());
  }

  /// The residual stream with fewer channels.
  private Surgery.Outcome narrowed(Surgery.Outcome outcome, List<Pruned.Kept> account) {
    return recipe
        .get(Hidden.class)
        .map(item -> {
          HiddenChannels channels = new HiddenChannels(outcome.graph(), inputs, weights);
          int count = channels.rounded(item.keep(), cost);
          account.add(
              new Pruned.Kept(
                  "residual stream", "channels", channels.count(), count, 0, 0, Double.NaN));
          if (count == channels.count()) {
            return outcome;
          }
          HiddenFit.Outcome narrow = channels.keep(count, item.score());
          return outcome.then(narrow.graph(), narrow.result());
        })
        .orElse(outcome);
  }

  /// Zeros come last, in a walk over what the parts taken out have left.
  private Surgery.Outcome thinned(Surgery.Outcome outcome) {
    Graph<NnOp> now = outcome.graph();
    return recipe
        .get(PruneRecipe.Weights.class)
        .map(Sparsity::of)
        .or(() -> recipe.get(PruneRecipe.Blocks.class).map(Sparsity::of))
        .map(sparsity ->
            new Surgery(now, Anatomy.branches(now), Map.of(), inputs, weights).thin(sparsity))
        .map(zeros -> outcome.then(zeros.graph(), zeros.now()))
        .orElse(outcome);
  }

  /// First results on all samples.
  private List<Tensor> results(Graph<NnOp> run) {
    String first = run.results().getFirst().name();
    return inputs.parallelStream()
        .map(sample -> Evaluator.run(run, sample, weights, (_, _) -> {}).get(first))
        .map(Objects::requireNonNull)
        .toList();
  }

  /// What the branches that are not decided yet have to save.
  private long saving(Budget budget, Map<Value, Integer> keep, ProductCost kind) {
    Costs whole = costs(Map.of(), kind);
    Costs narrow = costs(widths, kind);
    long saving = Costs.of(run, kind) - (long) (budget.share() * Costs.of(graph, kind));
    for (Branch branch : all()) {
      int groups = keep.getOrDefault(branch.result(), branch.groups());
      saving -= whole.of(branch, branch.groups()) - narrow.of(branch, groups);
    }
    return saving;
  }

  private Score score() {
    boolean magnitude =
        recipe.get(Heads.class).filter(i -> i.score() == Score.MAGNITUDE).isPresent()
            || recipe.get(Widths.class).filter(i -> i.score() == Score.MAGNITUDE).isPresent()
            || recipe.get(Neurons.class).filter(i -> i.score() == Score.MAGNITUDE).isPresent()
            || recipe.get(Budget.class).filter(i -> i.score() == Score.MAGNITUDE).isPresent();
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
        keep.put(branch.result(), costs.rounded(branch, part(share, branch.groups())));
      }
    }
  }

  private Pruned.Kept kept(Branch branch, Map<Value, Integer> keep, Surgery.Outcome outcome) {
    boolean heads = branch.kind() == Branch.Kind.ATTENTION;
    HeadWidth width = heads ? costs.width(branch) : new HeadWidth(0, 0);
    return new Pruned.Kept(
        node(branch),
        heads ? "heads" : "neurons",
        branch.groups(),
        keep.getOrDefault(branch.result(), branch.groups()),
        width.keys(),
        width.values(),
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
