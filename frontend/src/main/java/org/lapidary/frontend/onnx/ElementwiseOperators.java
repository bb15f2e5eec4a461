package org.lapidary.frontend.onnx;

import static org.lapidary.frontend.onnx.OnnxOp.onnx;

import java.util.List;
import java.util.Optional;
import java.util.function.BinaryOperator;
import java.util.function.Function;
import org.lapidary.ir.DType;
import org.lapidary.ir.Tensor;
import org.lapidary.ir.Value;
import org.lapidary.ir.op.Elementwise;
import org.lapidary.ir.op.NnOp;

/// Operators that treat every element alone.
final class ElementwiseOperators {
  private ElementwiseOperators() {}

  static final List<OnnxOp> ALL =
      List.of(
          unary("Neg", 1, "nn.neg", Elementwise.Neg::new),
          unary("Abs", 1, "nn.abs", Elementwise.Abs::new),
          unary("Exp", 1, "nn.exp", Elementwise.Exp::new),
          unary("Log", 1, "nn.log", Elementwise.Log::new),
          unary("Sqrt", 1, "nn.sqrt", Elementwise.Sqrt::new),
          unary("Reciprocal", 1, "nn.reciprocal", Elementwise.Reciprocal::new),
          unary("Erf", 9, "nn.erf", Elementwise.Erf::new),
          unary("Tanh", 1, "nn.tanh", Elementwise.Tanh::new),
          unary("Sigmoid", 1, "nn.sigmoid", Elementwise.Sigmoid::new),
          unary("Relu", 1, "nn.relu", Elementwise.Relu::new),
          unary("Sin", 7, "nn.sin", Elementwise.Sin::new),
          unary("Cos", 7, "nn.cos", Elementwise.Cos::new),
          unary("Floor", 1, "nn.floor", Elementwise.Floor::new),
          unary("Ceil", 1, "nn.ceil", Elementwise.Ceil::new),
          unary("Round", 11, "nn.round", Elementwise.Round::new),
          unary("Sign", 9, "nn.sign", Elementwise.Sign::new),
          unary("Softplus", 1, "nn.softplus", Elementwise.Softplus::new),
          unary("Not", 1, "nn.not", Elementwise.Not::new),
          onnx("Identity", 1, "nothing", c -> c.in(0)),
          OnnxOp.many("Dropout", 7, "nothing", ElementwiseOperators::dropout),
          binary("Add", 7, "nn.add", Elementwise.Add::new),
          binary("Sub", 7, "nn.sub", Elementwise.Sub::new),
          binary("Mul", 7, "nn.mul", Elementwise.Mul::new),
          binary("Div", 7, "nn.div", Elementwise.Div::new),
          onnx("Mod", 10, "nn.mod", ElementwiseOperators::mod),
          onnx("Pow", 7, "nn.pow", ElementwiseOperators::pow),
          variadic("Sum", 8, "nn.add", Elementwise.Add::new),
          variadic("Min", 8, "nn.min", Elementwise.Min::new),
          variadic("Max", 8, "nn.max", Elementwise.Max::new),
          onnx("Mean", 8, "nn.add, nn.mul", ElementwiseOperators::mean),
          binary("Equal", 7, "nn.equal", Elementwise.Equal::new),
          binary("Greater", 7, "nn.greater", Elementwise.Greater::new),
          binary("GreaterOrEqual", 12, "nn.greater_or_equal", Elementwise.GreaterOrEqual::new),
          binary("Less", 7, "nn.less", Elementwise.Less::new),
          binary("LessOrEqual", 12, "nn.less_or_equal", Elementwise.LessOrEqual::new),
          binary("And", 7, "nn.and", Elementwise.And::new),
          binary("Or", 7, "nn.or", Elementwise.Or::new),
          binary("Xor", 7, "nn.xor", Elementwise.Xor::new),
          onnx("IsNaN", 9, "nn.equal, nn.not", ElementwiseOperators::isNan),
          onnx("IsInf", 10, "nn.equal", ElementwiseOperators::isInf),
          onnx("Where", 9, "nn.where", c -> where(c, c.in(0), c.in(1), c.in(2))),
          onnx("Cast", 6, "nn.cast", ElementwiseOperators::cast),
          onnx("CastLike", 15, "nn.cast", ElementwiseOperators::castLike),
          onnx("Clip", 6, "nn.clip, nn.min, nn.max", ElementwiseOperators::clip),
          onnx("Gelu", 20, "nn.gelu", ElementwiseOperators::gelu),
          onnx("Elu", 6, "nn.exp, nn.where, …", ElementwiseOperators::elu),
          onnx("LeakyRelu", 6, "nn.mul, nn.where, …", ElementwiseOperators::leakyRelu),
          onnx("HardSigmoid", 6, "nn.clip, …", ElementwiseOperators::hardSigmoid),
          onnx("HardSwish", 14, "nn.clip, nn.mul", ElementwiseOperators::hardSwish),
          onnx("PRelu", 7, "nn.mul, nn.where, …", ElementwiseOperators::pRelu),
          onnx("Softsign", 1, "nn.abs, nn.div", ElementwiseOperators::softsign),
          onnx("Swish", 24, "nn.sigmoid, nn.mul", ElementwiseOperators::swish));

  private static OnnxOp unary(String name, int since, String becomes, Function<Value, NnOp> op) {
    return onnx(name, since, becomes, c -> wrapped(c, c.emit(op.apply(c.in(0)))));
  }

  private interface Pair {
    NnOp of(Value a, Value b);
  }

  private static OnnxOp binary(String name, int since, String becomes, Pair op) {
    return onnx(name, since, becomes, c -> wrapped(c, c.emit(op.of(c.in(0), c.in(1)))));
  }

  /// Sums of small unsigned integers, which the graph holds in wider ones, start again at zero.
  private static Value wrapped(Call c, Value x) {
    Optional<ElementType> element = c.out().widened(x);
    return element.isEmpty() ? x : wrapped(c, x, element.get());
  }

  private static Value wrapped(Call c, Value x, ElementType element) {
    Value modulus = c.scalar(Math.scalb(1.0, 8 * element.bytes()), x);
    Value low = c.scalar((double) element.lowest(), x);
    Value raised = element.lowest() == 0 ? x : c.emit(new Elementwise.Sub(x, low));
    Value rest = c.emit(new Elementwise.Mod(raised, modulus, false));
    return element.lowest() == 0 ? rest : c.add(rest, low);
  }

  private static OnnxOp variadic(String name, int since, String becomes, Pair op) {
    return onnx(name, since, becomes, c -> fold(c, (a, b) -> c.emit(op.of(a, b))));
  }

  private static Value fold(Call c, BinaryOperator<Value> op) {
    return c.all().stream().reduce(op).orElseThrow();
  }

  static Value where(Call c, Value condition, Value a, Value b) {
    return c.emit(new Elementwise.Where(condition, a, b));
  }

  /// In inference nothing is dropped, whatever mode the exporter wrote; the mask keeps all.
  private static List<Value> dropout(Call c) {
    Value x = c.in(0);
    Value all = c.constant(Tensor.bool(List.of(), (byte) 1));
    return c.outputs() < 2 ? List.of(x) : List.of(x, c.broadcast(all, x.type().dims()));
  }

  private static Value mod(Call c) {
    return c.emit(new Elementwise.Mod(c.in(0), c.in(1), c.attributes().flag("fmod", false)));
  }

  /// The exponent may have another type; the result has that of the base.
  private static Value pow(Call c) {
    Value x = c.in(0);
    DType dtype = x.type().dtype();
    boolean viaFloat = c.in(1).type().dtype() == DType.F32;
    Value base = viaFloat ? c.cast(x, DType.F32) : x;
    Value exponent = c.cast(c.in(1), base.type().dtype());
    return c.cast(c.emit(new Elementwise.Pow(base, exponent)), dtype);
  }

  private static Value mean(Call c) {
    return c.scale(fold(c, c::add), 1.0 / c.all().size());
  }

  private static Value isNan(Call c) {
    return c.emit(new Elementwise.Not(c.emit(new Elementwise.Equal(c.in(0), c.in(0)))));
  }

  private static Value isInf(Call c) {
    boolean negative = c.attributes().flag("detect_negative", true);
    boolean positive = c.attributes().flag("detect_positive", true);
    Value x = c.in(0);
    Value infinity = c.scalar(positive ? 1.0 / 0 : -1.0 / 0, x);
    Value test = positive && negative ? c.emit(new Elementwise.Abs(x)) : x;
    Value both = c.emit(new Elementwise.Equal(test, infinity));
    return positive || negative ? both : c.emit(new Elementwise.Xor(both, both));
  }

  private static Value cast(Call c) {
    return converted(c, c.in(0), ElementType.of(c.attributes().small("to", 0)));
  }

  private static Value castLike(Call c) {
    Value like = c.in(1);
    Optional<ElementType> narrow = c.out().widened(like);
    return narrow.isPresent()
        ? converted(c, c.in(0), narrow.get())
        : plain(c, c.in(0), like.type().dtype());
  }

  private static Value converted(Call c, Value x, ElementType to) {
    if (!to.isWidenedInteger()) {
      return plain(c, x, to.dtype());
    }
    if (c.out().widened(x).filter(to::equals).isPresent()) {
      return x;
    }
    Value wide = plain(c, x, to.dtype());
    Value result = x.type().dtype() == DType.BOOL ? wide : wrapped(c, wide, to);
    c.out().declare(result, to);
    return result;
  }

  /// A cast to a type the graph has; one between types it holds alike makes a new value, which no
  /// longer counts as the narrower one.
  private static Value plain(Call c, Value x, DType to) {
    return c.out().widened(x).isPresent() ? c.emit(new Elementwise.Cast(x, to)) : c.cast(x, to);
  }

  private static Value clip(Call c) {
    Value x = c.in(0);
    if (c.opset() < 11) {
      double low = c.attributes().number("min", -Float.MAX_VALUE);
      double high = c.attributes().number("max", Float.MAX_VALUE);
      return c.emit(new Elementwise.Clip(x, low, high));
    }
    Optional<Tensor> low = c.maybe(1).flatMap(c.out()::known);
    Optional<Tensor> high = c.maybe(2).flatMap(c.out()::known);
    boolean known = low.isPresent() == c.maybe(1).isPresent();
    known &= high.isPresent() == c.maybe(2).isPresent();
    if (known && x.type().dtype() == DType.F32) {
      return c.emit(
          new Elementwise.Clip(
              x,
              low.map(t -> t.asDouble(0)).orElse((double) -Float.MAX_VALUE),
              high.map(t -> t.asDouble(0)).orElse((double) Float.MAX_VALUE)));
    }
    Value above = c.maybe(1).map(m -> c.emit(new Elementwise.Max(x, m))).orElse(x);
    return c.maybe(2).map(m -> c.emit(new Elementwise.Min(above, m))).orElse(above);
  }

  private static Value gelu(Call c) {
    String how = c.attributes().text("approximate", "none");
    return c.emit(new Elementwise.Gelu(c.in(0), how.equals("tanh")));
  }

  private static Value elu(Call c) {
    Value x = c.in(0);
    Value below = c.add(c.emit(new Elementwise.Exp(x)), c.scalar(-1, x));
    return where(c, positive(c, x), x, c.scale(below, c.attributes().number("alpha", 1)));
  }

  private static Value leakyRelu(Call c) {
    Value x = c.in(0);
    return where(c, positive(c, x), x, c.scale(x, c.attributes().number("alpha", 0.01f)));
  }

  private static Value positive(Call c, Value x) {
    return c.emit(new Elementwise.Greater(x, c.scalar(0, x)));
  }

  private static Value hardSigmoid(Call c) {
    Value x = c.in(0);
    Value line = c.scale(x, c.attributes().number("alpha", 0.2f));
    Value shifted = c.add(line, c.scalar(c.attributes().number("beta", 0.5f), x));
    return c.emit(new Elementwise.Clip(shifted, 0, 1));
  }

  private static Value hardSwish(Call c) {
    Value x = c.in(0);
    Value line = c.add(c.scale(x, 1.0 / 6), c.scalar(0.5, x));
    return c.mul(x, c.emit(new Elementwise.Clip(line, 0, 1)));
  }

  private static Value pRelu(Call c) {
    return where(c, positive(c, c.in(0)), c.in(0), c.mul(c.in(0), c.in(1)));
  }

  private static Value softsign(Call c) {
    Value x = c.in(0);
    Value size = c.add(c.emit(new Elementwise.Abs(x)), c.scalar(1, x));
    return c.emit(new Elementwise.Div(x, size));
  }

  private static Value swish(Call c) {
    Value scaled = c.scale(c.in(0), c.attributes().number("alpha", 1));
    return c.mul(c.in(0), c.emit(new Elementwise.Sigmoid(scaled)));
  }
}
