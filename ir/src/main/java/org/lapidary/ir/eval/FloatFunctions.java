package org.lapidary.ir.eval;

import java.util.function.DoubleBinaryOperator;
import java.util.function.DoubleUnaryOperator;
import org.lapidary.ir.num.Elementary;
import org.lapidary.ir.num.Erf;
import org.lapidary.ir.op.Elementwise;

/// The real functions behind the elementwise operations.
final class FloatFunctions {
  private static final double SQRT_2 = Math.sqrt(2);
  private static final double SQRT_2_OVER_PI = Math.sqrt(2 / Math.PI);

  private FloatFunctions() {}

  static DoubleUnaryOperator of(Elementwise.Unary op) {
    return switch (op) {
      case Elementwise.Neg _ -> v -> -v;
      case Elementwise.Abs _ -> Math::abs;
      case Elementwise.Exp _ -> Elementary::exp;
      case Elementwise.Log _ -> Elementary::log;
      case Elementwise.Sqrt _ -> Math::sqrt;
      case Elementwise.Reciprocal _ -> v -> 1 / v;
      case Elementwise.Erf _ -> Erf::erf;
      case Elementwise.Tanh _ -> Elementary::tanh;
      case Elementwise.Sigmoid _ -> v -> 1 / (1 + Elementary.exp(-v));
      case Elementwise.Relu _ -> v -> Math.max(v, 0);
      case Elementwise.Sin _ -> Math::sin;
      case Elementwise.Cos _ -> Math::cos;
      case Elementwise.Floor _ -> Math::floor;
      case Elementwise.Ceil _ -> Math::ceil;
      case Elementwise.Round _ -> Math::rint;
      case Elementwise.Sign _ -> Math::signum;
      case Elementwise.Softplus _ -> FloatFunctions::softplus;
      case Elementwise.Gelu(_, var tanh) -> tanh ? FloatFunctions::tanhGelu : FloatFunctions::gelu;
      case Elementwise.Clip(_, var low, var high) -> v -> Math.min(Math.max(v, low), high);
      case Elementwise.FakeQuantize grid -> v -> onGrid((float) v, grid);
      case Elementwise.Not _ -> throw new IllegalArgumentException(op + " is for booleans only");
    };
  }

  static DoubleBinaryOperator of(Elementwise.Binary op) {
    return switch (op) {
      case Elementwise.Add _ -> Double::sum;
      case Elementwise.Sub _ -> (a, b) -> a - b;
      case Elementwise.Mul _ -> (a, b) -> a * b;
      case Elementwise.Div _ -> (a, b) -> a / b;
      case Elementwise.Pow _ -> FloatFunctions::power;
      case Elementwise.Min _ -> Math::min;
      case Elementwise.Max _ -> Math::max;
      case Elementwise.Mod(_, _, var fmod) ->
          fmod ? (a, b) -> a % b : (a, b) -> a - Math.floor(a / b) * b;
    };
  }

  /// In f32, as ONNX Runtime computes it.
  private static double onGrid(float x, Elementwise.FakeQuantize grid) {
    double q = Math.rint(x / grid.step()) + grid.zero();
    double clipped = Math.min(Math.max(q, grid.low()), grid.high());
    return (float) (clipped - grid.zero()) * grid.step();
  }

  private static double softplus(double v) {
    return Math.max(v, 0) + Elementary.logOnePlus(Elementary.exp(-Math.abs(v)));
  }

  private static double power(double a, double b) {
    return Elementary.isSimpleExponent(b) ? Elementary.power(a, (int) (2 * b)) : Math.pow(a, b);
  }

  private static double gelu(double x) {
    return x / 2 * (1 + Erf.erf(x / SQRT_2));
  }

  private static double tanhGelu(double x) {
    return x / 2 * (1 + Elementary.tanh(SQRT_2_OVER_PI * (x + 0.044715 * x * x * x)));
  }
}
