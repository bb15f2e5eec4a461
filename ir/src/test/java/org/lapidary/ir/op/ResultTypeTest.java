package org.lapidary.ir.op;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.lapidary.ir.DType;
import org.lapidary.ir.TensorType;
import org.lapidary.ir.Value;

/// What operations accept and what they refuse.
class ResultTypeTest {
  private final Value f = f32(2, 3);
  private final Value ids = value(DType.I64, 0, 2);
  private final Value bool = value(DType.BOOL, 0, 2, 3);
  private final Value i8 = value(DType.I8, 0.5, 2, 3);
  private final Value i32 = value(DType.I32, 0.25, 2, 3);

  private static Value f32(int... dims) {
    return value(DType.F32, 0, dims);
  }

  private static Value value(DType dtype, double scale, int... dims) {
    return new Value(new TensorType(dtype, TensorType.boxed(dims), scale));
  }

  private static void accepts(String type, Op op) {
    assertThat(op.resultType()).hasToString(type);
  }

  private static void refuses(Op op, String message) {
    assertThatThrownBy(op::resultType)
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage(message);
  }

  @Test
  void elementwise() {
    accepts("f32[4,2,3]", new Elementwise.Add(f, f32(4, 1, 1)));
    accepts("bool[2,3]", new Elementwise.Less(f, f32()));
    accepts("bool[2,3]", new Elementwise.And(bool, bool));
    accepts("f32[2,3]", new Elementwise.Where(bool, f, f32()));
    accepts("i64[2,3]", new Elementwise.Cast(i8, DType.I64));
    accepts("i8<scale=0.5>[2,3]", new Elementwise.Relu(i8));
    refuses(new Elementwise.Add(f, ids), "operands of types f32[2,3] and i64[2]");
    refuses(new Elementwise.Mul(f, f32(2)), "shapes [2, 3] and [2] do not broadcast");
    refuses(new Elementwise.Exp(ids), "i64[2] where f32 is needed");
    refuses(new Elementwise.Neg(bool), "bool[2,3] where numbers are needed");
    refuses(new Elementwise.Sub(bool, bool), "bool[2,3] where numbers are needed");
    refuses(new Elementwise.Or(f, f), "f32[2,3] where bool is needed");
    refuses(new Elementwise.Not(f), "f32[2,3] where bool is needed");
    refuses(new Elementwise.Where(f, f, f), "condition of type f32[2,3]");
  }

  @Test
  void layout() {
    accepts("i8<scale=0.5>[3,2]", new Layout.Transpose(i8, List.of(-1, 0)));
    accepts("f32[6]", new Layout.Reshape(f, List.of(6)));
    accepts("f32[2,2]", new Layout.Slice(f, -1, 2, 2, -2));
    accepts("f32[4,3]", new Layout.Concat(List.of(f, f), 0));
    accepts("f32[5,2,3]", new Layout.Broadcast(f, List.of(5, 2, 3)));
    refuses(new Layout.Transpose(f, List.of(1, -1)), "permutation [1, -1] of f32[2,3]");
    refuses(new Layout.Transpose(f, List.of(0)), "permutation [0] of f32[2,3]");
    refuses(new Layout.Reshape(f, List.of(5)), "reshape of f32[2,3] to [5]");
    refuses(new Layout.Slice(f, 1, 1, 3, 1), "slice 1:3:1 of axis 1 of f32[2,3]");
    refuses(new Layout.Slice(f, 1, 1, 1, 0), "slice 1:1:0 of axis 1 of f32[2,3]");
    refuses(new Layout.Slice(f, 1, 0, -1, 1), "slice 0:-1:1 of axis 1 of f32[2,3]");
    refuses(new Layout.Slice(f, 2, 0, 1, 1), "axis 2 of a tensor of rank 2");
    refuses(new Layout.Concat(List.of(f, f32(2, 2)), 0), "concat of f32[2,3] and f32[2,2]");
    refuses(
        new Layout.Concat(List.of(i8, value(DType.I8, 0.25, 2, 3)), 0),
        "concat of i8<scale=0.5>[2,3] and i8<scale=0.25>[2,3]");
    refuses(new Layout.Concat(List.of(), 0), "concat of nothing");
    refuses(new Layout.Broadcast(f, List.of(3)), "broadcast of f32[2,3] to [3]");
  }

  @Test
  void indexing() {
    accepts("f32[2,2]", new Indexing.Gather(f, ids, 1));
    accepts("f32[]", new Indexing.GatherNd(f, ids));
    accepts("i64[2]", new Indexing.ArgExtreme(f, 1, false, true, false));
    accepts("i64[2,2]", new Indexing.TopK(f, 2, -1, true));
    refuses(new Indexing.TopK(f, 4, 1, true), "top_k of 4 along axis 1 of f32[2,3]");
    accepts("f32[2,7]", new Indexing.OneHot(ids, 7, -1, 0, 1, DType.F32));
    refuses(new Indexing.Gather(f, f, 1), "f32[2,3] where indices are needed");
    refuses(new Indexing.GatherElements(f, ids, 1), "gather_elements of f32[2,3] at i64[2]");
    refuses(new Indexing.GatherNd(f32(2), ids), "index tuples i64[2] into f32[2]");
    refuses(new Indexing.ScatterNd(f, ids, f), "scatter_nd of f32[2,3] into f32[2,3] at i64[2]");
    refuses(new Indexing.Trilu(f32(2), 0, true), "trilu of f32[2]");
    refuses(new Indexing.CumSum(bool, 0, false, false), "cumsum of bool[2,3]");
  }

  @Test
  void neural() {
    accepts("f32[5,2,4]", new Neural.MatMul(f, f32(5, 3, 4)));
    accepts("f32[2,1]", new Neural.Reduce(f, Neural.Reduction.MAX, List.of(-1), true));
    refuses(new Neural.MatMul(f, f), "matmul of [2, 3] and [2, 3]: inner sizes differ");
    refuses(new Neural.MatMul(f, f32(3)), "matmul of [2, 3] and [3]: two axes at least");
    refuses(new Neural.MatMul(bool, bool), "matmul of bool[2,3] and bool[2,3]");
    refuses(new Neural.Softmax(ids, 0), "softmax of i64[2]");
    refuses(
        new Neural.LayerNorm(f, f32(3), f32(2), 1e-5),
        "layernorm of f32[2,3] with gamma f32[3] and beta f32[2]");
    refuses(
        new Neural.Reduce(f, Neural.Reduction.SUM, List.of(2), false),
        "axis 2 of a tensor of rank 2");
  }

  @Test
  void integers() {
    accepts("i32<scale=0.125>[2,4]", new Accumulate.MatMulI8(i8, value(DType.I8, 0.25, 3, 4)));
    accepts("i32<scale=0.25>[2,3]", new Accumulate.AddI32(i32, value(DType.I32, 0.25, 3)));
    accepts("i8<scale=0.1>[2,3]", new MoveOut.Requantize(i32, 1f, false, 0.1));
    accepts(
        "i8<scale=0.1>[2,3]", new MoveOut.RequantizeBlocks(i32, List.of(1f, 2f), 2, false, 0.1));
    refuses(
        new MoveOut.RequantizeBlocks(i32, List.of(1f), 2, false, 0.1),
        "1 scales for every 2 columns of i32<scale=0.25>[2,3]");
    accepts("i32<scale=0.1>[2,3]", new HostBridge.Quantize(f, DType.I32, 0.1, -9, 9));
    accepts("f32[2,3]", new HostBridge.Dequantize(i8));
    refuses(new Accumulate.MatMulI8(i8, i32), "i32<scale=0.25>[2,3] where i8 is needed");
    refuses(
        new Accumulate.AddI32(value(DType.I32, 0.25, 3), i32),
        "q.add of i32<scale=0.25>[3] and i32<scale=0.25>[2,3]: the second must broadcast to the"
            + " first");
    refuses(
        new Accumulate.ChannelMul(i8, value(DType.I32, 0, 2), 1),
        "channel_mul of i8<scale=0.5>[2,3] by i32[2]");
    refuses(new MoveOut.Requantize(i8, 1f, false, 1), "i8<scale=0.5>[2,3] where i32 is needed");
    refuses(new MoveOut.SoftmaxI32(value(DType.I32, 0), 1, 1, 1, 1, 1f, 1), "rows of i32[]");
    refuses(new HostBridge.Quantize(f, DType.I64, 1, 0, 1), "quantize of f32[2,3] to i64");
    refuses(new HostBridge.Quantize(f, DType.I8, 1, 0, 128), "quantize by 1.0 to [0, 128] as i8");
    refuses(new HostBridge.Quantize(f, DType.I8, 0, 0, 1), "quantize by 0.0 to [0, 1] as i8");
    refuses(new HostBridge.Dequantize(f), "dequantize of f32[2,3]");
  }
}
