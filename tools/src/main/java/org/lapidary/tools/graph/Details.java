package org.lapidary.tools.graph;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.lapidary.ir.Data;
import org.lapidary.ir.Graph;
import org.lapidary.ir.TensorType;
import org.lapidary.ir.Value;
import org.lapidary.ir.op.Layout;
import org.lapidary.ir.op.Op;
import org.lapidary.ir.op.OpInfo;
import org.lapidary.ir.text.IrPrinter;

/// What is written into boxes and beside them.
final class Details {
  private static final int LONGEST_ORIGIN = 26;

  private final Map<Value, String> names;
  private final Map<Value, Graph.Node<? extends Op>> definitions = new HashMap<>();
  private final Function<Graph.Node<? extends Op>, String> remark;

  /// @param remark more on an operation, or nothing
  Details(Graph<? extends Op> graph, Function<Graph.Node<? extends Op>, String> remark) {
    this.names = IrPrinter.names(graph);
    this.remark = remark;
    graph.nodes().forEach(n -> definitions.put(n.result(), n));
  }

  /// For its colour.
  static String kind(Op op) {
    String name = OpInfo.of(op).name();
    return switch (name.substring(name.indexOf('.') + 1)) {
      case "matmul", "channel_mul" -> "product";
      case "softmax", "gelu", "layernorm", "relu", "tanh", "erf", "sigmoid", "silu" -> "nonlinear";
      case "reshape", "transpose", "slice", "concat", "broadcast" -> "layout";
      case "gather", "gather_elements", "gather_nd", "scatter_nd", "one_hot" -> "lookup";
      case "quantize", "dequantize", "requantize", "rescale", "widen", "cast" -> "convert";
      default -> "plain";
    };
  }

  /// Title, type, the constants it has, and where it came from.
  List<String> lines(Graph.Node<? extends Op> node) {
    List<String> lines = new ArrayList<>();
    lines.add(OpInfo.of(node.op()).name());
    lines.add(type(node.result().type()));
    String constants =
        OpInfo.operands(node.op()).stream()
            .filter(v -> constant(v) != null)
            .map(v -> shape(v.type()))
            .collect(Collectors.joining(", "));
    if (!constants.isEmpty()) {
      lines.add("const " + constants);
    }
    String origin = scope(node.loc().node(), 2);
    if (!origin.isEmpty() && origin.length() <= LONGEST_ORIGIN) {
      lines.add(origin);
    }
    return lines;
  }

  /// The last parts of a node's name.
  private static String scope(String node, int parts) {
    List<String> all = List.of(node.split("/"));
    return String.join("/", all.subList(Math.max(0, all.size() - parts), all.size()));
  }

  /// The scope that all nodes with names have in common.
  static String scope(List<? extends Graph.Node<? extends Op>> nodes) {
    List<String> names = nodes.stream().map(n -> n.loc().node()).filter(n -> !n.isEmpty()).toList();
    String common = names.isEmpty() ? "" : names.getFirst();
    for (String name : names) {
      while (!name.startsWith(common)) {
        common = common.substring(0, common.length() - 1);
      }
    }
    return common.substring(0, common.lastIndexOf('/') + 1);
  }

  /// Everything about an operation.
  Map<String, String> of(Graph.Node<? extends Op> node) {
    Map<String, String> d = new LinkedHashMap<>();
    d.put("operation", names.get(node.result()) + " = " + OpInfo.of(node.op()).name());
    d.put("ONNX node", node.loc().node().isEmpty() ? "none" : node.loc().node());
    d.putAll(of(node.result().type()));
    OpInfo info = OpInfo.of(node.op());
    for (OpInfo.Component c : info.attributes()) {
      d.put(c.name(), String.valueOf(info.attribute(node.op(), c.name())));
    }
    int i = 0;
    for (Value v : OpInfo.operands(node.op())) {
      Data data = constant(v);
      String what = data == null ? names.get(v) : "@" + data.name() + "#" + data.hash();
      d.put("operand " + i++, what + " : " + v.type());
    }
    if (!node.loc().rules().isEmpty()) {
      d.put("rules", String.join(", ", node.loc().rules()));
    }
    String more = remark.apply(node);
    if (!more.isEmpty()) {
      d.put("runs on", more);
    }
    return d;
  }

  /// An input or a result.
  static Map<String, String> of(String what, Graph.Port port) {
    Map<String, String> d = new LinkedHashMap<>();
    d.put(what, port.name());
    d.putAll(of(port.type()));
    return d;
  }

  private static Map<String, String> of(TensorType type) {
    Map<String, String> d = new LinkedHashMap<>();
    d.put("type", type.dtype().text());
    d.put("shape", shape(type));
    if (type.scale() != 0) {
      d.put("scale", Double.toString(type.scale()));
    }
    return d;
  }

  static String type(TensorType type) {
    return type.dtype().text() + "  " + shape(type);
  }

  private static String shape(TensorType type) {
    return type.rank() == 0
        ? "scalar"
        : type.dims().stream().map(String::valueOf).collect(Collectors.joining("×"));
  }

  private @org.jspecify.annotations.Nullable Data constant(Value value) {
    Graph.Node<? extends Op> node = definitions.get(value);
    return node != null && node.op() instanceof Layout.Const(Data data) ? data : null;
  }
}
