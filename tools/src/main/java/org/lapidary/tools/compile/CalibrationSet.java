package org.lapidary.tools.compile;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SplittableRandom;
import org.lapidary.ir.DType;
import org.lapidary.ir.Diagnostic;
import org.lapidary.ir.DiagnosticException;
import org.lapidary.ir.Graph;
import org.lapidary.ir.Tensor;
import org.lapidary.ir.TensorType;
import org.lapidary.ir.Value;
import org.lapidary.ir.op.Indexing;
import org.lapidary.ir.op.NnOp;
import org.lapidary.tools.data.Tensors;

/// Inputs on which the ranges of a model's values are observed.
///
/// @param description where they come from, for people
/// @param samples complete inputs of the model, one map per inference
/// @param synthetic whether they were made up for want of real ones
/// @param keptIn file that what was seen is kept in, for a run after a stopped one to go on from
public record CalibrationSet(
    String description,
    List<Map<String, Tensor>> samples,
    boolean synthetic,
    Optional<Path> keptIn) {
  private static final int SYNTHETIC_SAMPLES = 16;
  private static final long SEED = 20260101;

  public CalibrationSet {
    samples = List.copyOf(samples);
    if (samples.isEmpty()) {
      throw new DiagnosticException(
          Diagnostic.error(
              Diagnostic.Code.INVALID_INPUT,
              description,
              "",
              "there is not one sample to calibrate on",
              "give at least one whole batch of samples"));
    }
  }

  /// The same, what was seen being kept in a file.
  public CalibrationSet keptIn(Path file) {
    return new CalibrationSet(description, samples, synthetic, Optional.of(file));
  }

  /// The inputs of a graph as slots of fixed sizes.
  public static List<InputSlot> slots(Graph<NnOp> graph) {
    return graph.inputs().stream()
        .map(port ->
            new InputSlot(
                port.name(),
                port.type().dtype(),
                port.type().dims().stream().map(String::valueOf).toList()))
        .toList();
  }

  /// Real samples, fitted to the model.
  public static CalibrationSet of(
      String description, Graph<NnOp> graph, List<Map<String, Tensor>> rows) {
    int batch = batch(graph);
    List<InputSlot> single =
        slots(graph).stream().map(s -> batch > 1 ? s.withFirst("1") : s).toList();
    InputBinding binding = InputBinding.of(graph.name(), single, Map.of(), 0);
    List<Map<String, Tensor>> complete = rows.stream().map(binding::complete).toList();
    List<Map<String, Tensor>> batches = new ArrayList<>();
    for (int i = 0; i + batch <= complete.size(); i += batch) {
      batches.add(batch == 1 ? complete.get(i) : joined(complete.subList(i, i + batch)));
    }
    return new CalibrationSet(description, batches, false, Optional.empty());
  }

  /// The size that the first axes of all inputs share; 1 if they share none.
  private static int batch(Graph<NnOp> graph) {
    List<Integer> sizes =
        graph.inputs().stream()
            .map(p -> p.type().rank() == 0 ? 1 : p.type().dim(0))
            .distinct()
            .toList();
    return sizes.size() == 1 ? Math.max(1, sizes.getFirst()) : 1;
  }

  /// Samples of batch 1 as one batch.
  private static Map<String, Tensor> joined(List<Map<String, Tensor>> parts) {
    Map<String, Tensor> whole = new LinkedHashMap<>();
    for (String name : parts.getFirst().keySet()) {
      whole.put(name, Tensors.stacked(parts.stream().map(p -> p.get(name)).toList()));
    }
    return whole;
  }

  /// Random token ids below the size of the table they look up; everything else derived from them.
  public static CalibrationSet synthetic(Graph<NnOp> graph) {
    Map<Value, Integer> tableSizes = tableSizes(graph);
    SplittableRandom random = new SplittableRandom(SEED);
    InputBinding binding = InputBinding.of(graph.name(), slots(graph), Map.of(), 0);
    List<Map<String, Tensor>> samples = new ArrayList<>();
    for (int s = 0; s < SYNTHETIC_SAMPLES; s++) {
      Map<String, Tensor> row = new LinkedHashMap<>();
      for (Graph.Port port : graph.inputs()) {
        boolean ids = tableSizes.getOrDefault(port.value(), 0) > 2 && !derivable(port.name());
        if (ids || port.type().dtype() == DType.F32) {
          row.put(port.name(), random(port, tableSizes.getOrDefault(port.value(), 2), random));
        }
      }
      samples.add(binding.complete(row));
    }
    return new CalibrationSet(
        "synthetic: " + SYNTHETIC_SAMPLES + " random inputs, seed " + SEED,
        samples,
        true,
        Optional.empty());
  }

  private static boolean derivable(String name) {
    return name.contains("mask") || name.contains("position") || name.contains("type");
  }

  private static Tensor random(Graph.Port port, int below, SplittableRandom random) {
    TensorType type = port.type();
    if (type.dtype() == DType.F32) {
      float[] a = new float[type.elements()];
      for (int i = 0; i < a.length; i++) {
        a[i] = (float) random.nextGaussian();
      }
      return Tensor.of(type, a);
    }
    long[] a = new long[type.elements()];
    for (int i = 0; i < a.length; i++) {
      a[i] = random.nextInt(below);
    }
    return Tensors.convert(Tensor.i64(type.dims(), a), type.dtype());
  }

  /// For each integer input the size of the smallest table it indexes directly.
  private static Map<Value, Integer> tableSizes(Graph<NnOp> graph) {
    Map<Value, Integer> sizes = new LinkedHashMap<>();
    for (Graph.Node<NnOp> node : graph.nodes()) {
      if (node.op() instanceof Indexing.Gather(Value table, Value indices, int axis)) {
        sizes.merge(indices, table.type().dim(axis), Math::min);
      }
    }
    return sizes;
  }
}
