package org.lapidary.ir.text;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.lapidary.ir.Data;
import org.lapidary.ir.Graph;
import org.lapidary.ir.Value;
import org.lapidary.ir.op.Layout;
import org.lapidary.ir.op.Op;
import org.lapidary.ir.op.OpInfo;

/// Which values of two graphs are the same ones, whatever their numbers and order.
///
/// The surest evidence comes first: what is computed in the same way from the inputs, then what is
/// used in the same way for the results, then the same operation from the same ONNX node, then the
/// same operation on operands known to be the same.
final class GraphAlignment {
  private final Side left;
  private final Side right;
  private final Map<Value, Value> partners = new HashMap<>();
  private final Map<Value, Value> reverse = new HashMap<>();

  /// A graph and what is known of its values. Classes are numbers common to both sides.
  private static final class Side {
    final Graph<? extends Op> graph;
    final Map<Value, Integer> computedAs = new HashMap<>();
    final Map<Value, Integer> usedAs = new HashMap<>();

    Side(Graph<? extends Op> graph, Map<Object, Integer> classes) {
      this.graph = graph;
      graph.inputs().forEach(p -> computedAs.put(p.value(), classOf(p, classes)));
      for (Graph.Node<? extends Op> node : graph.nodes()) {
        List<Integer> operands =
            OpInfo.operands(node.op()).stream().map(v -> computedAs.getOrDefault(v, -1)).toList();
        computedAs.put(node.result(), classOf(List.of(label(node), operands), classes));
      }
      uses(classes);
    }

    private void uses(Map<Object, Integer> classes) {
      Map<Value, List<List<Object>>> users = new HashMap<>();
      for (Graph.Port p : graph.results()) {
        users.computeIfAbsent(p.value(), _ -> new ArrayList<>()).add(List.of(p.name(), 0));
      }
      for (Graph.Node<? extends Op> node : graph.nodes().reversed()) {
        List<List<Object>> mine = users.getOrDefault(node.result(), List.of());
        List<String> sorted = mine.stream().map(Object::toString).sorted().toList();
        int id = classOf(List.of("used", label(node), sorted), classes);
        usedAs.put(node.result(), id);
        List<Value> operands = OpInfo.operands(node.op());
        for (int i = 0; i < operands.size(); i++) {
          users.computeIfAbsent(operands.get(i), _ -> new ArrayList<>()).add(List.of(id, i));
        }
      }
    }

    private static int classOf(Graph.Port input, Map<Object, Integer> classes) {
      return classOf(List.of("input", input.name(), input.type()), classes);
    }

    private static int classOf(Object key, Map<Object, Integer> classes) {
      return classes.computeIfAbsent(key, _ -> classes.size());
    }
  }

  /// Aligns two graphs.
  GraphAlignment(Graph<? extends Op> a, Graph<? extends Op> b) {
    Map<Object, Integer> classes = new HashMap<>();
    this.left = new Side(a, classes);
    this.right = new Side(b, classes);
    for (Graph.Port port : a.inputs()) {
      b.input(port.name()).ifPresent(v -> pair(port.value(), v));
    }
    match(left, right, (s, n) -> List.of(s.computedAs.get(n.result()), n.loc().node()));
    match(left, right, (s, n) -> List.of(s.computedAs.get(n.result())));
    match(left, right, (s, n) -> List.of(s.usedAs.get(n.result()), n.loc().node()));
    match(left, right, (s, n) -> List.of(s.usedAs.get(n.result())));
    match(left, right, (_, n) -> origin(n, n.result().type()));
    match(left, right, (_, n) -> origin(n, ""));
    boolean found = true;
    while (found) {
      found = match(left, right, this::onKnownOperands);
    }
  }

  /// The value of the second graph that is this one of the first, or itself if there is none.
  Value partner(Value ofFirst) {
    return partners.getOrDefault(ofFirst, ofFirst);
  }

  boolean isPaired(Value ofEither) {
    return partners.containsKey(ofEither) || reverse.containsKey(ofEither);
  }

  /// Whether a pair is computed in the same way: from the inputs on, or from partners.
  boolean isSame(Graph.Node<? extends Op> a, Graph.Node<? extends Op> b) {
    boolean throughout =
        Objects.equals(left.computedAs.get(a.result()), right.computedAs.get(b.result()));
    return throughout
        || (label(a).equals(label(b))
            && OpInfo.operands(a.op()).stream()
                .map(this::partner)
                .toList()
                .equals(OpInfo.operands(b.op())));
  }

  /// All there is to a node but its operands and origin.
  private static List<Object> label(Graph.Node<? extends Op> node) {
    OpInfo info = OpInfo.of(node.op());
    List<Object> label = new ArrayList<>(List.of(info.name(), node.result().type()));
    for (OpInfo.Component c : info.attributes()) {
      Object value = info.attribute(node.op(), c.name());
      label.add(value instanceof Data data ? data.hash() : value);
    }
    return label;
  }

  private static List<Object> origin(Graph.Node<? extends Op> node, Object more) {
    String from =
        node.op() instanceof Layout.Const(Data data) ? "@" + data.name() : node.loc().node();
    return from.length() < 2 ? List.of() : List.of(OpInfo.of(node.op()).name(), from, more);
  }

  private List<Object> onKnownOperands(Side side, Graph.Node<? extends Op> node) {
    List<Value> operands = OpInfo.operands(node.op());
    if (operands.stream().noneMatch(this::isPaired)) {
      return List.of();
    }
    Object[] known =
        operands.stream().map(v -> !isPaired(v) ? "?" : side == left ? partner(v) : v).toArray();
    return List.of(OpInfo.of(node.op()).name(), Arrays.asList(known));
  }

  /// Evidence about a node; an empty list is none.
  @FunctionalInterface
  private interface Evidence {
    List<Object> of(Side side, Graph.Node<? extends Op> node);
  }

  /// Pairs nodes with equal evidence, in their order.
  private boolean match(Side a, Side b, Evidence evidence) {
    Map<List<Object>, Deque<Value>> waiting = new HashMap<>();
    for (Graph.Node<? extends Op> node : a.graph.nodes()) {
      if (!partners.containsKey(node.result())) {
        waiting.computeIfAbsent(evidence.of(a, node), _ -> new ArrayDeque<>()).add(node.result());
      }
    }
    waiting.remove(List.of());
    Map<Value, Value> found = new HashMap<>();
    for (Graph.Node<? extends Op> node : b.graph.nodes()) {
      if (!reverse.containsKey(node.result())) {
        Deque<Value> candidates = waiting.get(evidence.of(b, node));
        if (candidates != null && !candidates.isEmpty()) {
          found.put(candidates.remove(), node.result());
        }
      }
    }
    found.forEach(this::pair);
    return !found.isEmpty();
  }

  private void pair(Value a, Value b) {
    partners.put(a, b);
    reverse.put(b, a);
  }
}
