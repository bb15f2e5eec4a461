package org.lapidary.ir.text;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.lapidary.ir.DType;
import org.lapidary.ir.Data;
import org.lapidary.ir.Graph;
import org.lapidary.ir.Loc;
import org.lapidary.ir.Tensor;
import org.lapidary.ir.Value;
import org.lapidary.ir.op.Op;
import org.lapidary.ir.op.OpInfo;

/// Prints graphs. Equal graphs print equal text: inputs keep their names, all other values are
/// numbered in order. Constants of up to 16 elements are spelled out, larger ones are referred to
/// by name and hash.
public final class IrPrinter {
  private static final int INLINE_ELEMENTS = 16;

  private final Map<Value, String> names = new HashMap<>();
  private final StringBuilder out = new StringBuilder();

  private IrPrinter() {}

  /// The text of a graph.
  public static String print(Graph<? extends Op> graph) {
    IrPrinter printer = new IrPrinter();
    printer.graph(graph);
    return printer.out.toString();
  }

  /// Whether a constant is spelled out in the text.
  static boolean isInline(Data data) {
    return data.type().elements() <= INLINE_ELEMENTS;
  }

  private void graph(Graph<? extends Op> graph) {
    List<String> inputs = new ArrayList<>();
    for (Graph.Port port : graph.inputs()) {
      String name = "%" + Quoting.label(port.name());
      names.put(port.value(), name);
      inputs.add(name + ": " + port.type());
    }
    out.append("graph @").append(Quoting.name(graph.name()));
    out.append(inputs.stream().collect(Collectors.joining(", ", "(", ")")));
    if (!graph.results().isEmpty()) {
      out.append(" -> ").append(list(graph.results().stream().map(Graph.Port::type)));
    }
    out.append(" {\n");
    int number = 0;
    for (Graph.Node<? extends Op> node : graph.nodes()) {
      statement("%" + number++, node);
    }
    out.append("  return ");
    out.append(
        list(graph.results().stream().map(p -> Quoting.label(p.name()) + " = " + name(p.value()))));
    out.append("\n}\n");
  }

  private void statement(String result, Graph.Node<? extends Op> node) {
    OpInfo info = OpInfo.of(node.op());
    out.append("  ").append(result).append(" = ").append(info.name()).append('(');
    out.append(list(OpInfo.operands(node.op()).stream().map(this::name))).append(')');
    List<OpInfo.Component> attributes = info.attributes();
    if (!attributes.isEmpty()) {
      out.append(
          attributes.stream()
              .map(c -> c.name() + "=" + value(info.attribute(node.op(), c.name())))
              .collect(Collectors.joining(", ", " {", "}")));
    }
    out.append(" : ").append(node.result().type());
    if (!node.loc().equals(Loc.NONE)) {
      location(node.loc());
    }
    out.append('\n');
    names.put(node.result(), result);
  }

  private void location(Loc loc) {
    String origin = loc.node().isEmpty() ? "" : "onnx:" + loc.node();
    Stream<String> parts = Stream.concat(Stream.of(origin), loc.rules().stream());
    out.append("  loc(").append(list(parts.map(Quoting::quoted))).append(')');
  }

  private String name(Value value) {
    return names.getOrDefault(value, "%undefined");
  }

  private static String value(Object value) {
    return switch (value) {
      case Data data -> constant(data);
      case List<?> items ->
          items.stream().map(String::valueOf).collect(Collectors.joining(",", "[", "]"));
      case Enum<?> constant -> constant.name().toLowerCase(Locale.ROOT);
      default -> value.toString(); // numbers and booleans
    };
  }

  private static String constant(Data data) {
    String name = data.name().isEmpty() ? "" : "@" + Quoting.name(data.name());
    if (!isInline(data)) {
      return (name.isEmpty() ? "@\"\"" : name) + "#" + data.hash();
    }
    Tensor tensor = data.load();
    String elements =
        IntStream.range(0, tensor.elements())
            .mapToObj(i -> element(tensor, i))
            .collect(Collectors.joining(",", "[", "]"));
    return name.isEmpty() ? elements : name + " " + elements;
  }

  private static String element(Tensor tensor, int i) {
    DType dtype = tensor.type().dtype();
    return switch (dtype) {
      case F32 -> Float.toString(tensor.f32()[i]);
      case BOOL -> tensor.bytes()[i] != 0 ? "true" : "false";
      case I64, I32, I8 -> Long.toString(tensor.asLong(i));
    };
  }

  private static String list(Stream<?> items) {
    return items.map(String::valueOf).collect(Collectors.joining(", "));
  }
}
