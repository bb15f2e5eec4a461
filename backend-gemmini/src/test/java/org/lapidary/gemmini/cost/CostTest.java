package org.lapidary.gemmini.cost;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.lapidary.ir.DType;
import org.lapidary.ir.Graph;
import org.lapidary.ir.GraphBuilder;
import org.lapidary.ir.TensorType;
import org.lapidary.ir.Value;
import org.lapidary.ir.op.Accumulate;
import org.lapidary.ir.op.Layout;
import org.lapidary.ir.op.MoveOut;
import org.lapidary.ir.op.Op;

/// The baseline counts what the survey counts.
class CostTest {
  private static final int LENGTH = 8;
  private static final int HEADS = 2;
  private static final int HEAD_DIM = 3;
  private static final int HIDDEN = HEADS * HEAD_DIM;

  private final GraphBuilder<Op> builder = new GraphBuilder<>("g");

  /// Attention with its residual LayerNorm: per element of the hidden state four projections and
  /// the context dequantised, the layer's input and the context quantised; per score one of each.
  @Test
  void countsConversionsAsTheSurveyDoes() {
    Value x = builder.input("x", TensorType.of(DType.I8, LENGTH, HIDDEN));
    Value q = heads(project(x));
    Value k = builder.emit(new Layout.Transpose(heads(project(x)), List.of(0, 2, 1)));
    Value v = heads(project(x));
    Value scores = builder.emit(new Accumulate.MatMulI8(q, k));
    Value p = builder.emit(new MoveOut.SoftmaxI32(scores, 13, 5041, 27, 383, 1f, 1.0 / 127));
    Value context = requantize(builder.emit(new Accumulate.MatMulI8(p, v)));
    Value merged =
        builder.emit(
            new Layout.Reshape(
                builder.emit(new Layout.Transpose(context, List.of(1, 0, 2))),
                List.of(LENGTH, HIDDEN)));
    Value dense = builder.emit(new Accumulate.MatMulI8(merged, weight()));
    Value skip = builder.emit(new Accumulate.Widen(x));
    Value sum = builder.emit(new Accumulate.AddI32(dense, skip));
    builder.result("y", builder.emit(new MoveOut.LayerNormI32(sum, 10f, false, 0.1)));
    Graph<Op> graph = builder.build();

    long state = LENGTH * HIDDEN;
    long square = HEADS * LENGTH * LENGTH;
    assertThat(Baseline.of(graph, 1000))
        .isEqualTo(
            new Baseline(
                Map.of(
                    HostWork.SOFTMAX, square,
                    HostWork.LAYERNORM, state,
                    HostWork.RESIDUAL, state,
                    HostWork.DEQUANTIZE, 5 * state + square,
                    HostWork.QUANTIZE, 2 * state + square),
                1000));
    assertThat(Baseline.cycles(graph, 1000))
        .isEqualTo(40 * square + 34 * state + 94 * state + 25 * (7 * state + 2 * square) + 1000);
  }

  private Value project(Value x) {
    return requantize(builder.emit(new Accumulate.MatMulI8(x, weight())));
  }

  private Value weight() {
    return builder.constant(
        "w", org.lapidary.ir.Tensor.i8(List.of(HIDDEN, HIDDEN), new byte[HIDDEN * HIDDEN]));
  }

  private Value requantize(Value x) {
    return builder.emit(new MoveOut.Requantize(x, 0.01f, false, 0.1));
  }

  private Value heads(Value x) {
    return builder.emit(
        new Layout.Transpose(
            builder.emit(new Layout.Reshape(x, List.of(LENGTH, HEADS, HEAD_DIM))),
            List.of(1, 0, 2)));
  }
}
