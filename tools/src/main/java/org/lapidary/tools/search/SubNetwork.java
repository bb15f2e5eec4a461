package org.lapidary.tools.search;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.lapidary.frontend.onnx.OnnxExporter;
import org.lapidary.ir.Graph;
import org.lapidary.ir.Tensor;
import org.lapidary.ir.op.NnOp;
import org.lapidary.tools.reference.OnnxRuntimeModel;
import org.lapidary.tools.validate.Comparison;

/// A sub-network in ONNX Runtime.
record SubNetwork(OnnxRuntimeModel model) implements Comparison.Engine, AutoCloseable {
  static SubNetwork of(Graph<NnOp> graph) {
    try {
      Path file = Files.createTempFile("lapidary", ".onnx");
      try {
        OnnxExporter.write(graph, file);
        return new SubNetwork(OnnxRuntimeModel.load(file));
      } finally {
        Files.delete(file);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public Map<String, Tensor> run(Map<String, Tensor> inputs) {
    return model.run(inputs);
  }

  @Override
  public void close() {
    model.close();
  }
}
