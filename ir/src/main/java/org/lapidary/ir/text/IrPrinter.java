package org.lapidary.ir.text;

import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Function;
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

  private IrPrinter() {}

  /// The text of a graph.
  public static String print(Graph<? extends Op> graph) {
    Map<Value, String> names = names(graph);
    StringBuilder out = new StringBuilder("graph @").append(Quoting.name(graph.name()));
    out.append(
        graph.inputs().stream()
            .map(p -> names.get(p.value()) + ": " + p.type())
            .collect(Collectors.joining(", ", "(", ")")));
    if (!graph.results().isEmpty()) {
      out.append(" -> ").append(list(graph.results().stream().map(Graph.Port::type)));
    }
    out.append(" {\n");
    Function<Value, String> name = v -> names.getOrDefault(v, "%undefined");
    for (Graph.Node<? extends Op> node : graph.nodes()) {
      out.append("  ").append(statement(node, name)).append('\n');
    }
    Stream<String> results = graph.results().stream().map(p -> result(p, name));
    return out.append("  return ").append(list(results)).append("\n}\n").toString();
  }

  /// How values are called in the text of a graph: inputs by name, the others numbered in order.
  public static Map<Value, String> names(Graph<? extends Op> graph) {
    Map<Value, String> names = new HashMap<>();
    graph.inputs().forEach(p -> names.put(p.value(), "%" + Quoting.label(p.name())));
    int number = 0;
    for (Graph.Node<? extends Op> node : graph.nodes()) {
      names.put(node.result(), "%" + number++);
    }
    return names;
  }

  /// One statement, its values called as the caller likes.
  public static String statement(Graph.Node<? extends Op> node, Function<Value, String> name) {
    OpInfo info = OpInfo.of(node.op());
    return "%s = %s(%s)%s : %s%s"
        .formatted(
            name.apply(node.result()),
            info.name(),
            list(OpInfo.operands(node.op()).stream().map(name)),
            attributes(node.op()),
            node.result().type(),
            location(node.loc()));
  }

  /// The attributes of an operation as a statement has them, or nothing; constants by hash.
  public static String attributes(Op op) {
    OpInfo info = OpInfo.of(op);
    return info.attributes().isEmpty()
        ? ""
        : info.attributes().stream()
            .map(c -> c.name() + "=" + value(info.attribute(op, c.name())))
            .collect(Collectors.joining(", ", " {", "}"));
  }

  static String result(Graph.Port port, Function<Value, String> name) {
    return Quoting.label(port.name()) + " = " + name.apply(port.value());
  }

  /// Whether a constant is spelled out in the text.
  static boolean isInline(Data data) {
    return data.type().elements() <= INLINE_ELEMENTS;
  }

  private static String location(Loc loc) {
    if (loc.equals(Loc.NONE)) {
      return "";
    }
    String origin = loc.node().isEmpty() ? "" : "onnx:" + loc.node();
    Stream<String> parts = Stream.concat(Stream.of(origin), loc.rules().stream());
    return "  loc(" + list(parts.map(Quoting::quoted)) + ")";
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
