package org.lapidary.frontend.onnx;

import static org.lapidary.frontend.onnx.OnnxOp.many;
import static org.lapidary.frontend.onnx.OnnxOp.microsoft;
import static org.lapidary.frontend.onnx.OnnxOp.microsoftMany;
import static org.lapidary.frontend.onnx.OnnxOp.onnx;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.function.BinaryOperator;
import org.lapidary.ir.DType;
import org.lapidary.ir.Diagnostic;
import org.lapidary.ir.Tensor;
import org.lapidary.ir.Value;
import org.lapidary.ir.op.Elementwise;
import org.lapidary.ir.op.Neural;
import org.lapidary.ir.op.Neural.Reduction;

/// Models somebody else has quantized already: their integers become the real numbers they stand
/// for ([Grids]), so that the graph computes what the model computes and shows the grids it was
/// quantized on. Stored weights are converted when they are read.
final class QuantizedOperators {
  private static final String ROUNDED = "nn.fake_quantize";
  private static final String SCALED = "nn.cast, nn.sub, nn.mul";

  private QuantizedOperators() {}

  static final List<OnnxOp> ALL =
      List.of(
          onnx("QuantizeLinear", 10, ROUNDED, QuantizedOperators::quantizeLinear),
          microsoft("QuantizeLinear", ROUNDED, QuantizedOperators::quantizeLinear),
          onnx("DequantizeLinear", 10, SCALED, QuantizedOperators::dequantizeLinear),
          microsoft("DequantizeLinear", SCALED, QuantizedOperators::dequantizeLinear),
          many("DynamicQuantizeLinear", 11, "nn.fake_quantize_dynamic", c -> dynamic(c, c.in(0))),
          onnx("MatMulInteger", 10, "nn.sub, nn.matmul", QuantizedOperators::matMulInteger),
          microsoft("MatMulIntegerToFloat", "nn.matmul, nn.mul", QuantizedOperators::toFloat),
          microsoft(
              "DynamicQuantizeMatMul", "nn.matmul, nn.mul", QuantizedOperators::dynamicMatMul),
          onnx("QLinearMatMul", 10, SCALED + ", nn.matmul", QuantizedOperators::qLinearMatMul),
          microsoft("QLinearAdd", SCALED + ", nn.add", c -> qLinear(c, c::add)),
          microsoft("QLinearMul", SCALED + ", nn.mul", c -> qLinear(c, c::mul)),
          microsoft("QLinearSoftmax", SCALED + ", nn.softmax", QuantizedOperators::softmax),
          microsoft("QLinearSigmoid", SCALED + ", nn.sigmoid", QuantizedOperators::sigmoid),
          microsoft("QLinearConcat", SCALED + ", nn.concat", QuantizedOperators::concat),
          microsoft("QLinearWhere", SCALED + ", nn.where", QuantizedOperators::where),
          microsoft("QGemm", SCALED + ", nn.matmul, nn.add", QuantizedOperators::gemm),
          microsoft("MatMulNBits", "nn.matmul, nn.add", FewBits::matMul),
          microsoftMany("QAttention", SCALED + ", as Attention", QuantizedOperators::qAttention));

  private static Value quantizeLinear(Call c) {
    Value x = c.cast(c.in(0), DType.F32);
    ElementType to =
        c.maybe(2).isPresent()
            ? elementOf(c, c.in(2))
            : c.attributes().has("output_dtype")
                ? ElementType.of(c.attributes().small("output_dtype", 2))
                : ElementType.UINT8;
    requireFinite(c, c.in(1));
    Value scale = aligned(c, c.in(1), x);
    Optional<Value> zero = c.maybe(2).map(z -> aligned(c, z, x));
    return quantized(c, x, scale, zero, to);
  }

  /// Calibration tools write infinite scales where a mask of -3e38 was among the samples.
  private static void requireFinite(Call c, Value scale) {
    Optional<Tensor> known = c.out().known(scale);
    for (int i = 0; known.isPresent() && i < known.get().elements(); i++) {
      double step = known.get().asDouble(i);
      if (!(step > 0 && Double.isFinite(step))) {
        throw new Refusal(
            Diagnostic.Code.INVALID_MODEL,
            c.opType() + " has a scale of " + step,
            "quantize again and leave out what masks the scores (Add, Where)");
      }
    }
  }

  private static Value quantized(
      Call c, Value x, Value scale, Optional<Value> zero, ElementType to) {
    Value steps = c.emit(new Elementwise.Round(c.emit(new Elementwise.Div(x, scale))));
    Value shifted = zero.map(z -> c.add(steps, c.cast(z, DType.F32))).orElse(steps);
    Value clipped = c.emit(new Elementwise.Clip(shifted, to.lowest(), to.highest()));
    Value q = c.cast(clipped, to.dtype());
    c.out().declare(q, to);
    onGrid(c, x, scale, zero, to)
        .ifPresent(real -> c.out().grids().declare(q, new Grids.Point(real, scale, zero)));
    return q;
  }

  /// What is left of `x` if one known grid serves all its elements.
  private static Optional<Value> onGrid(
      Call c, Value x, Value scale, Optional<Value> zero, ElementType to) {
    Optional<Tensor> step = c.out().known(scale).filter(t -> t.elements() == 1);
    Optional<Tensor> origin = zero.flatMap(c.out()::known).filter(t -> t.elements() == 1);
    if (step.isEmpty() || (zero.isPresent() && origin.isEmpty())) {
      return Optional.empty();
    }
    int middle = origin.map(t -> (int) t.asLong(0)).orElse(0);
    float size = (float) step.get().asDouble(0);
    return Optional.of(
        c.emit(
            new Elementwise.FakeQuantize(x, size, middle, (int) to.lowest(), (int) to.highest())));
  }

  private static Value dequantizeLinear(Call c) {
    Value x = c.in(0);
    return real(c, x, aligned(c, c.in(1), x), c.maybe(2).map(z -> aligned(c, z, x)));
  }

  /// `(q - zero) * scale`.
  private static Value real(Call c, Value q, Value scale, Optional<Value> zero) {
    Optional<Value> known = c.out().grids().real(q, scale, zero);
    return known.isPresent() ? known.get() : c.mul(c.cast(centred(c, q, zero), DType.F32), scale);
  }

  /// `q - zero` in 32 bits.
  private static Value centred(Call c, Value q, Optional<Value> zero) {
    Value wide = wide(c, q);
    return zero.map(z -> c.emit(new Elementwise.Sub(wide, wide(c, z)))).orElse(wide);
  }

  /// As a plain i32, of which nothing is wrapped any more.
  private static Value wide(Call c, Value q) {
    return c.emit(new Elementwise.Cast(q, DType.I32));
  }

  private static ElementType elementOf(Call c, Value v) {
    return switch (v.type().dtype()) {
      case I8 -> ElementType.INT8;
      case I32 -> c.out().widened(v).orElse(ElementType.INT32);
      case F32, I64, BOOL ->
          throw Refusal.type("a zero point of type " + v.type() + " is not supported", "use int8");
    };
  }

  /// One scale for all, one per index of an axis, or one per block of an axis, made to broadcast.
  private static Value aligned(Call c, Value scale, Value x) {
    if (scale.type().elements() == 1) {
      return c.reshape(scale, List.of());
    }
    int rank = x.type().rank();
    int axis = c.axis(c.attributes().small("axis", 1), x);
    if (scale.type().rank() == 1) {
      List<Integer> dims = new ArrayList<>(Collections.nCopies(rank, 1));
      dims.set(axis, scale.type().dim(0));
      return c.reshape(scale, dims);
    }
    int block = c.attributes().small("block_size", 1);
    List<Integer> dims = scale.type().dims();
    List<Integer> after = dims.subList(axis + 1, rank);
    List<Integer> before = dims.subList(0, axis + 1);
    Value apart = c.reshape(scale, Dims.join(before, List.of(1), after));
    Value wide = c.broadcast(apart, Dims.join(before, List.of(block), after));
    Value flat = c.reshape(wide, Dims.with(dims, axis, dims.get(axis) * block));
    return c.slice(flat, axis, 0, x.type().dim(axis));
  }

  /// Scale and zero point from the range of the tensor. Source: ONNX DynamicQuantizeLinear-11.
  private static List<Value> dynamic(Call c, Value x) {
    List<Integer> all = Dims.all(x.type().rank());
    Value nothing = c.scalar(0, x);
    Value top = c.emit(new Neural.Reduce(x, Reduction.MAX, all, false));
    Value bottom = c.emit(new Neural.Reduce(x, Reduction.MIN, all, false));
    Value high = c.emit(new Elementwise.Max(top, nothing));
    Value low = c.emit(new Elementwise.Min(bottom, nothing));
    Value range = c.emit(new Elementwise.Sub(high, low));
    Value scale = c.emit(new Elementwise.Div(range, c.scalar(255, x)));
    Value steps = c.emit(new Elementwise.Div(low, scale));
    Value bounded = c.emit(new Elementwise.Clip(c.emit(new Elementwise.Neg(steps)), 0, 255));
    Value zero = c.cast(c.emit(new Elementwise.Round(bounded)), DType.I32);
    c.out().declare(zero, ElementType.UINT8);
    Value q = quantized(c, x, scale, Optional.of(zero), ElementType.UINT8);
    Value real = c.emit(new Neural.FakeQuantizeDynamic(x));
    c.out().grids().declare(q, new Grids.Point(real, scale, Optional.of(zero)));
    return List.of(q, scale, zero);
  }

  private static Value matMulInteger(Call c) {
    Value b = centred(c, c.in(1), c.maybe(3));
    Value a = centred(c, c.in(0), c.maybe(2).map(z -> rows(c, z)));
    Value product = c.emit(new Neural.MatMul(a, b));
    c.out().grids().product(product, c.in(0), c.maybe(2), b);
    return product;
  }

  /// A zero point per row is a column.
  private static Value rows(Call c, Value zero) {
    boolean perRow = zero.type().rank() == 1 && zero.type().elements() > 1;
    return perRow ? c.reshape(zero, List.of(zero.type().elements(), 1)) : zero;
  }

  private static Value product(Call c, Value a, Value b) {
    return NeuralOperators.matmul(c, a, b);
  }

  /// Inputs: A, B, scale of A, scale of B, zero of A, zero of B, bias.
  private static Value toFloat(Call c) {
    Value a = real(c, c.in(0), c.in(2), c.maybe(4));
    Value b = real(c, c.in(1), c.in(3), c.maybe(5));
    Value y = product(c, a, b);
    return c.maybe(6).map(bias -> c.add(y, bias)).orElse(y);
  }

  /// Inputs: A (real), B, scale of B, zero of B, bias.
  private static Value dynamicMatMul(Call c) {
    List<Value> a = dynamic(c, c.in(0));
    Value b = real(c, c.in(1), c.in(2), c.maybe(3));
    Value y = product(c, real(c, a.get(0), a.get(1), Optional.of(a.get(2))), b);
    return c.maybe(4).map(bias -> c.add(y, bias)).orElse(y);
  }

  private static Value qLinearMatMul(Call c) {
    return qLinear(c, (a, b) -> product(c, a, b));
  }

  /// Inputs: A, its scale and zero; B, its scale and zero; scale and zero of the result.
  private static Value qLinear(Call c, BinaryOperator<Value> op) {
    return requantized(c, op.apply(operand(c, 0), operand(c, 3)), 6, c.in(0));
  }

  /// The real numbers of a tensor at one input, its scale and its zero point at the next two.
  private static Value operand(Call c, int first) {
    Value q = c.in(first);
    Value scale = aligned(c, c.in(first + 1), q);
    return real(c, q, scale, c.maybe(first + 2).map(z -> aligned(c, z, q)));
  }

  /// On the grid whose scale and zero point are two inputs; of the type of the zero point, or else
  /// of `like`.
  private static Value requantized(Call c, Value x, int first, Value like) {
    Optional<Value> zero = c.maybe(first + 1);
    ElementType to = elementOf(c, zero.orElse(like));
    Value scale = aligned(c, c.in(first), x);
    return quantized(c, x, scale, zero.map(z -> aligned(c, z, x)), to);
  }

  private static Value softmax(Call c) {
    Value x = operand(c, 0);
    int axis = c.axis(c.attributes().small("axis", -1), x);
    return requantized(c, c.emit(new Neural.Softmax(x, axis)), 3, c.in(0));
  }

  private static Value sigmoid(Call c) {
    return requantized(c, c.emit(new Elementwise.Sigmoid(operand(c, 0))), 3, c.in(0));
  }

  /// Inputs: scale and zero of the result, then three for each part.
  private static Value concat(Call c) {
    List<Value> parts = new ArrayList<>();
    for (int first = 2; first < c.operands().size(); first += 3) {
      parts.add(operand(c, first));
    }
    int axis = c.axis(c.attributes().small("axis", 0), parts.getFirst());
    return requantized(c, c.concat(parts, axis), 0, c.in(2));
  }

  /// Inputs: condition, then three for each branch, then scale and zero of the result.
  private static Value where(Call c) {
    Value chosen = ElementwiseOperators.where(c, c.in(0), operand(c, 1), operand(c, 4));
    return requantized(c, chosen, 7, c.in(1));
  }

  /// Inputs: A, its scale and zero; B, its scale and zero; bias on the grid of both scales; scale
  /// and zero of the result, real without them.
  private static Value gemm(Call c) {
    Attributes at = c.attributes();
    Value a = operand(c, 0);
    Value scaleB = c.in(4);
    boolean perColumn = scaleB.type().elements() > 1;
    boolean swap = at.flag("transB", false);
    Value rows =
        perColumn && swap ? c.reshape(scaleB, List.of(scaleB.type().elements(), 1)) : scaleB;
    Value b = real(c, c.in(3), perColumn ? rows : c.reshape(scaleB, List.of()), c.maybe(5));
    Value left = at.flag("transA", false) ? c.transposeLast(a) : a;
    Value product = product(c, left, swap ? c.transposeLast(b) : b);
    Value scaled = c.scale(product, at.number("alpha", 1));
    Value y =
        c.maybe(6)
            .map(bias ->
                c.add(scaled, c.mul(c.cast(wide(c, bias), DType.F32), c.mul(c.in(1), scaleB))))
            .orElse(scaled);
    return c.maybe(7).isPresent() ? requantized(c, y, 7, c.in(0)) : y;
  }

  /// Inputs: input, weight, bias, their two scales, mask, their two zeros, past.
  private static List<Value> qAttention(Call c) {
    Value input = real(c, c.in(0), c.in(3), c.maybe(6));
    Value weight = real(c, c.in(1), c.in(4), c.maybe(7));
    return AttentionOperators.packed(
        c,
        input,
        weight,
        new AttentionOperators.Extras(c.maybe(2), c.maybe(5), c.maybe(8), Optional.empty()));
  }
}
