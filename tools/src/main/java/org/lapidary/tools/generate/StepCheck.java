package org.lapidary.tools.generate;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.lapidary.ir.DType;
import org.lapidary.ir.Diagnostic;
import org.lapidary.ir.DiagnosticException;
import org.lapidary.ir.Graph;
import org.lapidary.ir.Tensor;
import org.lapidary.ir.TensorType;
import org.lapidary.ir.eval.Evaluator;
import org.lapidary.ir.op.NnOp;
import org.lapidary.tools.data.Tensors;

/// Checks in real numbers, on one sequence, that a model can be run in steps at all: that a token's
/// logits do not depend on what follows, nor on padding, nor on whether what precedes comes from a
/// cache.
///
/// A model that is not causal fails, and so does one that counts positions from the length of its
/// cache, padding included.
///
/// @param file for messages
/// @param whole for the longest sequence
/// @param graphs for the buckets
/// @param caches of the model
/// @param logits name of the result
record StepCheck(
    String file,
    Graph<NnOp> whole,
    Map<Bucket, Graph<NnOp>> graphs,
    List<CacheFinder.Pair> caches,
    String logits) {
  /// Of the largest logit.
  private static final double TOLERANCE = 1e-3;

  /// @throws DiagnosticException if it cannot
  void check(List<Map<String, Tensor>> samples) {
    long[] ids = ids(samples.getFirst());
    Map.Entry<Bucket, Graph<NnOp>> first = graphs.entrySet().iterator().next();
    int n = Math.min(ids.length, first.getKey().tokens()) - 1;
    if (n < 1) {
      return; // a sequence of one token has nothing before it
    }
    long[] head = Arrays.copyOf(ids, n);
    long[] more = Arrays.copyOf(ids, n + 1);
    Map<String, Tensor> all = run(whole, more, 0, Map.of());
    Map<String, Tensor> begun = run(first.getValue(), head, 0, Map.of());
    compare(all, n - 1, begun, n - 1, "what follows a token, or padding after it,");
    for (Map.Entry<Bucket, Graph<NnOp>> e : graphs.entrySet()) {
      if (!e.getKey().isPrefill()) {
        Map<String, Tensor> past = new LinkedHashMap<>();
        for (CacheFinder.Pair cache : caches) {
          Tensor present = Objects.requireNonNull(begun.get(cache.result()));
          TensorType type = e.getValue().input(cache.input()).orElseThrow().type();
          past.put(cache.input(), window(present, type, cache.axis(), n));
        }
        Map<String, Tensor> next = run(e.getValue(), new long[] {ids[n]}, n, past);
        compare(all, n, next, 0, "the number of masked entries in front of the cache");
        return;
      }
    }
  }

  private Map<String, Tensor> run(
      Graph<NnOp> graph, long[] tokens, int entries, Map<String, Tensor> past) {
    Map<String, Tensor> inputs = Feeds.of(graph.inputs(), tokens, entries);
    inputs.putAll(past);
    return Evaluator.run(graph, inputs);
  }

  /// The tokens of a sample up to its padding.
  private long[] ids(Map<String, Tensor> sample) {
    long[] ids = new long[0];
    int real = Integer.MAX_VALUE;
    for (Graph.Port port : whole.inputs()) {
      Tensor value = sample.get(port.name());
      Role role = Role.of(port.name(), port.type().dtype()).orElseThrow();
      if (value != null && role == Role.IDS) {
        ids = Tensors.convert(value, DType.I64).i64();
      } else if (value != null && role == Role.MASK) {
        int ones = 0;
        for (int i = 0; i < value.elements(); i++) {
          ones += value.asDouble(i) != 0 ? 1 : 0;
        }
        real = ones;
      }
    }
    return Arrays.copyOf(ids, Math.min(ids.length, real));
  }

  /// The first `n` entries at the end of a tensor of zeros.
  private static Tensor window(Tensor present, TensorType type, int axis, int n) {
    int inner = 1;
    for (int i = axis + 1; i < type.rank(); i++) {
      inner *= type.dim(i);
    }
    int outer = type.elements() / (inner * type.dim(axis));
    int from = present.type().dim(axis);
    int to = type.dim(axis);
    float[] out = new float[type.elements()];
    for (int o = 0; o < outer; o++) {
      System.arraycopy(present.f32(), o * from * inner, out, (o * to + to - n) * inner, n * inner);
    }
    return Tensor.of(type, out);
  }

  private void compare(
      Map<String, Tensor> a, int rowA, Map<String, Tensor> b, int rowB, String what) {
    Tensor x = Objects.requireNonNull(a.get(logits));
    Tensor y = Objects.requireNonNull(b.get(logits));
    int width = x.type().dim(-1);
    double largest = 0;
    double difference = 0;
    for (int i = 0; i < width; i++) {
      double wanted = x.asDouble(rowA * width + i);
      largest = Math.max(largest, Math.abs(wanted));
      difference = Math.max(difference, Math.abs(wanted - y.asDouble(rowB * width + i)));
    }
    if (!(difference <= TOLERANCE * Math.max(1, largest))) {
      throw new DiagnosticException(
          Diagnostic.error(
              Diagnostic.Code.INVALID_MODEL,
              file,
              logits,
              "the logits depend on %s: they differ by %.3g of %.3g"
                  .formatted(what, difference, largest),
              "export a causal model with attention_mask and position_ids as inputs"));
    }
  }
}
