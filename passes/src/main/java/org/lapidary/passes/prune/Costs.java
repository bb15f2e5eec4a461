package org.lapidary.passes.prune;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.IntToLongFunction;
import org.lapidary.ir.Graph;
import org.lapidary.ir.Value;
import org.lapidary.ir.op.Neural;
import org.lapidary.ir.op.NnOp;
import org.lapidary.passes.canon.Constants;
import org.lapidary.passes.canon.Definitions;

/// What the matrix products of a graph and of its branches cost.
final class Costs {
  private final ProductCost cost;
  private final Map<Value, HeadWidth> widths;
  private final Map<Value, Graph.Node<NnOp>> products = new HashMap<>();

  /// @param graph whose branches are asked for
  /// @param widths of what is left of heads, by branch
  /// @param run what is going to run: the same, or the same products with fewer rows
  Costs(Graph<NnOp> graph, Map<Value, HeadWidth> widths, Graph<NnOp> run, ProductCost cost) {
    this.widths = widths;
    this.cost = cost;
    List<Graph.Node<NnOp>> asked = products(graph);
    List<Graph.Node<NnOp>> left = products(run);
    for (int i = 0; i < asked.size(); i++) {
      products.put(asked.get(i).result(), (left.size() == asked.size() ? left : asked).get(i));
    }
  }

  private static List<Graph.Node<NnOp>> products(Graph<NnOp> graph) {
    return graph.nodes().stream().filter(n -> n.op() instanceof Neural.MatMul).toList();
  }

  /// All products of a graph.
  static long of(Graph<NnOp> graph, ProductCost cost) {
    long sum = 0;
    Definitions definitions = Definitions.of(graph);
    for (Graph.Node<NnOp> node : graph.nodes()) {
      if (node.op() instanceof Neural.MatMul(var a, var b)) {
        sum +=
            cost.of(
                new ProductCost.Product(
                    count(node.result()),
                    rows(node.result()),
                    a.type().dim(-1),
                    b.type().dim(-1),
                    Constants.is(b, definitions)));
      }
    }
    return sum;
  }

  private static int count(Value product) {
    List<Integer> dims = product.type().dims();
    return dims.subList(0, dims.size() - 2).stream().reduce(1, (a, b) -> a * b);
  }

  private static int rows(Value product) {
    return product.type().dim(-2);
  }

  /// A branch with so many of its groups left.
  long of(Branch branch, int groups) {
    return of(branch, groups, width(branch));
  }

  /// Channels of each head that are left.
  HeadWidth width(Branch branch) {
    return widths.getOrDefault(branch.result(), HeadWidth.of(branch));
  }

  private long of(Branch branch, int groups, HeadWidth width) {
    if (groups == 0) {
      return 0;
    }
    long sum = weighted(branch.product(), groups * width.values(), branch.weight().type().dim(1));
    for (Value v : branch.rows()) {
      boolean values = branch.projections().map(p -> p.value().product().equals(v)).orElse(true);
      int channels = groups * (values ? width.values() : width.keys());
      sum += weighted(v, depth(v), channels);
    }
    List<Value> perHead = branch.inside().stream().filter(products::containsKey).toList();
    if (!perHead.isEmpty()) { // of an attention: scores, then what the values give
      sum += perHead(perHead.getFirst(), branch, groups, width.keys(), 0);
      sum += perHead(perHead.getLast(), branch, groups, 0, width.values());
    }
    return sum;
  }

  private long perHead(Value product, Branch branch, int groups, int depth, int columns) {
    Value run = run(product);
    return cost.of(
        new ProductCost.Product(
            count(run) / branch.groups() * groups,
            rows(run),
            depth == 0 ? depth(product) : depth,
            columns == 0 ? run.type().dim(-1) : columns,
            false));
  }

  private long weighted(Value product, int depth, int columns) {
    Value run = run(product);
    return cost.of(new ProductCost.Product(count(run), rows(run), depth, columns, true));
  }

  /// The result of a product where it is going to run.
  private Value run(Value product) {
    return Objects.requireNonNull(products.get(product)).result();
  }

  private int depth(Value product) {
    return ((Neural.MatMul) Objects.requireNonNull(products.get(product)).op()).a().type().dim(-1);
  }

  /// The most groups that cost no more than `groups` do.
  int rounded(Branch branch, int groups) {
    return rounded(groups, branch.groups(), n -> of(branch, n));
  }

  /// The widest heads that cost no more than those of a width do.
  HeadWidth rounded(Branch branch, HeadWidth width) {
    int all = branch.groups();
    int keys =
        rounded(
            width.keys(),
            branch.keyWidth(),
            n -> of(branch, all, new HeadWidth(n, width.values())));
    int values =
        rounded(width.values(), branch.width(), n -> of(branch, all, new HeadWidth(keys, n)));
    return new HeadWidth(keys, values);
  }

  /// The most of `all` that cost no more than those asked for.
  static int rounded(int asked, int all, IntToLongFunction cost) {
    if (asked == 0) {
      return 0;
    }
    long due = cost.applyAsLong(asked);
    int most = asked;
    while (most < all && cost.applyAsLong(most + 1) <= due) {
      most++;
    }
    return most;
  }
}
