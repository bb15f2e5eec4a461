package org.lapidary.tools.inspect;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import org.lapidary.ir.Data;
import org.lapidary.ir.Graph;
import org.lapidary.ir.TensorType;
import org.lapidary.ir.Value;
import org.lapidary.ir.op.Op;
import org.lapidary.ir.op.OpInfo;
import org.lapidary.ir.text.IrPrinter;

/// A graph as text or as a document, whole or in part.
///
/// @param file where it came from, for messages
/// @param graph the graph
/// @param only the part that is listed; everything if there is no choice
public record GraphListing(String file, Graph<? extends Op> graph, Optional<NodeGlob> only) {

  /// The text form; of a part, its statements with the types of their operands.
  public String text() {
    if (only.isEmpty()) {
      return IrPrinter.print(graph);
    }
    Map<Value, String> names = IrPrinter.names(graph);
    Map<Value, String> origins = origins();
    StringBuilder s = new StringBuilder();
    for (Graph.Node<? extends Op> node : only.get().of(file, graph)) {
      s.append(IrPrinter.statement(node, v -> Objects.requireNonNull(names.get(v)))).append('\n');
      for (Value v : OpInfo.operands(node.op())) {
        s.append("    // %s: %s, %s%n".formatted(names.get(v), v.type(), origins.get(v)));
      }
    }
    return s.toString();
  }

  private Map<Value, String> origins() {
    Map<Value, String> origins = new LinkedHashMap<>();
    graph.inputs().forEach(p -> origins.put(p.value(), "input"));
    for (Graph.Node<? extends Op> node : graph.nodes()) {
      String from = node.loc().node();
      String op = OpInfo.of(node.op()).name();
      origins.put(node.result(), from.isEmpty() ? op : op + " from " + from);
    }
    return origins;
  }

  /// The same as a document.
  public Map<String, Object> document() {
    Map<Value, String> names = IrPrinter.names(graph);
    List<Map<String, Object>> ops = new ArrayList<>();
    for (var node : only.isPresent() ? only.get().of(file, graph) : graph.nodes()) {
      ops.add(operation(node, names));
    }
    Map<String, Object> document = new LinkedHashMap<>();
    document.put("kind", "graph");
    document.put("name", graph.name());
    document.put("inputs", ports(graph.inputs(), names));
    document.put("ops", ops);
    document.put("results", ports(graph.results(), names));
    return document;
  }

  private static List<Map<String, Object>> ports(List<Graph.Port> ports, Map<Value, String> names) {
    List<Map<String, Object>> list = new ArrayList<>();
    for (Graph.Port p : ports) {
      Map<String, Object> one = new LinkedHashMap<>();
      one.put("name", p.name());
      one.put("value", names.get(p.value()));
      one.putAll(type(p.type()));
      list.add(one);
    }
    return list;
  }

  private static Map<String, Object> operation(
      Graph.Node<? extends Op> node, Map<Value, String> names) {
    OpInfo info = OpInfo.of(node.op());
    Map<String, Object> attributes = new LinkedHashMap<>();
    for (OpInfo.Component c : info.attributes()) {
      attributes.put(c.name(), attribute(info.attribute(node.op(), c.name())));
    }
    Map<String, Object> one = new LinkedHashMap<>();
    one.put("value", names.get(node.result()));
    one.put("op", info.name());
    one.put("operands", OpInfo.operands(node.op()).stream().map(names::get).toList());
    one.put("attributes", attributes);
    one.putAll(type(node.result().type()));
    one.put("node", node.loc().node());
    one.put("rules", node.loc().rules());
    return one;
  }

  private static Object attribute(Object value) {
    return switch (value) {
      case Data data -> Map.of("name", data.name(), "hash", data.hash());
      case Number n -> n;
      case Boolean b -> b;
      case List<?> items -> items;
      default -> value.toString().toLowerCase(java.util.Locale.ROOT); // enum constants
    };
  }

  private static Map<String, Object> type(TensorType type) {
    Map<String, Object> one = new LinkedHashMap<>();
    one.put("type", type.dtype().text());
    one.put("shape", type.dims());
    if (type.scale() != 0) {
      one.put("scale", type.scale());
    }
    return one;
  }
}
