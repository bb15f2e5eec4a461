package org.lapidary.frontend.onnx;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.PriorityQueue;
import java.util.Set;
import java.util.TreeSet;
import org.lapidary.frontend.onnx.proto.Onnx.AttributeProto;
import org.lapidary.frontend.onnx.proto.Onnx.GraphProto;
import org.lapidary.frontend.onnx.proto.Onnx.NodeProto;

/// Which nodes of a graph are needed for its outputs, and in which order they can be computed: the
/// order of the file where that is sound, as the standard demands.
final class NodeOrder {
  /// Subgraphs deeper than this are not looked into; nobody writes them.
  private static final int DEEPEST = 32;

  private final List<NodeProto> nodes;
  private final Map<String, Integer> producers = new HashMap<>();
  private final Set<String> read = new HashSet<>();

  /// @throws Refusal if two nodes make the same name
  NodeOrder(List<NodeProto> nodes) {
    this.nodes = nodes;
    for (int i = 0; i < nodes.size(); i++) {
      for (String output : nodes.get(i).getOutputList()) {
        Integer before = output.isEmpty() ? null : producers.put(output, i);
        // ONNX Runtime lets a Constant be written twice, and takes the last; shrunk models do so.
        if (before != null && !(isConstant(before) && isConstant(i))) {
          throw Refusal.model("two nodes make \"" + output + "\"");
        }
      }
    }
  }

  private boolean isConstant(int node) {
    return nodes.get(node).getOpType().equals("Constant");
  }

  /// Whether a needed node or an output of the graph reads that name; asked after [#of].
  boolean isRead(String name) {
    return read.contains(name);
  }

  /// The needed nodes, each after those it reads.
  ///
  /// @throws Refusal if there is a cycle
  List<NodeProto> of(Iterable<String> outputs) {
    Map<Integer, Set<Integer>> needs = needs(outputs);
    Map<Integer, List<Integer>> readers = new HashMap<>();
    Map<Integer, Integer> waiting = new HashMap<>();
    PriorityQueue<Integer> ready = new PriorityQueue<>();
    needs.forEach((node, producersOfNode) -> {
      waiting.put(node, producersOfNode.size());
      producersOfNode.forEach(p -> readers.computeIfAbsent(p, _ -> new ArrayList<>()).add(node));
      if (producersOfNode.isEmpty()) {
        ready.add(node);
      }
    });
    List<NodeProto> ordered = new ArrayList<>();
    while (!ready.isEmpty()) {
      int next = ready.remove();
      waiting.remove(next);
      ordered.add(nodes.get(next));
      for (int reader : readers.getOrDefault(next, List.of())) {
        if (waiting.merge(reader, -1, Integer::sum) == 0) {
          ready.add(reader);
        }
      }
    }
    if (!waiting.isEmpty()) {
      int one = new TreeSet<>(waiting.keySet()).first();
      throw Refusal.model(
          "the graph has a cycle through "
              + nameOf(nodes.get(one))
              + " ("
              + waiting.size()
              + " nodes)");
    }
    return ordered;
  }

  /// The needed nodes, each with the nodes it reads.
  private Map<Integer, Set<Integer>> needs(Iterable<String> outputs) {
    Map<Integer, Set<Integer>> needs = new HashMap<>();
    Deque<Integer> open = new ArrayDeque<>();
    for (String output : outputs) {
      read.add(output);
      Integer producer = producers.get(output);
      if (producer != null && needs.put(producer, new TreeSet<>()) == null) {
        open.add(producer);
      }
    }
    while (!open.isEmpty()) {
      int node = open.remove();
      Set<String> inputs = new HashSet<>();
      collectReads(nodes.get(node), inputs, 0);
      read.addAll(inputs);
      for (String input : inputs) {
        Integer producer = producers.get(input);
        if (producer == null) {
          continue;
        }
        needs.computeIfAbsent(node, _ -> new TreeSet<>()).add(producer);
        if (!needs.containsKey(producer)) {
          needs.put(producer, new TreeSet<>());
          open.add(producer);
        }
      }
    }
    return needs;
  }

  /// Names a node reads, those inside its branches included (which may also be their own: that only
  /// makes the order stricter than need be, and names are unique across nested graphs).
  private static void collectReads(NodeProto node, Set<String> into, int depth) {
    into.addAll(node.getInputList());
    for (AttributeProto attribute : node.getAttributeList()) {
      if (attribute.hasG() && depth < DEEPEST) {
        GraphProto graph = attribute.getG();
        graph.getNodeList().forEach(n -> collectReads(n, into, depth + 1));
        graph.getOutputList().forEach(o -> into.add(o.getName()));
      }
    }
  }

  /// The name of a node, or where it has none that of its first output.
  static String nameOf(NodeProto node) {
    if (!node.getName().isEmpty()) {
      return node.getName();
    }
    return node.getOutputList().stream()
        .filter(o -> !o.isEmpty())
        .findFirst()
        .orElse(node.getOpType());
  }
}
