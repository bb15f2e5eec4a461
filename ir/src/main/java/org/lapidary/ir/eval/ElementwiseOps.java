package org.lapidary.ir.eval;

import java.util.List;
import java.util.function.DoubleBinaryOperator;
import java.util.function.DoubleUnaryOperator;
import java.util.function.LongBinaryOperator;
import java.util.function.LongUnaryOperator;
import org.lapidary.ir.DType;
import org.lapidary.ir.Tensor;
import org.lapidary.ir.TensorType;
import org.lapidary.ir.op.Elementwise;

/// Meaning of the operations that treat every element alone. Floats are computed in double and
/// rounded once to f32; integers in 64 bits, of which the type's low bits are kept.
final class ElementwiseOps {
  private ElementwiseOps() {}

  static Tensor apply(Elementwise op, List<Tensor> operands) {
    TensorType type = op.resultType();
    return switch (op) {
      case Elementwise.Cast _ -> cast(operands.getFirst(), type);
      case Elementwise.Where _ -> where(operands, type);
      case Elementwise.Unary unary -> unary(unary, operands.getFirst(), type);
      case Elementwise.Binary binary -> binary(binary, operands, type);
      case Elementwise.Comparison comparison -> comparison(comparison, operands, type);
    };
  }

  private static Tensor unary(Elementwise.Unary op, Tensor x, TensorType type) {
    return type.dtype() == DType.F32
        ? mapFloats(x, type, FloatFunctions.of(op))
        : mapIntegers(x, type, integerFunction(op));
  }

  private static LongUnaryOperator integerFunction(Elementwise.Unary op) {
    return switch (op) {
      case Elementwise.Neg _ -> v -> -v;
      case Elementwise.Abs _ -> Math::abs;
      case Elementwise.Sign _ -> Long::signum;
      case Elementwise.Relu _ -> v -> Math.max(v, 0);
      case Elementwise.Not _ -> v -> v == 0 ? 1 : 0;
      case Elementwise.Clip(_, var low, var high) ->
          v -> v < low ? (long) low : v > high ? (long) high : v;
      case Elementwise.Real _ -> throw new IllegalArgumentException(op + " is for f32 only");
    };
  }

  private static Tensor binary(Elementwise.Binary op, List<Tensor> operands, TensorType type) {
    Tensor a = Strided.broadcast(operands.get(0), type.dims());
    Tensor b = Strided.broadcast(operands.get(1), type.dims());
    if (type.dtype() == DType.F32) {
      return Tensor.of(type, floats(op, a.f32(), b.f32()));
    }
    Tensor out = Strided.zeros(type);
    LongBinaryOperator f = integerFunction(op);
    for (int i = 0; i < out.elements(); i++) {
      set(out, i, f.applyAsLong(a.asLong(i), b.asLong(i)));
    }
    return out;
  }

  /// The two that most of a Transformer consists of have loops of their own: sums and products of
  /// floats are the same whether they are rounded at once or by way of a double.
  private static float[] floats(Elementwise.Binary op, float[] a, float[] b) {
    float[] out = new float[a.length];
    switch (op) {
      case Elementwise.Add _ -> {
        for (int i = 0; i < out.length; i++) {
          out[i] = a[i] + b[i];
        }
      }
      case Elementwise.Mul _ -> {
        for (int i = 0; i < out.length; i++) {
          out[i] = a[i] * b[i];
        }
      }
      default -> {
        DoubleBinaryOperator f = FloatFunctions.of(op);
        for (int i = 0; i < out.length; i++) {
          out[i] = (float) f.applyAsDouble(a[i], b[i]);
        }
      }
    }
    return out;
  }

  private static LongBinaryOperator integerFunction(Elementwise.Binary op) {
    return switch (op) {
      case Elementwise.Add _ -> Long::sum;
      case Elementwise.Sub _ -> (a, b) -> a - b;
      case Elementwise.Mul _ -> (a, b) -> a * b;
      case Elementwise.Div _ -> (a, b) -> a / b;
      case Elementwise.Pow _ -> ElementwiseOps::power;
      case Elementwise.Min _ -> Math::min;
      case Elementwise.Max _ -> Math::max;
      case Elementwise.Mod(_, _, var fmod) -> fmod ? (a, b) -> a % b : Math::floorMod;
    };
  }

  /// Repeated multiplication, wrapping; a negative exponent gives the truncated real power.
  private static long power(long base, long exponent) {
    if (exponent < 0) {
      return (long) Math.pow((double) base, (double) exponent);
    }
    long result = 1;
    for (long b = base, e = exponent; e > 0; e >>= 1, b *= b) {
      result *= (e & 1) == 1 ? b : 1;
    }
    return result;
  }

  private static Tensor comparison(
      Elementwise.Comparison op, List<Tensor> operands, TensorType type) {
    Tensor a = Strided.broadcast(operands.get(0), type.dims());
    Tensor b = Strided.broadcast(operands.get(1), type.dims());
    boolean floats = a.type().dtype() == DType.F32;
    byte[] out = new byte[type.elements()];
    for (int i = 0; i < out.length; i++) {
      boolean holds =
          floats ? holds(op, a.f32()[i], b.f32()[i]) : holds(op, a.asLong(i), b.asLong(i));
      out[i] = (byte) (holds ? 1 : 0);
    }
    return Tensor.of(type, out);
  }

  private static boolean holds(Elementwise.Comparison op, double a, double b) {
    return switch (op) {
      case Elementwise.Equal _ -> a == b;
      case Elementwise.Greater _ -> a > b;
      case Elementwise.GreaterOrEqual _ -> a >= b;
      case Elementwise.Less _ -> a < b;
      case Elementwise.LessOrEqual _ -> a <= b;
      case Elementwise.And _ -> a != 0 && b != 0;
      case Elementwise.Or _ -> a != 0 || b != 0;
      case Elementwise.Xor _ -> (a != 0) != (b != 0);
    };
  }

  private static boolean holds(Elementwise.Comparison op, long a, long b) {
    return switch (op) {
      case Elementwise.Equal _ -> a == b;
      case Elementwise.Greater _ -> a > b;
      case Elementwise.GreaterOrEqual _ -> a >= b;
      case Elementwise.Less _ -> a < b;
      case Elementwise.LessOrEqual _ -> a <= b;
      case Elementwise.And _ -> a != 0 && b != 0;
      case Elementwise.Or _ -> a != 0 || b != 0;
      case Elementwise.Xor _ -> (a != 0) != (b != 0);
    };
  }

  private static Tensor where(List<Tensor> operands, TensorType type) {
    byte[] condition = Strided.broadcast(operands.get(0), type.dims()).bytes();
    Tensor a = Strided.broadcast(operands.get(1), type.dims());
    Tensor b = Strided.broadcast(operands.get(2), type.dims());
    Tensor out = Strided.zeros(type);
    for (int i = 0; i < condition.length; i++) {
      Strided.copy(condition[i] != 0 ? a : b, i, 1, out, i, 1);
    }
    return out;
  }

  private static Tensor cast(Tensor x, TensorType type) {
    Tensor out = Strided.zeros(type);
    boolean fromFloat = x.type().dtype() == DType.F32;
    for (int i = 0; i < out.elements(); i++) {
      switch (type.dtype()) {
        case F32 -> out.f32()[i] = fromFloat ? x.f32()[i] : (float) x.asLong(i);
        case I64, I32, I8 -> set(out, i, x.asLong(i));
        case BOOL -> out.bytes()[i] = (byte) (x.asDouble(i) != 0 ? 1 : 0);
      }
    }
    return out;
  }

  private static Tensor mapFloats(Tensor x, TensorType type, DoubleUnaryOperator f) {
    float[] from = x.f32();
    float[] out = new float[from.length];
    for (int i = 0; i < out.length; i++) {
      out[i] = (float) f.applyAsDouble(from[i]);
    }
    return Tensor.of(type, out);
  }

  private static Tensor mapIntegers(Tensor x, TensorType type, LongUnaryOperator f) {
    Tensor out = Strided.zeros(type);
    for (int i = 0; i < out.elements(); i++) {
      set(out, i, f.applyAsLong(x.asLong(i)));
    }
    return out;
  }

  /// Stores the low bits of an integer.
  static void set(Tensor out, int i, long v) {
    switch (out.type().dtype()) {
      case F32 -> throw new IllegalArgumentException("an integer into " + out);
      case I64 -> out.i64()[i] = v;
      case I32 -> out.i32()[i] = (int) v;
      case I8, BOOL -> out.bytes()[i] = (byte) v;
    }
  }
}
