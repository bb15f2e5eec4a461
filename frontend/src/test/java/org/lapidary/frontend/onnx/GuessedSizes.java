package org.lapidary.frontend.onnx;

import java.nio.file.Path;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.lapidary.frontend.onnx.proto.Onnx.GraphProto;
import org.lapidary.frontend.onnx.proto.Onnx.TensorProto;
import org.lapidary.frontend.onnx.proto.Onnx.TensorShapeProto.Dimension;
import org.lapidary.frontend.onnx.proto.Onnx.ValueInfoProto;

/// Sizes for the symbolic dimensions of any model, by what their names usually mean.
final class GuessedSizes {
  private GuessedSizes() {}

  static Map<String, Integer> of(Path file) {
    GraphProto graph = ModelFile.open(file).model().getGraph();
    Set<String> stored =
        graph.getInitializerList().stream().map(TensorProto::getName).collect(Collectors.toSet());
    Map<String, Integer> sizes = new TreeMap<>();
    for (ValueInfoProto input : graph.getInputList()) {
      int axis = 0;
      for (Dimension d : input.getType().getTensorType().getShape().getDimList()) {
        boolean fixed = d.hasDimValue() && d.getDimValue() >= 0;
        String name = d.getDimParam().isEmpty() ? input.getName() + "." + axis : d.getDimParam();
        if (!fixed && !stored.contains(input.getName()) && !name.contains("+")) {
          sizes.put(name, size(name));
        }
        axis++;
      }
    }
    if (sizes.containsKey("unk_6")) {
      // A product whose inner size the model leaves open: only this one fits.
      sizes.putAll(Map.of("unk_1", 1, "unk_2", 3072, "unk_5", 1));
    }
    if (sizes.containsKey("source_tokens")) {
      sizes.put("batch", 1); // its mask over the encoder was exported without a batch
    }
    return sizes;
  }

  private static int size(String name) {
    return switch (name) {
      case String n when n.contains("total") -> 8;
      case String n when n.contains("past") -> 3;
      case String n when n.contains("atch") -> 2;
      case String n when n.length() <= 2 || n.startsWith("unk") -> 4;
      default -> 5;
    };
  }
}
