package org.lapidary.tools.blame;

import java.util.List;
import org.lapidary.ir.Value;

/// An ONNX node with a quantized twin.
///
/// @param node its name
/// @param op what became of it in the canonical graph
/// @param values its results there, in order
/// @param cycles of the kernels that compute it
public record Suspect(String node, String op, List<Value> values, long cycles) {
  public Suspect {
    values = List.copyOf(values);
  }
}
