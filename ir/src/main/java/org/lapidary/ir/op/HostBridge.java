package org.lapidary.ir.op;

import org.lapidary.ir.DType;
import org.lapidary.ir.TensorType;
import org.lapidary.ir.Value;

/// Steps of the host between real numbers and integers, where the accelerated part begins and ends.
public sealed interface HostBridge extends QOp {

  /// `clamp(round(x / scale))`, ties to even, computed in double; clamped to `[low, high]`.
  @Name("q.quantize")
  record Quantize(Value x, DType to, double scale, long low, long high) implements HostBridge {
    @Override
    public TensorType resultType() {
      Shapes.require(
          x.type().dtype() == DType.F32 && (to == DType.I8 || to == DType.I32),
          "quantize of %s to %s",
          x.type(),
          to.text());
      long limit = to == DType.I8 ? Byte.MAX_VALUE : Integer.MAX_VALUE;
      Shapes.require(
          scale > 0 && -limit - 1 <= low && low <= high && high <= limit,
          "quantize by %s to [%d, %d] as %s",
          scale,
          low,
          high,
          to.text());
      return new TensorType(to, x.type().dims(), scale);
    }
  }

  /// `float(x * scale)`, the product taken in double, the scale that of the operand's type.
  @Name("q.dequantize")
  record Dequantize(Value x) implements HostBridge {
    @Override
    public TensorType resultType() {
      Shapes.require(
          x.type().dtype() == DType.I8 || x.type().dtype() == DType.I32,
          "dequantize of %s",
          x.type());
      return TensorType.of(DType.F32, x.type().dims());
    }
  }
}
