package org.lapidary.tools.graph;

import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.lapidary.ir.Graph;
import org.lapidary.ir.TensorType;
import org.lapidary.ir.Value;
import org.lapidary.ir.op.Layout;
import org.lapidary.ir.op.Op;
import org.lapidary.ir.op.OpInfo;

/// Finds what a graph repeats, layer after layer: stretches of its operations that are alike,
/// operand by operand, constants and scales aside. Names play no part.
final class Repeats {
  private static final int SHORTEST = 4;

  /// A stretch of operations.
  ///
  /// @param repetitions one list of nodes per repetition, equally long; a single one where nothing
  ///   repeats
  record Block(List<List<Graph.Node<? extends Op>>> repetitions) {
    int count() {
      return repetitions.size();
    }
  }

  private final Graph<? extends Op> graph;
  private final Map<Value, Graph.Node<? extends Op>> definitions = new HashMap<>();
  private List<Graph.Node<? extends Op>> order = List.of();
  private Map<Value, Integer> positions = Map.of();
  private int[] labels = {};

  private Repeats(Graph<? extends Op> graph) {
    this.graph = graph;
    graph.nodes().forEach(n -> definitions.put(n.result(), n));
  }

  /// All operations but constants, in an order in which repetitions are neighbours.
  static List<Block> of(Graph<? extends Op> graph) {
    Repeats repeats = new Repeats(graph);
    repeats.arrange(Set.of());
    // What all repetitions share, such as a mask, would stand amid the first of them: it goes
    // first.
    Set<Value> shared = repeats.shared();
    repeats.arrange(shared);
    List<Block> blocks = new ArrayList<>();
    repeats.split(0, repeats.order.size(), blocks);
    return blocks;
  }

  /// Depth first from the results, so that a layer ends before the next begins.
  private void arrange(Set<Value> first) {
    Set<Value> done = new HashSet<>();
    List<Graph.Node<? extends Op>> nodes = new ArrayList<>();
    for (Graph.Node<? extends Op> node : graph.nodes()) {
      if (first.contains(node.result())) {
        visit(node.result(), done, nodes);
      }
    }
    graph.results().forEach(p -> visit(p.value(), done, nodes));
    graph.nodes().forEach(n -> visit(n.result(), done, nodes));
    order = List.copyOf(nodes);
    positions = new HashMap<>();
    for (int i = 0; i < order.size(); i++) {
      positions.put(order.get(i).result(), i);
    }
    Map<Object, Integer> known = new HashMap<>();
    labels = new int[order.size()];
    for (int i = 0; i < labels.length; i++) {
      labels[i] = known.computeIfAbsent(label(order.get(i)), _ -> known.size());
    }
  }

  /// Post-order without recursion: graphs are deeper than stacks.
  private void visit(Value root, Set<Value> done, List<Graph.Node<? extends Op>> nodes) {
    List<Value> stack = new ArrayList<>(List.of(root));
    Set<Value> open = new HashSet<>();
    while (!stack.isEmpty()) {
      Value value = stack.getLast();
      Graph.Node<? extends Op> node = definitions.get(value);
      if (node == null || done.contains(value)) {
        stack.removeLast();
      } else if (open.add(value)) {
        OpInfo.operands(node.op()).reversed().stream()
            .filter(v -> !done.contains(v))
            .forEach(stack::add);
      } else {
        stack.removeLast();
        done.add(value);
        if (!(node.op() instanceof Layout.Const)) {
          nodes.add(node);
        }
      }
    }
  }

  private Object label(Graph.Node<? extends Op> node) {
    OpInfo info = OpInfo.of(node.op());
    List<Object> label = new ArrayList<>(List.of(info.name(), shape(node.result().type())));
    for (OpInfo.Component c : info.attributes()) {
      Object value = info.attribute(node.op(), c.name());
      // Numbers are scales and the like: they differ from layer to layer.
      label.add(value instanceof Number ? "number" : value);
    }
    for (Value v : OpInfo.operands(node.op())) {
      boolean constant =
          definitions.get(v) instanceof Graph.Node(_, var op, _) && op instanceof Layout.Const;
      label.add(constant ? "constant" + shape(v.type()) : "value");
    }
    return label;
  }

  private static String shape(TensorType type) {
    return type.dtype().text() + type.dims();
  }

  /// Values that all repetitions of the longest stretch read from before it.
  private Set<Value> shared() {
    Stretch best = longest(0, order.size());
    Set<Value> shared = new LinkedHashSet<>();
    if (best.count > 1) {
      for (int i = best.from; i < best.from + best.period; i++) {
        Set<Value> mine = new HashSet<>(OpInfo.operands(order.get(i).op()));
        OpInfo.operands(order.get(i + best.period).op()).stream()
            .filter(mine::contains)
            .forEach(shared::add);
      }
    }
    return shared;
  }

  /// `count` times `period` operations from one on.
  private record Stretch(int from, int period, int count) {
    int saved() {
      return (count - 1) * period;
    }
  }

  private void split(int from, int to, List<Block> blocks) {
    Stretch best = longest(from, to);
    if (best.count < 2) {
      if (from < to) {
        blocks.add(new Block(Collections.singletonList(order.subList(from, to))));
      }
      return;
    }
    split(from, best.from, blocks);
    List<List<Graph.Node<? extends Op>>> repetitions = new ArrayList<>();
    int at = best.from;
    for (int r = 0; r < best.count; r++, at += best.period) {
      repetitions.add(order.subList(at, at + best.period));
    }
    blocks.add(new Block(repetitions));
    split(at, to, blocks);
  }

  private Stretch longest(int from, int to) {
    Stretch best = new Stretch(from, 1, 1);
    for (int period = SHORTEST; period <= (to - from) / 2; period++) {
      if (best.saved() >= to - from - period) {
        break; // longer periods cannot fold more
      }
      int run = 0;
      for (int i = from; i + period < to; i++) {
        run = alike(i, i + period, period) ? run + 1 : 0;
        int count = run / period + 1;
        if ((count - 1) * period > best.saved()) {
          best = new Stretch(i + 1 - run, period, count);
        }
      }
    }
    return best.count < 2 ? best : atItsSeam(best, to);
  }

  /// The same stretch begun where the fewest values cross: between two layers, not amid one.
  private Stretch atItsSeam(Stretch stretch, int to) {
    Stretch best = stretch;
    int fewest = crossing(stretch.from);
    int end = stretch.from + stretch.period * stretch.count;
    for (int shift = 1; end + shift <= to && shift < stretch.period; shift++) {
      int last = end + shift - 1;
      if (!alike(last - stretch.period, last, stretch.period)) {
        break;
      }
      int crossing = crossing(stretch.from + shift);
      if (crossing <= fewest) { // the last of equals: after the norm that ends a layer
        fewest = crossing;
        best = new Stretch(stretch.from + shift, stretch.period, stretch.count);
      }
    }
    return best;
  }

  /// Number of values made before a position and read after it.
  private int crossing(int at) {
    Set<Value> values = new HashSet<>();
    for (int i = at; i < order.size(); i++) {
      for (Value v : OpInfo.operands(order.get(i).op())) {
        if (positions.getOrDefault(v, at) < at) {
          values.add(v);
        }
      }
    }
    return values.size();
  }

  /// Whether two operations do the same on operands a period apart, or on the very same ones.
  private boolean alike(int i, int j, int period) {
    if (labels[i] != labels[j]) {
      return false;
    }
    List<Value> a = OpInfo.operands(order.get(i).op());
    List<Value> b = OpInfo.operands(order.get(j).op());
    for (int k = 0; k < a.size(); k++) {
      Integer x = positions.get(a.get(k));
      Integer y = positions.get(b.get(k));
      boolean same = x == null ? y == null : y != null && (x.equals(y) || y - x == period);
      if (!same) {
        return false;
      }
    }
    return a.size() == b.size();
  }
}
