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
import org.lapidary.ir.Value;
import org.lapidary.ir.op.Elementwise;
import org.lapidary.ir.op.Neural;
import org.lapidary.ir.op.Neural.Reduction;

/// Models somebody else has quantized already: their integers become the real numbers they stand
/// for, so that the graph computes what the model computes. Stored weights are converted when they
/// are read.
final class QuantizedOperators {
  private static final String ROUNDED = "nn.div, nn.round, nn.add, nn.clip, nn.cast";
  private static final String SCALED = "nn.cast, nn.sub, nn.mul";

  private QuantizedOperators() {}

  static final List<OnnxOp> ALL =
      List.of(
          onnx("QuantizeLinear", 10, ROUNDED, QuantizedOperators::quantizeLinear),
          microsoft("QuantizeLinear", ROUNDED, QuantizedOperators::quantizeLinear),
          onnx("DequantizeLinear", 10, SCALED, QuantizedOperators::dequantizeLinear),
          microsoft("DequantizeLinear", SCALED, QuantizedOperators::dequantizeLinear),
          many("DynamicQuantizeLinear", 11, "nn.reduce, " + ROUNDED, c -> dynamic(c, c.in(0))),
          onnx("MatMulInteger", 10, "nn.sub, nn.matmul", QuantizedOperators::matMulInteger),
          microsoft("MatMulIntegerToFloat", "nn.matmul, nn.mul", QuantizedOperators::toFloat),
          microsoft(
              "DynamicQuantizeMatMul", "nn.matmul, nn.mul", QuantizedOperators::dynamicMatMul),
          onnx("QLinearMatMul", 10, SCALED + ", nn.matmul", QuantizedOperators::qLinearMatMul),
          microsoft("QLinearAdd", SCALED + ", nn.add", c -> qLinear(c, c::add)),
          microsoft("QLinearMul", SCALED + ", nn.mul", c -> qLinear(c, c::mul)),
          microsoftMany("QAttention", SCALED + ", as Attention", QuantizedOperators::qAttention));

  private static Value quantizeLinear(Call c) {
    Value x = c.cast(c.in(0), DType.F32);
    ElementType to =
        c.maybe(2).isPresent()
            ? elementOf(c, c.in(2))
            : c.attributes().has("output_dtype")
                ? ElementType.of(c.attributes().small("output_dtype", 2))
                : ElementType.UINT8;
    Value scale = aligned(c, c.in(1), x);
    Optional<Value> zero = c.maybe(2).map(z -> aligned(c, z, x));
    return quantized(c, x, scale, zero, to);
  }

  private static Value quantized(
      Call c, Value x, Value scale, Optional<Value> zero, ElementType to) {
    Value steps = c.emit(new Elementwise.Round(c.emit(new Elementwise.Div(x, scale))));
    Value shifted = zero.map(z -> c.add(steps, c.cast(z, DType.F32))).orElse(steps);
    Value clipped = c.emit(new Elementwise.Clip(shifted, to.lowest(), to.highest()));
    Value q = c.cast(clipped, to.dtype());
    c.out().declare(q, to);
    return q;
  }

  private static Value dequantizeLinear(Call c) {
    Value x = c.in(0);
    return real(c, x, aligned(c, c.in(1), x), c.maybe(2).map(z -> aligned(c, z, x)));
  }

  /// `(q - zero) * scale`.
  private static Value real(Call c, Value q, Value scale, Optional<Value> zero) {
    return c.mul(c.cast(centred(c, q, zero), DType.F32), scale);
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
    return List.of(quantized(c, x, scale, Optional.of(zero), ElementType.UINT8), scale, zero);
  }

  private static Value matMulInteger(Call c) {
    return c.emit(
        new Neural.MatMul(
            centred(c, c.in(0), c.maybe(2).map(z -> rows(c, z))), centred(c, c.in(1), c.maybe(3))));
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
    Value a = real(c, c.in(0), c.in(1), c.maybe(2));
    Value b = real(c, c.in(3), c.in(4), c.maybe(5));
    ElementType to = c.maybe(7).map(z -> elementOf(c, z)).orElseGet(() -> elementOf(c, c.in(0)));
    return quantized(c, op.apply(a, b), c.in(6), c.maybe(7), to);
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
