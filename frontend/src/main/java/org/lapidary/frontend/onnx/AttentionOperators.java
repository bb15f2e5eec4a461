package org.lapidary.frontend.onnx;

import java.util.List;

/// to come
final class AttentionOperators {
  private AttentionOperators() {}

  static final List<OnnxOp> ALL = List.of();
}
