package org.lapidary.passes.prune;

import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.lapidary.ir.Graph;
import org.lapidary.ir.Value;
import org.lapidary.ir.op.Neural;
import org.lapidary.ir.op.NnOp;

/// What the matrix products of a graph and of its branches cost.
final class Costs {
  private final ProductCost cost;
  private final Map<Value, Neural.MatMul> products = new HashMap<>();
  private final Map<Branch, Branch> priced = new HashMap<>();

  /// @param branches that are asked for, in the order of their graph
  /// @param graph that is going to run: the same, or one that computes fewer rows
  Costs(Collection<Branch> branches, Graph<NnOp> graph, ProductCost cost) {
    this.cost = cost;
    List<Branch> run = List.copyOf(Anatomy.branches(graph).values());
    int at = 0;
    for (Branch branch : branches) {
      priced.put(branch, run.size() == branches.size() ? run.get(at++) : branch);
    }
    for (Graph.Node<NnOp> node : graph.nodes()) {
      if (node.op() instanceof Neural.MatMul product) {
        products.put(node.result(), product);
      }
    }
  }

  /// All products of a graph.
  static long of(Graph<NnOp> graph, ProductCost cost) {
    long sum = 0;
    for (Graph.Node<NnOp> node : graph.nodes()) {
      if (node.op() instanceof Neural.MatMul(var a, var b)) {
        sum +=
            cost.of(count(node.result()), rows(node.result()), a.type().dim(-1), b.type().dim(-1));
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
  long of(Branch asked, int groups) {
    if (groups == 0) {
      return 0;
    }
    Branch branch = Objects.requireNonNull(priced.get(asked));
    int channels = groups * branch.width();
    long sum =
        cost.of(
            count(branch.product()),
            rows(branch.product()),
            channels,
            branch.weight().type().dim(1));
    for (Value v : branch.rows()) {
      sum += cost.of(count(v), rows(v), depth(v), channels);
    }
    for (Value v : branch.inside()) {
      if (products.containsKey(v)) { // of an attention: one per head
        sum += cost.of(count(v) / branch.groups() * groups, rows(v), depth(v), v.type().dim(-1));
      }
    }
    return sum;
  }

  private int depth(Value product) {
    Neural.MatMul op = products.get(product);
    return op == null ? 0 : op.a().type().dim(-1);
  }

  /// The most groups that cost no more than `groups` do.
  int rounded(Branch branch, int groups) {
    if (groups == 0) {
      return 0;
    }
    long due = of(branch, groups);
    int most = groups;
    while (most < branch.groups() && of(branch, most + 1) <= due) {
      most++;
    }
    return most;
  }
}
