package org.lapidary.tools.search;

import java.util.Map;
import org.lapidary.ir.Graph;
import org.lapidary.ir.Tensor;
import org.lapidary.ir.op.NnOp;
import org.lapidary.tools.reference.OnnxRuntimeModel;
import org.lapidary.tools.reference.OnnxWriter;
import org.lapidary.tools.validate.Comparison;

/// A sub-network in ONNX Runtime.
record SubNetwork(OnnxRuntimeModel model) implements Comparison.Engine, AutoCloseable {
  static SubNetwork of(String name, Graph<NnOp> graph) {
    return new SubNetwork(OnnxRuntimeModel.load(name, OnnxWriter.bytes(graph), true));
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
