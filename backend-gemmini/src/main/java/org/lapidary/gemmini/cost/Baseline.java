package org.lapidary.gemmini.cost;

import java.util.HashSet;
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

/// The float-host baseline: matmuls on the accelerator, as fast as ours; everything between them on
/// the host in floating point, with a dequantisation after every matmul and a quantisation of every
/// matmul input that the host computed. Source: survey.md §2.2.
///
/// The host's cycles per element are an assumption, derived from the survey's latency shares for
/// BERT-Base at length 512.
///
/// @param softmax elements, and so on
/// @param matmulCycles of the accelerator
public record Baseline(
    long softmax,
    long gelu,
    long layerNorm,
    long residual,
    long dequantized,
    long quantized,
    long matmulCycles) {
  private static final int SOFTMAX_CYCLES = 40;
  private static final int GELU_CYCLES = 43;
  private static final int LAYERNORM_CYCLES = 34;
  private static final int RESIDUAL_CYCLES = 94;
  private static final int CONVERSION_CYCLES = 25;

  /// The baseline of a quantized graph.
  public static Baseline of(Graph<Op> graph, long matmulCycles) {
    Map<Value, Graph.Node<Op>> definitions = graph.definitions();
    long softmax = 0;
    long gelu = 0;
    long layerNorm = 0;
    long residual = 0;
    long dequantized = 0;
    Set<Value> quantized = new HashSet<>();
    for (Graph.Node<Op> node : graph.nodes()) {
      int elements = node.result().type().elements();
      switch (node.op()) {
        case MoveOut.SoftmaxI32 _ -> softmax += elements;
        case MoveOut.GeluI32 _ -> gelu += elements;
        case MoveOut.LayerNormI32 _ -> layerNorm += elements;
        case Accumulate.AddI32 sum when isResidual(sum, definitions) -> residual += elements;
        case Accumulate.MatMulI8 m -> {
          dequantized += elements;
          addQuantized(m.a(), m.b(), definitions, quantized);
          addQuantized(m.b(), m.a(), definitions, quantized);
        }
        default -> {} // free, or done before and after the model in both
      }
    }
    long inputs = quantized.stream().mapToLong(v -> v.type().elements()).sum();
    return new Baseline(softmax, gelu, layerNorm, residual, dequantized, inputs, matmulCycles);
  }

  /// `Baseline.cycles(graph, matmulCycles)` in one number.
  public static long cycles(Graph<Op> graph, long matmulCycles) {
    return of(graph, matmulCycles).cycles();
  }

  public long cycles() {
    return softmax * SOFTMAX_CYCLES
        + gelu * GELU_CYCLES
        + layerNorm * LAYERNORM_CYCLES
        + residual * RESIDUAL_CYCLES
        + (dequantized + quantized) * CONVERSION_CYCLES
        + matmulCycles;
  }

  /// The assumptions and the figures, for people.
  public String description() {
    return """
    float-host baseline, %,d cycles: matmuls on the accelerator with our own mapping (%,d cycles),
    the rest on the host in float, cycles per element derived from the latency shares of arXiv 2302.14017 (an assumption):
      softmax       %,12d elements x %d
      GELU          %,12d elements x %d
      LayerNorm     %,12d elements x %d
      residual add  %,12d elements x %d
      dequantise    %,12d elements x %d
      quantise      %,12d elements x %d
    """
        .formatted(
            cycles(),
            matmulCycles,
            softmax,
            SOFTMAX_CYCLES,
            gelu,
            GELU_CYCLES,
            layerNorm,
            LAYERNORM_CYCLES,
            residual,
            RESIDUAL_CYCLES,
            dequantized,
            CONVERSION_CYCLES,
            quantized,
            CONVERSION_CYCLES);
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
    boolean straight = node != null && node.op() instanceof MoveOut.Requantize;
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
