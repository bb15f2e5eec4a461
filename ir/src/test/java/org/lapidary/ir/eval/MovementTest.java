package org.lapidary.ir.eval;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.lapidary.ir.DType;
import org.lapidary.ir.Tensor;
import org.lapidary.ir.op.Indexing;
import org.lapidary.ir.op.Layout;

/// Operations that move elements.
class MovementTest {
  private final Tensor x = Tensor.i32(List.of(2, 3), 1, 2, 3, 4, 5, 6);

  private static Tensor indices(List<Integer> dims, long... data) {
    return Tensor.i64(dims, data);
  }

  @Test
  void transposeAndReshape() {
    assertThat(Ops.apply(v -> new Layout.Transpose(v, List.of(1, 0)), x))
        .isEqualTo(Tensor.i32(List.of(3, 2), 1, 4, 2, 5, 3, 6));
    Tensor cube =
        Tensor.i8(List.of(2, 1, 3), (byte) 1, (byte) 2, (byte) 3, (byte) 4, (byte) 5, (byte) 6);
    assertThat(Ops.apply(v -> new Layout.Transpose(v, List.of(2, 1, 0)), cube).bytes())
        .containsExactly(1, 4, 2, 5, 3, 6);
    assertThat(Ops.apply(v -> new Layout.Reshape(v, List.of(6)), x))
        .isEqualTo(Tensor.i32(List.of(6), 1, 2, 3, 4, 5, 6));
    Tensor scalar = Tensor.i64(List.of(), 7);
    assertThat(Ops.apply(v -> new Layout.Transpose(v, List.of()), scalar)).isEqualTo(scalar);
  }

  @Test
  void slices() {
    assertThat(Ops.apply(v -> new Layout.Slice(v, 1, 0, 2, 2), x).i32())
        .containsExactly(1, 3, 4, 6);
    assertThat(Ops.apply(v -> new Layout.Slice(v, -1, 2, 3, -1), x).i32())
        .containsExactly(3, 2, 1, 6, 5, 4);
    assertThat(Ops.apply(v -> new Layout.Slice(v, 0, 1, 1, 1), x).i32()).containsExactly(4, 5, 6);
    assertThat(Ops.apply(v -> new Layout.Slice(v, 0, 0, 0, 1), x).elements()).isZero();
  }

  @Test
  void concatAndBroadcast() {
    Tensor column = Tensor.i32(List.of(2, 1), 7, 8);
    assertThat(Ops.applyAll(v -> new Layout.Concat(v, 1), x, column, x).i32())
        .containsExactly(1, 2, 3, 7, 1, 2, 3, 4, 5, 6, 8, 4, 5, 6);
    assertThat(Ops.applyAll(v -> new Layout.Concat(v, 0), x, x).i32())
        .containsExactly(1, 2, 3, 4, 5, 6, 1, 2, 3, 4, 5, 6);
    assertThat(Ops.apply(v -> new Layout.Broadcast(v, List.of(2, 2, 2)), column).i32())
        .containsExactly(7, 7, 8, 8, 7, 7, 8, 8);
    assertThat(Ops.apply(v -> new Layout.Broadcast(v, List.of(3)), Tensor.f32(List.of(), 2f)).f32())
        .containsExactly(2f, 2f, 2f);
  }

  @Test
  void gathers() {
    Tensor i = indices(List.of(2), -1, 0);
    assertThat(Ops.apply((a, b) -> new Indexing.Gather(a, b, 1), x, i).i32())
        .containsExactly(3, 1, 6, 4);
    assertThat(Ops.apply((a, b) -> new Indexing.Gather(a, b, 0), x, indices(List.of(), 1)).i32())
        .containsExactly(4, 5, 6);
    Tensor each = indices(List.of(2, 2), 0, 2, -1, 1);
    assertThat(Ops.apply((a, b) -> new Indexing.GatherElements(a, b, 1), x, each).i32())
        .containsExactly(1, 3, 6, 5);
    Tensor pairs = indices(List.of(2, 2), 0, 1, 1, -1);
    assertThat(Ops.apply(Indexing.GatherNd::new, x, pairs).i32()).containsExactly(2, 6);
    assertThat(Ops.apply(Indexing.GatherNd::new, x, indices(List.of(1, 1), 1)).i32())
        .containsExactly(4, 5, 6);
    assertThatThrownBy(
            () -> Ops.apply((a, b) -> new Indexing.Gather(a, b, 1), x, indices(List.of(1), 3)))
        .isInstanceOf(ArithmeticException.class)
        .hasMessage("index 3 on an axis of size 3");
  }

  @Test
  void scatterReplacesSlicesInACopy() {
    Tensor updates = Tensor.i32(List.of(1, 3), 7, 8, 9);
    Tensor out =
        Ops.applyAll(
            v -> new Indexing.ScatterNd(v.get(0), v.get(1), v.get(2)),
            x,
            indices(List.of(1, 1), 0),
            updates);
    assertThat(out.i32()).containsExactly(7, 8, 9, 4, 5, 6);
    assertThat(x.i32()).containsExactly(1, 2, 3, 4, 5, 6);
  }

  @Test
  void runningSums() {
    assertThat(Ops.apply(v -> new Indexing.CumSum(v, 1, false, false), x).i32())
        .containsExactly(1, 3, 6, 4, 9, 15);
    assertThat(Ops.apply(v -> new Indexing.CumSum(v, 1, true, false), x).i32())
        .containsExactly(0, 1, 3, 0, 4, 9);
    assertThat(Ops.apply(v -> new Indexing.CumSum(v, 0, false, true), x).i32())
        .containsExactly(5, 7, 9, 4, 5, 6);
    assertThat(Ops.apply(v -> new Indexing.CumSum(v, 0, true, true), x).i32())
        .containsExactly(4, 5, 6, 0, 0, 0);
  }

  @Test
  void triangles() {
    assertThat(Ops.apply(v -> new Indexing.Trilu(v, 0, false), x).i32())
        .containsExactly(1, 0, 0, 4, 5, 0);
    assertThat(Ops.apply(v -> new Indexing.Trilu(v, 1, true), x).i32())
        .containsExactly(0, 2, 3, 0, 0, 6);
  }

  @Test
  void extremes() {
    Tensor y = Tensor.f32(List.of(2, 3), 5, 9, 9, -1, -2, -2);
    assertThat(Ops.apply(v -> new Indexing.ArgExtreme(v, 1, false, true, false), y))
        .isEqualTo(indices(List.of(2), 1, 0));
    assertThat(Ops.apply(v -> new Indexing.ArgExtreme(v, -1, true, true, true), y))
        .isEqualTo(indices(List.of(2, 1), 2, 0));
    assertThat(Ops.apply(v -> new Indexing.ArgExtreme(v, 0, false, false, false), y))
        .isEqualTo(indices(List.of(3), 1, 1, 1));
  }

  @Test
  void theBestOfALine() {
    Tensor y = Tensor.f32(List.of(2, 4), 5, 9, 9, -1, -2, -2, 0, -2);
    assertThat(Ops.apply(v -> new Indexing.TopK(v, 3, -1, true), y))
        .isEqualTo(indices(List.of(2, 3), 1, 2, 0, 2, 0, 1));
    assertThat(Ops.apply(v -> new Indexing.TopK(v, 2, 1, false), y))
        .isEqualTo(indices(List.of(2, 2), 3, 0, 0, 1));
    assertThat(Ops.apply(v -> new Indexing.TopK(v, 1, 0, true), y))
        .isEqualTo(indices(List.of(1, 4), 0, 0, 0, 0));
    assertThat(Ops.apply(v -> new Indexing.TopK(v, 2, 0, true), Tensor.i32(List.of(3), 4, 7, 7)))
        .isEqualTo(indices(List.of(2), 1, 2));
  }

  @Test
  void oneHot() {
    Tensor i = indices(List.of(2), 1, -1);
    assertThat(Ops.apply(v -> new Indexing.OneHot(v, 3, -1, 0, 5, DType.F32), i))
        .isEqualTo(Tensor.f32(List.of(2, 3), 0, 5, 0, 0, 0, 5));
    assertThat(Ops.apply(v -> new Indexing.OneHot(v, 3, 0, 1, 0, DType.I64), i))
        .isEqualTo(indices(List.of(3, 2), 1, 1, 0, 1, 1, 0));
  }
}
