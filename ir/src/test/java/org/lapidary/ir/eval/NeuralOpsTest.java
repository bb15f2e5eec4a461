package org.lapidary.ir.eval;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.lapidary.ir.Tensor;
import org.lapidary.ir.op.Neural;
import org.lapidary.ir.op.Neural.Reduction;

class NeuralOpsTest {
  private static Tensor random(Random random, List<Integer> dims) {
    int n = dims.stream().reduce(1, (a, b) -> a * b);
    float[] data = new float[n];
    for (int i = 0; i < n; i++) {
      data[i] = random.nextFloat() - 0.5f;
    }
    return Tensor.f32(dims, data);
  }

  @Test
  void stacksOfMatricesBroadcast() {
    Random random = new Random(3);
    Tensor a = random(random, List.of(2, 1, 3, 5));
    Tensor b = random(random, List.of(4, 5, 7));
    Tensor c = Ops.apply(Neural.MatMul::new, a, b);
    assertThat(c.type().dims()).containsExactly(2, 4, 3, 7);
    for (int at = 0; at < c.elements(); at++) {
      int n = at % 7;
      int m = at / 7 % 3;
      int inner = at / 21 % 4;
      int outer = at / 84;
      double sum = 0;
      for (int k = 0; k < 5; k++) {
        sum += (double) a.f32()[(outer * 3 + m) * 5 + k] * b.f32()[(inner * 5 + k) * 7 + n];
      }
      assertThat((double) c.f32()[at]).isCloseTo(sum, within(1e-6));
    }
  }

  /// An inner axis of any size, none at all included.
  @Test
  void everyInnerSizeIsSummedCompletely() {
    for (int size = 0; size <= 13; size++) {
      float[] ones = new float[size];
      Arrays.fill(ones, 1);
      Tensor a = Tensor.f32(List.of(1, size), ones);
      Tensor b = Tensor.f32(List.of(size, 1), ones);
      assertThat(Ops.apply(Neural.MatMul::new, a, b).f32()).containsExactly(size);
    }
  }

  @Test
  void integerProductsWrapInTheirType() {
    Tensor a = Tensor.i64(List.of(1, 2), 3, 1L << 62);
    Tensor b = Tensor.i64(List.of(2, 1), 5, 4);
    assertThat(Ops.apply(Neural.MatMul::new, a, b).i64()).containsExactly(15);
  }

  @Test
  void softmaxAlongEitherAxis() {
    Tensor x = Tensor.f32(List.of(2, 2), 0, (float) Math.log(3), 1000, 1000);
    float[] rows = Ops.apply(v -> new Neural.Softmax(v, -1), x).f32();
    assertThat(rows).usingComparatorWithPrecision(1e-6f).containsExactly(0.25f, 0.75f, 0.5f, 0.5f);
    float[] columns = Ops.apply(v -> new Neural.Softmax(v, 0), x).f32();
    assertThat(columns).usingComparatorWithPrecision(1e-6f).containsExactly(0f, 0f, 1f, 1f);
  }

  @Test
  void layerNormHasMeanBetaAndDeviationGamma() {
    Tensor x = Tensor.f32(List.of(1, 4), 1, 2, 3, 4);
    Tensor gamma = Tensor.f32(List.of(4), 1, 1, 1, 2);
    Tensor beta = Tensor.f32(List.of(4), 0, 0, 10, 0);
    float[] y =
        Ops.applyAll(v -> new Neural.LayerNorm(v.get(0), v.get(1), v.get(2), 0), x, gamma, beta)
            .f32();
    float unit = (float) (0.5 / Math.sqrt(1.25));
    assertThat(y)
        .usingComparatorWithPrecision(1e-6f)
        .containsExactly(-3 * unit, -unit, 10 + unit, 6 * unit);
  }

  @Test
  void reductions() {
    Tensor x = Tensor.f32(List.of(2, 3), 1, 2, 3, 4, 5, 6);
    assertThat(reduce(x, Reduction.SUM, List.of(1), false))
        .isEqualTo(Tensor.f32(List.of(2), 6, 15));
    assertThat(reduce(x, Reduction.SUM, List.of(0), true))
        .isEqualTo(Tensor.f32(List.of(1, 3), 5, 7, 9));
    assertThat(reduce(x, Reduction.MEAN, List.of(0, -1), false))
        .isEqualTo(Tensor.f32(List.of(), 3.5f));
    assertThat(reduce(x, Reduction.MAX, List.of(1), false).f32()).containsExactly(3f, 6f);
    assertThat(reduce(x, Reduction.MIN, List.of(1), false).f32()).containsExactly(1f, 4f);
    assertThat(reduce(x, Reduction.PROD, List.of(1), false).f32()).containsExactly(6f, 120f);
    assertThat(reduce(x, Reduction.SUM_SQUARE, List.of(1), false).f32()).containsExactly(14f, 77f);
    assertThat(reduce(Tensor.f32(List.of(2), 3, 4), Reduction.L2, List.of(0), false).f32())
        .containsExactly(5f);
    Tensor n = Tensor.i64(List.of(2, 2), 7, -2, 3, 4);
    assertThat(reduce(n, Reduction.MEAN, List.of(1), false).i64()).containsExactly(2, 3);
    assertThat(reduce(n, Reduction.PROD, List.of(0), false).i64()).containsExactly(21, -8);
    assertThat(reduce(n, Reduction.MAX, List.of(0), false).i64()).containsExactly(7, 4);
    assertThat(reduce(n, Reduction.MIN, List.of(0), false).i64()).containsExactly(3, -2);
  }

  private static Tensor reduce(Tensor x, Reduction how, List<Integer> axes, boolean keepDims) {
    return Ops.apply(v -> new Neural.Reduce(v, how, axes, keepDims), x);
  }
}
