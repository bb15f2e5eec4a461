package org.lapidary.ir.eval;

import java.util.List;
import org.lapidary.ir.Tensor;
import org.lapidary.ir.TensorType;
import org.lapidary.ir.op.Accumulate;

/// Meaning of the operations that make or extend an i32 sum; all arithmetic wraps at 32 bits.
final class AccumulateOps {
  private AccumulateOps() {}

  static Tensor apply(Accumulate op, List<Tensor> operands) {
    TensorType type = op.resultType();
    return switch (op) {
      case Accumulate.MatMulI8 _ -> MatMuls.int8(operands.get(0), operands.get(1), type);
      case Accumulate.ChannelMul _ -> channelMul(operands.get(0), operands.get(1), type);
      case Accumulate.Widen _ -> widen(operands.getFirst(), type);
      case Accumulate.AddI32 _ -> add(operands.get(0), operands.get(1), type);
      case Accumulate.Rescale _ -> operands.getFirst().retyped(type);
    };
  }

  private static Tensor channelMul(Tensor x, Tensor factors, TensorType type) {
    int n = type.dim(-1);
    int[] out = new int[type.elements()];
    for (int i = 0; i < out.length; i++) {
      out[i] = x.bytes()[i] * factors.i32()[i % n];
    }
    return Tensor.of(type, out);
  }

  private static Tensor widen(Tensor x, TensorType type) {
    int[] out = new int[type.elements()];
    for (int i = 0; i < out.length; i++) {
      out[i] = x.bytes()[i];
    }
    return Tensor.of(type, out);
  }

  private static Tensor add(Tensor a, Tensor b, TensorType type) {
    int[] left = a.i32();
    int[] right = Strided.broadcast(b, type.dims()).i32();
    int[] out = new int[left.length];
    for (int i = 0; i < out.length; i++) {
      out[i] = left[i] + right[i];
    }
    return Tensor.of(type, out);
  }
}
