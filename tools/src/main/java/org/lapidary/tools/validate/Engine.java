package org.lapidary.tools.validate;

import java.util.Locale;

/// Who runs a model.
public enum Engine {
  /// ONNX Runtime as the file says: what all others are compared with.
  FP32("fp32, ONNX Runtime"),
  /// ONNX Runtime's own static quantization on the same calibration samples.
  ORT_STATIC_INT8("static int8, ONNX Runtime"),
  /// ONNX Runtime's own dynamic quantization.
  ORT_DYNAMIC_INT8("dynamic int8, ONNX Runtime"),
  /// Our own evaluator of the imported graph in f32: whether the model was read rightly.
  NN("float referee"),
  /// The compiled program on the simulator.
  INTEGER("integer program");

  private final String title;

  Engine(String title) {
    this.title = title;
  }

  /// For people.
  public String title() {
    return title;
  }

  /// For scripts.
  public String key() {
    return name().toLowerCase(Locale.ROOT);
  }
}
