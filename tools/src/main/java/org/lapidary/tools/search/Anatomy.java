package org.lapidary.tools.search;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.lapidary.ir.Diagnostic;
import org.lapidary.ir.DiagnosticException;
import org.lapidary.ir.Graph;
import org.lapidary.ir.Value;
import org.lapidary.ir.op.Elementwise;
import org.lapidary.ir.op.Layout;
import org.lapidary.ir.op.Neural;
import org.lapidary.ir.op.NnOp;
import org.lapidary.ir.op.OpInfo;
import org.lapidary.passes.cut.Axes;

/// Where the layers of a model are: between one residual sum and the next there is either a class
/// of heads or a class of neurons that can be cut by itself.
///
/// @param hidden the class of the residual stream's channels
/// @param layers in order
/// @param headWidth channels of a head
/// @param owners the block that each value in front of a residual sum is computed for
record Anatomy(int hidden, List<Layer> layers, int headWidth, Map<Value, Supernet.Block> owners) {
  /// One layer.
  ///
  /// @param heads class of its attention heads
  /// @param neurons class of its feed-forward neurons
  /// @param result what the next layer reads
  record Layer(int heads, int neurons, Value result) {}

  static Anatomy of(Graph<NnOp> graph, Axes axes) {
    return new Search(graph, axes).run();
  }

  private static final class Search {
    private final Graph<NnOp> graph;
    private final Axes axes;
    private final Map<Value, Graph.Node<NnOp>> definitions;
    private final Map<Value, List<Graph.Node<NnOp>>> users = new HashMap<>();
    private final Set<Value> seen = new LinkedHashSet<>();
    private final Map<Value, Supernet.Block> owners = new HashMap<>();
    private final List<Layer> layers = new ArrayList<>();
    private Set<Integer> heads = Set.of();
    private int headWidth;

    Search(Graph<NnOp> graph, Axes axes) {
      this.graph = graph;
      this.axes = axes;
      this.definitions = graph.definitions();
      for (Graph.Node<NnOp> node : graph.nodes()) {
        for (Value x : OpInfo.operands(node.op())) {
          users.computeIfAbsent(x, _ -> new ArrayList<>()).add(node);
        }
      }
    }

    Anatomy run() {
      int hidden =
          axes.residualStream(graph)
              .orElseThrow(
                  () -> refused("", "has no single residual stream whose channels could be cut"));
      heads = headClasses();
      int attention = -1;
      for (Graph.Node<NnOp> node : graph.nodes()) {
        if (!isResidualSum(node, hidden)) {
          continue;
        }
        Set<Value> block = newAncestors(node.result());
        Set<Integer> free = freeClasses(block, hidden);
        Set<Integer> own = free.stream().filter(heads::contains).collect(Collectors.toSet());
        free.removeAll(own);
        if (own.size() == 1 && free.isEmpty() && attention < 0) {
          attention = own.iterator().next();
          claim(block, Supernet.Block.Kind.ATTENTION);
        } else if (own.isEmpty() && free.size() == 1 && attention >= 0) {
          claim(block, Supernet.Block.Kind.FEED_FORWARD);
          layers.add(new Layer(attention, free.iterator().next(), result(node.result())));
          attention = -1;
        } else if (!own.isEmpty() || !free.isEmpty()) {
          throw refused(
              node.loc().node(), "is no attention block followed by a feed-forward block");
        }
      }
      if (layers.isEmpty() || attention >= 0) {
        throw refused("", "has no layers of attention and feed-forward block");
      }
      return new Anatomy(hidden, layers, headWidth, owners);
    }

    private void claim(Set<Value> block, Supernet.Block.Kind kind) {
      block.forEach(v -> owners.put(v, new Supernet.Block(layers.size(), kind)));
    }

    /// The classes that count products of activations.
    private Set<Integer> headClasses() {
      Set<Integer> found = new LinkedHashSet<>();
      for (Graph.Node<NnOp> node : graph.nodes()) {
        if (node.op() instanceof Neural.MatMul(Value a, Value b)
            && !isConstant(a)
            && !isConstant(b)
            && node.result().type().rank() > 2) {
          found.add(axes.of(node.result(), -3));
          headWidth = node.result().type().dim(-1); // the last product of all gives the contexts
        }
      }
      found.removeIf(c -> !axes.isFree(c));
      return found;
    }

    private boolean isResidualSum(Graph.Node<NnOp> node, int hidden) {
      return node.op() instanceof Elementwise.Add(Value a, Value b)
          && !isConstant(a)
          && !isConstant(b)
          && a.type().equals(b.type())
          && axes.of(node.result(), -1) == hidden;
    }

    /// Classes of weights' axes in a block that can be cut by themselves. How wide a head is can
    /// not: the scale of its scores depends on it.
    private Set<Integer> freeClasses(Set<Value> block, int hidden) {
      Set<Integer> free = new LinkedHashSet<>();
      for (Value v : block) {
        if (isConstant(v) && v.type().rank() == 2) {
          for (int axis = 0; axis < 2; axis++) {
            List<Integer> parts = axes.parts(axes.of(v, axis));
            boolean split = parts.size() > 1;
            parts.stream()
                .filter(p -> axes.isFree(p) && p != hidden && (!split || heads.contains(p)))
                .forEach(free::add);
          }
        }
      }
      return free;
    }

    /// What a value is computed from and no earlier sum was.
    private Set<Value> newAncestors(Value of) {
      Set<Value> found = new LinkedHashSet<>();
      Deque<Value> open = new ArrayDeque<>(List.of(of));
      while (!open.isEmpty()) {
        Value v = open.pop();
        Graph.Node<NnOp> node = definitions.get(v);
        if (node != null && seen.add(v)) {
          found.add(v);
          OpInfo.operands(node.op()).forEach(open::push);
        }
      }
      return found;
    }

    /// A layer's last sum, or its normalization if that is all that reads the sum of every layer.
    private Value result(Value sum) {
      List<Graph.Node<NnOp>> readers = users.getOrDefault(sum, List.of());
      boolean normalized =
          readers.size() == 1
              && readers.getFirst().op() instanceof Neural.LayerNorm
              && (layers.isEmpty() || isNormalization(layers.getFirst().result()));
      return normalized ? readers.getFirst().result() : sum;
    }

    private boolean isNormalization(Value v) {
      Graph.Node<NnOp> node = definitions.get(v);
      return node != null && node.op() instanceof Neural.LayerNorm;
    }

    private boolean isConstant(Value v) {
      Graph.Node<NnOp> node = definitions.get(v);
      return node != null && node.op() instanceof Layout.Const;
    }

    private DiagnosticException refused(String node, String what) {
      return new DiagnosticException(
          Diagnostic.error(
              Diagnostic.Code.INVALID_MODEL,
              graph.name(),
              node,
              (node.isEmpty() ? "the model " : "what is added here ") + what,
              "a supernet is a Transformer, every layer attention and then a feed-forward block"));
    }
  }
}
