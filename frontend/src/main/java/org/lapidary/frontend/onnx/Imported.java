package org.lapidary.frontend.onnx;

import java.util.Map;
import java.util.TreeMap;
import org.lapidary.ir.Graph;
import org.lapidary.ir.op.NnOp;

/// What came out of an ONNX file.
///
/// @param graph the model with static shapes; inputs and results carry their ONNX names
/// @param dims the dimensions that were bound, by name
/// @param opset version of the ONNX operator set it was written for
/// @param producer the exporter, as the file names it
/// @param onnxNodes number of nodes in the file's main graph
public record Imported(
    Graph<NnOp> graph, Map<String, Integer> dims, long opset, String producer, int onnxNodes) {
  public Imported {
    dims = new TreeMap<>(dims);
  }
}
