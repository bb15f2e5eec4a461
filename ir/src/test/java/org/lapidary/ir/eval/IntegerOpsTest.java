package org.lapidary.ir.eval;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.lapidary.ir.DType;
import org.lapidary.ir.Tensor;
import org.lapidary.ir.TensorType;
import org.lapidary.ir.op.Accumulate;
import org.lapidary.ir.op.HostBridge;
import org.lapidary.ir.op.MoveOut;

/// The `q` operations, bit for bit.
class IntegerOpsTest {
  private static Tensor i8(double scale, List<Integer> dims, int... data) {
    byte[] bytes = new byte[data.length];
    for (int i = 0; i < data.length; i++) {
      bytes[i] = (byte) data[i];
    }
    return Tensor.of(new TensorType(DType.I8, dims, scale), bytes);
  }

  private static Tensor i32(double scale, List<Integer> dims, int... data) {
    return Tensor.of(new TensorType(DType.I32, dims, scale), data);
  }

  @Test
  void matmulMultipliesTheScales() {
    Tensor a = i8(0.5, List.of(2, 2), 1, 2, -128, 127);
    Tensor b = i8(0.25, List.of(2, 1), 127, -128);
    assertThat(Ops.apply(Accumulate.MatMulI8::new, a, b))
        .isEqualTo(i32(0.125, List.of(2, 1), 127 - 256, -128 * 127 * 2));
  }

  @Test
  void sumsWrap() {
    Tensor a = i32(1, List.of(2, 2), Integer.MAX_VALUE, 1, 2, 3);
    Tensor row = i32(1, List.of(2), 1, 10);
    assertThat(Ops.apply(Accumulate.AddI32::new, a, row).i32())
        .containsExactly(Integer.MIN_VALUE, 11, 3, 13);
    Tensor x = i8(0.5, List.of(1, 2), -3, 100);
    assertThat(
            Ops.apply(
                    (v, f) -> new Accumulate.ChannelMul(v, f, 0.1),
                    x,
                    Tensor.i32(List.of(2), 1000, Integer.MAX_VALUE))
                .i32())
        .containsExactly(-3000, -100);
    assertThat(Ops.apply(Accumulate.Widen::new, x)).isEqualTo(i32(0.5, List.of(1, 2), -3, 100));
    assertThat(Ops.apply(v -> new Accumulate.Rescale(v, 2), x))
        .isEqualTo(i8(2, List.of(1, 2), -3, 100));
  }

  @Test
  void requantize() {
    Tensor x = i32(0.1, List.of(5), -1000, -5, 0, 5, 1000);
    assertThat(Ops.apply(v -> new MoveOut.Requantize(v, 0.5f, false, 0.2), x))
        .isEqualTo(i8(0.2, List.of(5), -128, -2, 0, 2, 127));
    assertThat(Ops.apply(v -> new MoveOut.Requantize(v, 0.5f, true, 0.2), x))
        .isEqualTo(i8(0.2, List.of(5), 0, 0, 0, 2, 127));
  }

  @Test
  void requantizeInBlocks() {
    Tensor x = i32(0.1, List.of(2, 3), -1000, -5, 10, 100, 5, -10);
    List<Float> scales = List.of(0.5f, 2f);
    assertThat(Ops.apply(v -> new MoveOut.RequantizeBlocks(v, scales, 2, false, 0.2), x))
        .isEqualTo(i8(0.2, List.of(2, 3), -128, -2, 20, 50, 2, -20));
    assertThat(Ops.apply(v -> new MoveOut.RequantizeBlocks(v, scales, 2, true, 0.2), x))
        .isEqualTo(i8(0.2, List.of(2, 3), 0, 0, 20, 50, 2, 0));
  }

  @Test
  void geluWithTheConstantsOfACoarseScale() {
    Tensor x = i32(0.8, List.of(4), -5, -1, 1, 5);
    assertThat(Ops.apply(v -> new MoveOut.GeluI32(v, -3, -10, 1f, 1), x))
        .isEqualTo(i8(1, List.of(4), 0, 4, -16, -100));
    // A negative scale turns the sign right again.
    assertThat(Ops.apply(v -> new MoveOut.GeluI32(v, -3, -10, -0.25f, 1), x).bytes())
        .containsExactly(0, -1, 4, 25);
  }

  @Test
  void softmaxOfEqualValuesIsUniform() {
    Tensor x = i32(0.05, List.of(2, 4), 7, 7, 7, 7, 100, -2000, -2000, -2000);
    assertThat(Ops.apply(v -> new MoveOut.SoftmaxI32(v, 13, 5041, 27, 383, 1f, 1 / 127.0), x))
        .isEqualTo(i8(1 / 127.0, List.of(2, 4), 32, 32, 32, 32, 127, 0, 0, 0));
  }

  @Test
  void softmaxApproximatesTheRealOne() {
    int[] x = {0, 10, 20, 40, -15, 33};
    byte[] y =
        Ops.apply(
                v -> new MoveOut.SoftmaxI32(v, 13, 5041, 27, 383, 1f, 1 / 127.0),
                i32(0.05, List.of(1, 6), x))
            .bytes();
    double sum = Arrays.stream(x).mapToDouble(v -> Math.exp(v * 0.05)).sum();
    for (int i = 0; i < x.length; i++) {
      assertThat(y[i] / 127.0).isCloseTo(Math.exp(x[i] * 0.05) / sum, within(0.02));
    }
  }

  @Test
  void layerNormByHand() {
    // Mean -7/4 = -1, toward zero;
    Tensor x = i32(1, List.of(1, 4), -4, -2, 3, -4);
    // centred: -3, -1, 4, -3; sum of squares 35; 35/4 = 8; isqrt 2.
    assertThat(Ops.apply(v -> new MoveOut.LayerNormI32(v, 10f, false, 0.1), x))
        .isEqualTo(i8(0.1, List.of(1, 4), -15, -5, 20, -15));
    // Truncating: -1.5, -0.5, 2, -1.5 become -1, 0, 2, -1 first.
    assertThat(Ops.apply(v -> new MoveOut.LayerNormI32(v, 10f, true, 0.1), x))
        .isEqualTo(i8(0.1, List.of(1, 4), -10, 0, 20, -10));
    // All equal: the deviation 0 counts as 1.
    assertThat(
            Ops.apply(v -> new MoveOut.LayerNormI32(v, 10f, false, 0.1), i32(1, List.of(2), 5, 5))
                .bytes())
        .containsExactly(0, 0);
  }

  @Test
  void bridgesRoundTiesToEven() {
    Tensor x = Tensor.f32(List.of(4), 0.25f, -0.75f, 100f, -100f);
    assertThat(Ops.apply(v -> new HostBridge.Quantize(v, DType.I8, 0.5, -127, 127), x))
        .isEqualTo(i8(0.5, List.of(4), 0, -2, 127, -127));
    assertThat(Ops.apply(HostBridge.Dequantize::new, i8(0.5, List.of(2), -128, 3)))
        .isEqualTo(Tensor.f32(List.of(2), -64f, 1.5f));
    assertThat(
            Ops.apply(v -> new HostBridge.Quantize(v, DType.I32, 1e-9, -(1L << 31), 1L << 20), x)
                .i32())
        .containsExactly(1 << 20, -750_000_000, 1 << 20, Integer.MIN_VALUE);
  }
}
