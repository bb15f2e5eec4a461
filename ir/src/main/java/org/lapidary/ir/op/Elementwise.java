package org.lapidary.ir.op;

import java.util.List;
import org.lapidary.ir.DType;
import org.lapidary.ir.TensorType;
import org.lapidary.ir.Value;

/// Operations that treat every element alone; operands broadcast.
public sealed interface Elementwise extends NnOp {

  /// One operand, result of the same type.
  sealed interface Unary extends Elementwise {
    Value x();

    @Override
    default TensorType resultType() {
      return numbers(x().type());
    }
  }

  /// One operand, only of real numbers.
  sealed interface Real extends Unary {
    @Override
    default TensorType resultType() {
      Shapes.require(x().type().dtype() == DType.F32, "%s where f32 is needed", x().type());
      return x().type();
    }
  }

  /// Two operands of one element type, result of that type; numbers, not booleans.
  sealed interface Binary extends Elementwise {
    Value a();

    Value b();

    @Override
    default TensorType resultType() {
      return numbers(broadcast(a(), b())).withScale(0);
    }
  }

  /// Two operands, result boolean.
  sealed interface Comparison extends Elementwise {
    Value a();

    Value b();

    @Override
    default TensorType resultType() {
      return broadcast(a(), b()).withDtype(DType.BOOL);
    }
  }

  /// Two booleans, result boolean.
  sealed interface Logical extends Comparison {
    @Override
    default TensorType resultType() {
      Shapes.require(a().type().dtype() == DType.BOOL, "%s where bool is needed", a().type());
      return broadcast(a(), b()).withDtype(DType.BOOL);
    }
  }

  private static TensorType numbers(TensorType type) {
    Shapes.require(type.dtype() != DType.BOOL, "%s where numbers are needed", type);
    return type;
  }

  private static TensorType broadcast(Value a, Value b) {
    Shapes.require(
        a.type().dtype() == b.type().dtype(), "operands of types %s and %s", a.type(), b.type());
    return a.type().withDims(Shapes.broadcast(a.type().dims(), b.type().dims()));
  }

  /// `-x`. Source: ONNX Neg-13.
  @Name("nn.neg")
  record Neg(Value x) implements Unary {}

  /// `|x|`. Source: ONNX Abs-13.
  @Name("nn.abs")
  record Abs(Value x) implements Unary {}

  /// `e^x`. Source: ONNX Exp-13.
  @Name("nn.exp")
  record Exp(Value x) implements Real {}

  /// `ln x`. Source: ONNX Log-13.
  @Name("nn.log")
  record Log(Value x) implements Real {}

  /// The square root. Source: ONNX Sqrt-13.
  @Name("nn.sqrt")
  record Sqrt(Value x) implements Real {}

  /// `1/x`. Source: ONNX Reciprocal-13.
  @Name("nn.reciprocal")
  record Reciprocal(Value x) implements Real {}

  /// The Gauss error function. Source: ONNX Erf-13.
  @Name("nn.erf")
  record Erf(Value x) implements Real {}

  /// The hyperbolic tangent. Source: ONNX Tanh-13.
  @Name("nn.tanh")
  record Tanh(Value x) implements Real {}

  /// `1/(1 + e^-x)`. Source: ONNX Sigmoid-13.
  @Name("nn.sigmoid")
  record Sigmoid(Value x) implements Real {}

  /// `max(x, 0)`. Source: ONNX Relu-14.
  @Name("nn.relu")
  record Relu(Value x) implements Unary {}

  /// The sine. Source: ONNX Sin-7.
  @Name("nn.sin")
  record Sin(Value x) implements Real {}

  /// The cosine. Source: ONNX Cos-7.
  @Name("nn.cos")
  record Cos(Value x) implements Real {}

  /// The largest integer not above. Source: ONNX Floor-13.
  @Name("nn.floor")
  record Floor(Value x) implements Real {}

  /// The smallest integer not below. Source: ONNX Ceil-13.
  @Name("nn.ceil")
  record Ceil(Value x) implements Real {}

  /// The nearest integer, ties to even. Source: ONNX Round-11.
  @Name("nn.round")
  record Round(Value x) implements Real {}

  /// -1, 0 or 1. Source: ONNX Sign-13.
  @Name("nn.sign")
  record Sign(Value x) implements Unary {}

  /// `ln(1 + e^x)`. Source: ONNX Softplus-1.
  @Name("nn.softplus")
  record Softplus(Value x) implements Real {}

  /// `a + b`; integers wrap. Source: ONNX Add-14.
  @Name("nn.add")
  record Add(Value a, Value b) implements Binary, Commutative {}

  /// `a - b`. Source: ONNX Sub-14.
  @Name("nn.sub")
  record Sub(Value a, Value b) implements Binary {}

  /// `a * b`. Source: ONNX Mul-14.
  @Name("nn.mul")
  record Mul(Value a, Value b) implements Binary, Commutative {}

  /// `a / b`; integers are truncated toward zero. Source: ONNX Div-14.
  @Name("nn.div")
  record Div(Value a, Value b) implements Binary {}

  /// `a` to the power `b`. Source: ONNX Pow-15.
  @Name("nn.pow")
  record Pow(Value a, Value b) implements Binary {}

  /// The smaller of a and b. Source: ONNX Min-13.
  @Name("nn.min")
  record Min(Value a, Value b) implements Binary, Commutative {}

  /// The larger of a and b. Source: ONNX Max-13.
  @Name("nn.max")
  record Max(Value a, Value b) implements Binary, Commutative {}

  /// Remainder; sign of b for integers (`fmod` false), sign of a when fmod. Source: ONNX Mod-13.
  @Name("nn.mod")
  record Mod(Value a, Value b, boolean fmod) implements Binary {}

  /// `a = b`. Source: ONNX Equal-13.
  @Name("nn.equal")
  record Equal(Value a, Value b) implements Comparison {}

  /// `a > b`. Source: ONNX Greater-13.
  @Name("nn.greater")
  record Greater(Value a, Value b) implements Comparison {}

  /// `a >= b`. Source: ONNX GreaterOrEqual-16.
  @Name("nn.greater_or_equal")
  record GreaterOrEqual(Value a, Value b) implements Comparison {}

  /// `a < b`. Source: ONNX Less-13.
  @Name("nn.less")
  record Less(Value a, Value b) implements Comparison {}

  /// `a <= b`. Source: ONNX LessOrEqual-16.
  @Name("nn.less_or_equal")
  record LessOrEqual(Value a, Value b) implements Comparison {}

  /// Both `a` and `b`. Source: ONNX And-7.
  @Name("nn.and")
  record And(Value a, Value b) implements Logical {}

  /// `a` or `b` or both. Source: ONNX Or-7.
  @Name("nn.or")
  record Or(Value a, Value b) implements Logical {}

  /// Either `a` or `b`. Source: ONNX Xor-7.
  @Name("nn.xor")
  record Xor(Value a, Value b) implements Logical {}

  /// Not `x`. Source: ONNX Not-1.
  @Name("nn.not")
  record Not(Value x) implements Unary {
    @Override
    public TensorType resultType() {
      Shapes.require(x.type().dtype() == DType.BOOL, "%s where bool is needed", x.type());
      return x.type();
    }
  }

  /// Gaussian error linear unit: `x/2 (1 + erf(x/sqrt 2))`, or its tanh approximation. Source: ONNX
  /// Gelu-20.
  @Name("nn.gelu")
  record Gelu(Value x, boolean tanh) implements Real {}

  /// Clamp to `[low, high]`. Source: ONNX Clip-13.
  @Name("nn.clip")
  record Clip(Value x, double low, double high) implements Unary {}

  /// What is left of x on a grid of integers: `(clip(round(x / step) + zero, low, high) - zero) *
  /// step`. Source: ONNX QuantizeLinear-13 followed by DequantizeLinear-13.
  @Name("nn.fake_quantize")
  record FakeQuantize(Value x, float step, int zero, int low, int high) implements Real {
    @Override
    public TensorType resultType() {
      Shapes.require(
          step > 0 && Float.isFinite(step) && low <= zero && zero <= high,
          "a grid of step %s, from %d to %d with its zero at %d",
          step,
          low,
          high,
          zero);
      return Real.super.resultType();
    }
  }

  /// Conversion to another element type; floats are truncated toward zero, booleans are `!= 0`.
  /// Source: ONNX Cast-13.
  @Name("nn.cast")
  record Cast(Value x, DType to) implements Elementwise {
    @Override
    public TensorType resultType() {
      return x.type().withDtype(to);
    }
  }

  /// `condition ? a : b`. Source: ONNX Where-16.
  @Name("nn.where")
  record Where(Value condition, Value a, Value b) implements Elementwise {
    @Override
    public TensorType resultType() {
      Shapes.require(
          condition.type().dtype() == DType.BOOL, "condition of type %s", condition.type());
      TensorType both = broadcast(a, b);
      List<Integer> dims = Shapes.broadcast(condition.type().dims(), both.dims());
      return both.withDims(dims).withScale(0);
    }
  }

  /// Marks `f(a, b) = f(b, a)`.
  sealed interface Commutative permits Add, Mul, Min, Max {}
}
