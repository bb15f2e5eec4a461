package org.lapidary.frontend.onnx;

import java.util.List;

/// to come
final class MicrosoftOperators {
  private MicrosoftOperators() {}

  static final List<OnnxOp> ALL = List.of();
}
