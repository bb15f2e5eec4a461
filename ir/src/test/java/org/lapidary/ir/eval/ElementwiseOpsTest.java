package org.lapidary.ir.eval;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.List;
import java.util.function.BiFunction;
import java.util.function.Function;
import org.junit.jupiter.api.Test;
import org.lapidary.ir.DType;
import org.lapidary.ir.Tensor;
import org.lapidary.ir.Value;
import org.lapidary.ir.op.Elementwise.*;
import org.lapidary.ir.op.Op;

class ElementwiseOpsTest {
  private static double f(Function<Value, Op> op, float x) {
    return Ops.apply(op, Tensor.f32(List.of(1), x)).f32()[0];
  }

  private static double f(BiFunction<Value, Value, Op> op, float a, float b) {
    return Ops.apply(op, Tensor.f32(List.of(), a), Tensor.f32(List.of(), b)).f32()[0];
  }

  private static long i(BiFunction<Value, Value, Op> op, long a, long b) {
    return Ops.apply(op, Tensor.i64(List.of(), a), Tensor.i64(List.of(), b)).i64()[0];
  }

  private static int bool(BiFunction<Value, Value, Op> op, float a, float b) {
    return Ops.apply(op, Tensor.f32(List.of(), a), Tensor.f32(List.of(), b)).bytes()[0];
  }

  @Test
  void realFunctions() {
    assertThat(f(Neg::new, 2)).isEqualTo(-2);
    assertThat(f(Abs::new, -2)).isEqualTo(2);
    assertThat(f(Exp::new, 1)).isCloseTo(Math.E, within(1e-6));
    assertThat(f(Log::new, 10)).isCloseTo(2.302585, within(1e-6));
    assertThat(f(Sqrt::new, 2)).isCloseTo(1.414213, within(1e-6));
    assertThat(f(Reciprocal::new, 4)).isEqualTo(0.25);
    assertThat(f(Erf::new, 0.5f)).isCloseTo(0.520499, within(1e-6));
    assertThat(f(Tanh::new, 0.5f)).isCloseTo(0.462117, within(1e-6));
    assertThat(f(Sigmoid::new, 1)).isCloseTo(0.731058, within(1e-6));
    assertThat(f(Sigmoid::new, -200)).isCloseTo(0, within(1e-30));
    assertThat(f(Relu::new, -3)).isZero();
    assertThat(f(Sin::new, 1)).isCloseTo(0.841471, within(1e-6));
    assertThat(f(Cos::new, 1)).isCloseTo(0.540302, within(1e-6));
    assertThat(f(Floor::new, -1.5f)).isEqualTo(-2);
    assertThat(f(Ceil::new, -1.5f)).isEqualTo(-1);
    assertThat(f(Round::new, 2.5f)).isEqualTo(2);
    assertThat(f(Round::new, -3.5f)).isEqualTo(-4);
    assertThat(f(Sign::new, -3)).isEqualTo(-1);
    assertThat(f(Softplus::new, 1)).isCloseTo(1.313262, within(1e-6));
    assertThat(f(Softplus::new, 200)).isEqualTo(200);
    assertThat(f(x -> new Gelu(x, false), 1)).isCloseTo(0.841345, within(1e-6));
    assertThat(f(x -> new Gelu(x, true), 1)).isCloseTo(0.841192, within(1e-6));
    assertThat(f(x -> new Clip(x, -1, 2), 5)).isEqualTo(2);
    assertThat(f(x -> new Clip(x, -1, Double.POSITIVE_INFINITY), -5)).isEqualTo(-1);
  }

  @Test
  void realArithmetic() {
    assertThat(f(Add::new, 2, 3)).isEqualTo(5);
    assertThat(f(Sub::new, 2, 3)).isEqualTo(-1);
    assertThat(f(Mul::new, 2, 3)).isEqualTo(6);
    assertThat(f(Div::new, 3, 2)).isEqualTo(1.5);
    assertThat(f(Pow::new, 2, 3)).isEqualTo(8);
    assertThat(f(Min::new, 2, 3)).isEqualTo(2);
    assertThat(f(Max::new, 2, 3)).isEqualTo(3);
    assertThat(f(Max::new, Float.NaN, 3)).isNaN();
    assertThat(f((a, b) -> new Mod(a, b, true), -7, 3)).isEqualTo(-1);
    assertThat(f((a, b) -> new Mod(a, b, false), -7, 3)).isEqualTo(2);
    // One rounding only: the sum is the nearest float.
    assertThat(f(Add::new, 16_777_216, 1)).isEqualTo(16_777_216);
  }

  @Test
  void integerArithmetic() {
    assertThat(i(Add::new, Long.MAX_VALUE, 1)).isEqualTo(Long.MIN_VALUE);
    assertThat(i(Div::new, -7, 2)).isEqualTo(-3);
    assertThat(i(Pow::new, 3, 4)).isEqualTo(81);
    assertThat(i(Pow::new, 2, -1)).isZero();
    assertThat(i(Pow::new, -1, -3)).isEqualTo(-1);
    assertThat(i(Min::new, 4, -4)).isEqualTo(-4);
    assertThat(i((a, b) -> new Mod(a, b, false), -7, 3)).isEqualTo(2);
    assertThat(i((a, b) -> new Mod(a, b, true), -7, 3)).isEqualTo(-1);
    Tensor wide = Tensor.i32(List.of(1), Integer.MAX_VALUE);
    assertThat(Ops.apply(Add::new, wide, wide)).isEqualTo(Tensor.i32(List.of(1), -2));
    assertThat(Ops.apply(Neg::new, Tensor.i8(List.of(1), (byte) -128)).bytes()[0])
        .isEqualTo((byte) -128);
    assertThat(Ops.apply(x -> new Clip(x, -1, 1), Tensor.i64(List.of(3), -9, 0, 9)))
        .isEqualTo(Tensor.i64(List.of(3), -1, 0, 1));
    assertThatThrownBy(() -> Ops.apply(Exp::new, wide)).hasMessage("i32[1] where f32 is needed");
  }

  @Test
  void comparisons() {
    assertThat(bool(Equal::new, 1, 1)).isEqualTo(1);
    assertThat(bool(Equal::new, Float.NaN, Float.NaN)).isZero();
    assertThat(bool(Greater::new, 2, 1)).isEqualTo(1);
    assertThat(bool(GreaterOrEqual::new, 1, 1)).isEqualTo(1);
    assertThat(bool(Less::new, 2, 1)).isZero();
    assertThat(bool(LessOrEqual::new, 2, 1)).isZero();
    // Integers are compared as integers: these two are one double.
    Tensor a = Tensor.i64(List.of(1), Long.MAX_VALUE);
    Tensor b = Tensor.i64(List.of(1), Long.MAX_VALUE - 1);
    assertThat(Ops.apply(Equal::new, a, b).bytes()[0]).isZero();
    assertThat(Ops.apply(Greater::new, a, b).bytes()[0]).isEqualTo((byte) 1);
  }

  @Test
  void truthTables() {
    Tensor a = Tensor.bool(List.of(4), (byte) 0, (byte) 0, (byte) 1, (byte) 1);
    Tensor b = Tensor.bool(List.of(4), (byte) 0, (byte) 1, (byte) 0, (byte) 1);
    assertThat(Ops.apply(And::new, a, b).bytes()).containsExactly(0, 0, 0, 1);
    assertThat(Ops.apply(Or::new, a, b).bytes()).containsExactly(0, 1, 1, 1);
    assertThat(Ops.apply(Xor::new, a, b).bytes()).containsExactly(0, 1, 1, 0);
    assertThat(Ops.apply(Not::new, a).bytes()).containsExactly(1, 1, 0, 0);
  }

  @Test
  void broadcasting() {
    Tensor column = Tensor.f32(List.of(2, 1), 10, 20);
    Tensor row = Tensor.f32(List.of(3), 1, 2, 3);
    assertThat(Ops.apply(Add::new, column, row))
        .isEqualTo(Tensor.f32(List.of(2, 3), 11, 12, 13, 21, 22, 23));
    Tensor condition = Tensor.bool(List.of(2, 1), (byte) 1, (byte) 0);
    assertThat(Ops.applyAll(v -> new Where(v.get(0), v.get(1), v.get(2)), condition, row, column))
        .isEqualTo(Tensor.f32(List.of(2, 3), 1, 2, 3, 20, 20, 20));
  }

  @Test
  void casts() {
    Tensor x = Tensor.f32(List.of(4), -1.9f, 0f, 0.5f, 300f);
    assertThat(Ops.apply(v -> new Cast(v, DType.I64), x).i64()).containsExactly(-1, 0, 0, 300);
    assertThat(Ops.apply(v -> new Cast(v, DType.I32), x).i32()).containsExactly(-1, 0, 0, 300);
    assertThat(Ops.apply(v -> new Cast(v, DType.I8), x).bytes()).containsExactly(-1, 0, 0, 44);
    assertThat(Ops.apply(v -> new Cast(v, DType.BOOL), x).bytes()).containsExactly(1, 0, 1, 1);
    Tensor n = Tensor.i64(List.of(2), 16_777_217, -1);
    assertThat(Ops.apply(v -> new Cast(v, DType.F32), n).f32()).containsExactly(16_777_216f, -1f);
    assertThat(Ops.apply(v -> new Cast(v, DType.BOOL), n).bytes()).containsExactly(1, 1);
  }
}
