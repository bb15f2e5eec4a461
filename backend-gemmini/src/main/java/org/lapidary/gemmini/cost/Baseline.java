package org.lapidary.gemmini.cost;

import java.util.Collections;
import java.util.EnumMap;
import java.util.HashSet;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.lapidary.ir.DType;
import org.lapidary.ir.Graph;
import org.lapidary.ir.Value;
import org.lapidary.ir.op.Accumulate;
import org.lapidary.ir.op.Layout;
import org.lapidary.ir.op.MoveOut;
import org.lapidary.ir.op.Op;
import org.lapidary.ir.op.OpInfo;

/// The float-host baseline: matmuls on the accelerator, everything between them on the host in
/// floating point, with a dequantisation after every matmul and a quantisation of every matmul
/// input that the host computed. Source: arXiv 2302.14017, §3.4.
///
/// @param elements of each kind of work of the host; its cycles per element are an assumption, see
///   [HostWork]
/// @param matmulCycles of the accelerator
public record Baseline(Map<HostWork, Long> elements, long matmulCycles) {
  public Baseline {
    Map<HostWork, Long> all = new EnumMap<>(HostWork.class);
    for (HostWork work : HostWork.values()) {
      all.put(work, elements.getOrDefault(work, 0L));
    }
    elements = Collections.unmodifiableMap(all);
  }

  /// The baseline of a quantized graph, without what only makes its integers more exact.
  public static Baseline of(Graph<Op> graph, long matmulCycles) {
    Map<Value, Graph.Node<Op>> definitions = graph.definitions();
    Map<HostWork, Long> elements = new EnumMap<>(HostWork.class);
    Set<Value> quantized = new HashSet<>();
    for (Graph.Node<Op> node : graph.nodes()) {
      if (node.loc().isRefinement()) {
        continue;
      }
      long size = node.result().type().elements();
      switch (node.op()) {
        case MoveOut.SoftmaxI32 _ -> elements.merge(HostWork.SOFTMAX, size, Long::sum);
        case MoveOut.GeluI32 _ -> elements.merge(HostWork.GELU, size, Long::sum);
        case MoveOut.LayerNormI32 _ -> elements.merge(HostWork.LAYERNORM, size, Long::sum);
        case Accumulate.AddI32 sum when isResidual(sum, definitions) ->
            elements.merge(HostWork.RESIDUAL, size, Long::sum);
        case Accumulate.MatMulI8 m -> {
          elements.merge(HostWork.DEQUANTIZE, size, Long::sum);
          addQuantized(m.a(), m.b(), definitions, quantized);
          addQuantized(m.b(), m.a(), definitions, quantized);
        }
        default -> {} // free, or done before and after the model in both
      }
    }
    elements.put(HostWork.QUANTIZE, quantized.stream().mapToLong(v -> v.type().elements()).sum());
    return new Baseline(elements, matmulCycles);
  }

  /// `Baseline.cycles(graph, matmulCycles)` in one number.
  public static long cycles(Graph<Op> graph, long matmulCycles) {
    return of(graph, matmulCycles).cycles();
  }

  /// Cycles of one kind of the host's work.
  public long cycles(HostWork work) {
    return elements.getOrDefault(work, 0L) * work.cyclesPerElement();
  }

  /// All cycles; host and accelerator take turns.
  public long cycles() {
    return matmulCycles + elements.keySet().stream().mapToLong(this::cycles).sum();
  }

  /// The baseline of a model that is this one several times over.
  public Baseline times(int factor) {
    Map<HostWork, Long> more = new EnumMap<>(HostWork.class);
    elements.forEach((work, size) -> more.put(work, size * factor));
    return new Baseline(more, matmulCycles * factor);
  }

  /// The baseline of a model that is this one and another behind it.
  public Baseline plus(Baseline other) {
    Map<HostWork, Long> sums = new EnumMap<>(elements);
    other.elements.forEach((work, size) -> sums.merge(work, size, Long::sum));
    return new Baseline(sums, matmulCycles + other.matmulCycles);
  }

  /// The assumptions and the figures, for people.
  public String description() {
    StringBuilder text = new StringBuilder();
    text.append(
        String.format(
            Locale.ROOT,
            """
            float-host baseline, %,d cycles: matmuls on the accelerator with our own mapping (%,d cycles),
            the rest on the host in float, cycles per element derived from the latency shares of arXiv 2302.14017 (an assumption):
            """,
            cycles(),
            matmulCycles));
    elements.forEach((work, size) ->
        text.append(
            String.format(
                Locale.ROOT,
                "  %-12s  %,12d elements x %d%n",
                work.label(),
                size,
                work.cyclesPerElement())));
    return text.toString();
  }

  /// A sum of two activations of the same shape, one of them not fresh from a matmul.
  private static boolean isResidual(Accumulate.AddI32 sum, Map<Value, Graph.Node<Op>> definitions) {
    return sum.a().type().dims().equals(sum.b().type().dims())
        && origin(sum.a(), definitions) != null
        && origin(sum.b(), definitions) != null;
  }

  /// Inputs of a matmul that come from the host's float operations. What a projection gives
  /// straight to the matmuls of attention stays int8.
  private static void addQuantized(
      Value operand, Value other, Map<Value, Graph.Node<Op>> definitions, Set<Value> quantized) {
    Value source = origin(operand, definitions);
    if (source == null) {
      return;
    }
    Graph.Node<Op> node = definitions.get(source);
    boolean straight =
        node != null
            && (node.op() instanceof MoveOut.Requantize
                || node.op() instanceof MoveOut.RequantizeBlocks);
    boolean attention = origin(other, definitions) != null;
    if (!(straight && attention)) {
      quantized.add(source);
    }
  }

  /// The activation behind rearrangements; null for constants.
  private static @Nullable Value origin(Value value, Map<Value, Graph.Node<Op>> definitions) {
    Value at = value;
    Graph.Node<Op> node = definitions.get(at);
    while (node != null && node.op() instanceof Layout op) {
      if (op instanceof Layout.Const) {
        return null;
      }
      at = OpInfo.operands(op).getFirst();
      node = definitions.get(at);
    }
    return at.type().dtype() == DType.I8 || at.type().dtype() == DType.I32 ? at : null;
  }
}
