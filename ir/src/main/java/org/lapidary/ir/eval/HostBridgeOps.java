package org.lapidary.ir.eval;

import org.lapidary.ir.Tensor;
import org.lapidary.ir.TensorType;
import org.lapidary.ir.num.Rounding;
import org.lapidary.ir.op.HostBridge;

/// Meaning of the steps between real numbers and integers.
final class HostBridgeOps {
  private HostBridgeOps() {}

  static Tensor apply(HostBridge op, Tensor x) {
    TensorType type = op.resultType();
    return switch (op) {
      case HostBridge.Quantize quantize -> quantize(x, type, quantize);
      case HostBridge.Dequantize _ -> dequantize(x, type);
    };
  }

  private static Tensor quantize(Tensor x, TensorType type, HostBridge.Quantize op) {
    Tensor out = Strided.zeros(type);
    for (int i = 0; i < out.elements(); i++) {
      double steps = x.f32()[i] / op.scale();
      ElementwiseOps.set(out, i, Rounding.roundClamp(steps, op.low(), op.high()));
    }
    return out;
  }

  private static Tensor dequantize(Tensor x, TensorType type) {
    double scale = x.type().scale();
    float[] out = new float[type.elements()];
    for (int i = 0; i < out.length; i++) {
      out[i] = (float) (x.asLong(i) * scale);
    }
    return Tensor.of(type, out);
  }
}
