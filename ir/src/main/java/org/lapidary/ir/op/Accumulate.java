package org.lapidary.ir.op;

import org.lapidary.ir.DType;
import org.lapidary.ir.TensorType;
import org.lapidary.ir.Value;

/// Operations that make or extend an i32 sum in the accumulator.
public sealed interface Accumulate extends QOp {

  /// Integer matrix product. Shapes: a `i8[..,M,K]`, b `i8[..,K,N]`, result `i32[..,M,N]`; scale of
  /// the result is the product of the scales.
  @Name("q.matmul")
  record MatMulI8(Value a, Value b) implements Accumulate {
    @Override
    public TensorType resultType() {
      int8(a);
      int8(b);
      return new TensorType(
          DType.I32,
          Shapes.matmul(a.type().dims(), b.type().dims()),
          a.type().scale() * b.type().scale());
    }
  }

  /// Every channel (last axis) times an integer factor of its own: `y[..,n] = x[..,n] *
  /// factors[n]`, a matrix product with a diagonal matrix, in as many int8 pieces as the largest
  /// factor needs. Shapes: x `i8[..,N]`, factors `i32[N]`. The real value of a step, which the
  /// factors express, is given as `scale`.
  @Name("q.channel_mul")
  record ChannelMul(Value x, Value factors, double scale) implements Accumulate {
    @Override
    public TensorType resultType() {
      int8(x);
      Shapes.require(
          factors.type().dtype() == DType.I32
              && factors.type().rank() == 1
              && factors.type().dim(0) == x.type().dim(-1),
          "channel_mul of %s by %s",
          x.type(),
          factors.type());
      return new TensorType(DType.I32, x.type().dims(), scale);
    }
  }

  /// An int8 value moved into the accumulator as it is.
  @Name("q.widen")
  record Widen(Value x) implements Accumulate {
    @Override
    public TensorType resultType() {
      int8(x);
      return new TensorType(DType.I32, x.type().dims(), x.type().scale());
    }
  }

  /// Sum of two i32 values; b broadcasts to the shape of a (a bias row, a mask, or a whole matrix).
  /// The scales agree by construction; the result has that of a.
  @Name("q.add")
  record AddI32(Value a, Value b) implements Accumulate {
    @Override
    public TensorType resultType() {
      Shapes.require(
          a.type().dtype() == DType.I32 && b.type().dtype() == DType.I32,
          "q.add of %s and %s",
          a.type(),
          b.type());
      Shapes.require(
          Shapes.broadcast(a.type().dims(), b.type().dims()).equals(a.type().dims()),
          "q.add of %s and %s: the second must broadcast to the first",
          a.type(),
          b.type());
      return a.type();
    }
  }

  /// The same integers under another scale: a multiplication of the real value by a constant, at no
  /// cost.
  @Name("q.rescale")
  record Rescale(Value x, double scale) implements Accumulate {
    @Override
    public TensorType resultType() {
      return x.type().withScale(scale);
    }
  }

  private static void int8(Value v) {
    Shapes.require(v.type().dtype() == DType.I8, "%s where i8 is needed", v.type());
  }
}
