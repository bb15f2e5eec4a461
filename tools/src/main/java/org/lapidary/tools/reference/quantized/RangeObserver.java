package org.lapidary.tools.reference.quantized;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.lapidary.frontend.onnx.proto.Onnx.NodeProto;
import org.lapidary.ir.Tensor;
import org.lapidary.tools.parallel.Workers;
import org.lapidary.tools.reference.OnnxRuntimeModel;
import org.lapidary.tools.reference.quantized.AffineInt8.Extent;

/// Asks ONNX Runtime what the values of a graph are: which are f32, and between which bounds they
/// stay on samples. The extremes are taken inside the graph, so that memory does not grow with the
/// samples.
final class RangeObserver {
  private static final String MIN = "_observed_min";
  private static final String MAX = "_observed_max";

  private RangeObserver() {}

  /// Names of all f32 values that are no initializers.
  ///
  /// @param graph a copy of its own, which is changed
  static Set<String> floatValues(OnnxGraph graph, String name) {
    Set<String> all = new LinkedHashSet<>();
    graph.nodes().forEach(n -> all.addAll(n.getOutputList()));
    all.remove("");
    all.removeAll(graph.outputs());
    all.forEach(graph::expose);
    try (OnnxRuntimeModel model = OnnxRuntimeModel.load(name, graph.bytes(), false)) {
      Set<String> floats = new LinkedHashSet<>(model.floatOutputs());
      model.inputs().stream()
          .filter(i -> i.dtype() == org.lapidary.ir.DType.F32)
          .forEach(i -> floats.add(i.name()));
      return floats;
    }
  }

  /// The extremes of values over all samples; NaNs and empty values do not count.
  ///
  /// @param graph a copy of its own, which is changed
  static Map<String, Extent> ranges(
      OnnxGraph graph,
      String name,
      Set<String> values,
      List<Map<String, Tensor>> samples,
      int threads) {
    for (String value : values) {
      observe(graph, value, "ReduceMin", MIN);
      observe(graph, value, "ReduceMax", MAX);
    }
    try (OnnxRuntimeModel model = OnnxRuntimeModel.load(name, graph.bytes(), false)) {
      List<Map<String, Extent>> parts =
          Workers.<Map<String, Extent>>fold(
              samples.size(),
              threads,
              LinkedHashMap::new,
              (seen, i) -> add(seen, model.run(samples.get(i)), values),
              _ -> {});
      Map<String, Extent> whole = new LinkedHashMap<>();
      parts.forEach(part -> part.forEach((k, e) -> whole.merge(k, e, Extent::union)));
      return whole;
    }
  }

  private static void observe(OnnxGraph graph, String value, String type, String suffix) {
    List<NodeProto> nodes = new ArrayList<>(graph.nodes());
    nodes.add(OnnxGraph.node(type, List.of(value), List.of(value + suffix)));
    graph.setNodes(nodes);
    graph.expose(value + suffix);
  }

  private static void add(
      Map<String, Extent> seen, Map<String, Tensor> outputs, Set<String> values) {
    for (String value : values) {
      Tensor min = outputs.get(value + MIN);
      Tensor max = outputs.get(value + MAX);
      if (min != null && max != null && min.elements() == 1) {
        Extent extent = new Extent(min.f32()[0], max.f32()[0]);
        if (!Float.isNaN(extent.min()) && !Float.isNaN(extent.max())) {
          seen.merge(value, extent, Extent::union);
        }
      }
    }
  }
}
