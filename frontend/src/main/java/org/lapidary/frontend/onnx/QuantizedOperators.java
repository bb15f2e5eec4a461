package org.lapidary.frontend.onnx;

import java.util.List;

/// to come
final class QuantizedOperators {
  private QuantizedOperators() {}

  static final List<OnnxOp> ALL = List.of();
}
