package org.lapidary.passes.canon;

import static org.assertj.core.api.Assertions.assertThat;
import static org.lapidary.passes.Sketch.ignores;
import static org.lapidary.passes.Sketch.only;
import static org.lapidary.passes.Sketch.ops;
import static org.lapidary.passes.Sketch.rewritten;

import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.lapidary.ir.DType;
import org.lapidary.ir.Data;
import org.lapidary.ir.Graph;
import org.lapidary.ir.Tensor;
import org.lapidary.ir.TensorType;
import org.lapidary.ir.Value;
import org.lapidary.ir.op.Elementwise.Div;
import org.lapidary.ir.op.Elementwise.Mul;
import org.lapidary.ir.op.Layout.Broadcast;
import org.lapidary.ir.op.Layout.Const;
import org.lapidary.ir.op.Layout.Transpose;
import org.lapidary.ir.op.Neural.MatMul;
import org.lapidary.ir.op.NnOp;
import org.lapidary.ir.pass.PassContext;
import org.lapidary.passes.Sketch;

class FoldConstantTest {
  private final Sketch s = new Sketch();

  @Test
  void numbersAreComputed() {
    Graph<NnOp> after = rewritten(List.of(), s.returns(s.op(new Mul(s.scalar(6), s.scalar(7)))));
    assertThat(ops(after)).isEmpty();
    assertThat(only(Const.class, after).data().load().asDouble(0)).isEqualTo(42);
  }

  @Test
  void inputsStay() {
    ignores(new FoldConstant(), s.returns(s.op(new Mul(s.input(3), s.scalar(7)))));
  }

  @Test
  void divisionByZeroIsLeftToWhoRunsIt() {
    Value quotient = s.op(new Div(s.integers(1), s.integers(0)));
    ignores(new FoldConstant(), s.returns(quotient));
  }

  @Test
  void largeBroadcastStays() {
    Value wide = s.op(new Broadcast(s.scalar(1), List.of(300, 300)));
    ignores(new FoldConstant(), s.returns(wide));
  }

  /// A transposed and scaled weight is not read before somebody needs it.
  @Test
  void weightsAreNotRead() {
    AtomicInteger reads = new AtomicInteger();
    TensorType type = TensorType.of(DType.F32, 512, 300);
    Data weight =
        Data.lazy(
            "weight",
            type,
            () -> {
              reads.incrementAndGet();
              return Tensor.of(type, new float[type.elements()]);
            });
    Value w = s.op(new Const(weight));
    Value turned = s.op(new Mul(s.op(new Transpose(w, List.of(1, 0))), s.scalar(0.125)));
    Graph<NnOp> graph = s.returns(s.op(new MatMul(s.input(2, 300), turned)));
    Graph<NnOp> after = new Canonicalize().run(graph, new PassContext());
    assertThat(ops(after)).containsExactly("matmul");
    assertThat(reads.get()).isZero();
    only(Const.class, after).data().load();
    assertThat(reads.get()).isEqualTo(1);
  }
}
