package org.lapidary.gemmini;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.lapidary.gemmini.map.Placement;
import org.lapidary.gemmini.map.Placement.Where;
import org.lapidary.gemmini.program.Program;
import org.lapidary.ir.DType;
import org.lapidary.ir.DiagnosticException;
import org.lapidary.ir.Graph;
import org.lapidary.ir.TensorType;
import org.lapidary.ir.Value;
import org.lapidary.ir.op.Accumulate;
import org.lapidary.ir.op.Elementwise;
import org.lapidary.ir.op.HostBridge;
import org.lapidary.ir.op.Layout;
import org.lapidary.ir.op.Op;
import org.lapidary.machine.GemminiParams;
import org.lapidary.machine.Semantics;

/// Graphs that no quantizer is likely to make, and what a machine cannot do.
class EdgeCasesTest {
  private final RandomGraphs g = new RandomGraphs(5, false);

  private Program check(Graph<Op> graph) {
    return BitExactnessTest.check(g, graph, "ibert", Semantics.RTL);
  }

  @Test
  void resultsThatNobodyComputes() {
    Value x = g.quantizedInput("x", 3, 20);
    Value weight = g.int8("w", 20, 4);
    Value y = g.requantize(g.matmul(x, weight, "y"), 0.05, false);
    check(g.result(x, weight, y, y));
  }

  @Test
  void noAcceleratorWorkAtAll() {
    Value x = g.quantizedInput("x", 3, 20);
    Program program = check(g.result(g.emit(new HostBridge.Dequantize(x), "d")));
    assertThat(program.commandCount()).isZero();
  }

  @Test
  void hostAndAcceleratorTakeTurns() {
    Value x = g.quantizedInput("x", 5, 18);
    Value y = g.requantize(g.matmul(x, g.int8("w", 18, 18), "y"), 0.05, false);
    Value real = g.emit(new HostBridge.Dequantize(y), "d");
    Value tanh = g.emit(new Elementwise.Tanh(real), "tanh");
    Value again = g.emit(new HostBridge.Quantize(tanh, DType.I8, 0.01, -127, 127), "q");
    Value z = g.requantize(g.matmul(again, g.int8("v", 18, 7), "z"), 0.05, true);
    Program program = check(g.result(z, y));
    assertThat(program.steps()).hasSize(4);
  }

  @Test
  void transposedLeftOperandAndBroadcastBatches() {
    Value x = g.quantizedInput("x", 2, 19, 21);
    Value left = g.transpose(x, 0, 2, 1);
    Value one = g.requantize(g.matmul(left, g.int8("w", 19, 33), "a"), 0.05, false);
    Value wide = g.reshape(x, 2, 1, 19, 21);
    Value two = g.requantize(g.matmul(wide, g.int8("v", 3, 21, 6), "b"), 0.05, false);
    check(g.result(one, two));
  }

  @Test
  void ofTwoTransposedOperandsOneIsCopied() {
    Value x = g.quantizedInput("x", 17, 19);
    Value y = g.quantizedInput("y", 21, 17);
    Value product = g.matmul(g.transpose(x, 1, 0), g.transpose(y, 1, 0), "product");
    Program program = check(g.result(g.requantize(product, 0.05, false)));
    assertThat(program.kernels()).hasSize(2);
  }

  @Test
  void withoutNormalisationUnitTheHostNormalises() {
    Value x = g.quantizedInput("x", 9, 20);
    Value sum = g.matmul(x, g.int8("w", 20, 30), "sum");
    Graph<Op> graph = g.result(g.layerNorm(sum), g.requantize(sum, 0.02, true));
    Program program = BitExactnessTest.check(g, graph, "chip", Semantics.RTL);
    assertThat(program.placements())
        .contains(
            new Placement(
                "layernorm", "q.layernorm", Where.HOST, "machine chip has no normalisation unit"));
    assertThatThrownBy(
            () -> GemminiCompiler.compile(graph, GemminiParams.load("lean"), Semantics.RTL))
        .isInstanceOf(DiagnosticException.class)
        .hasMessageContaining("machine lean cannot move out 32-bit sums");
  }

  @Test
  void softmaxLongerThanTheAccumulatorIsRefused() {
    Value s = g.quantizedSum("s", 10, 1, 40_000);
    Graph<Op> graph = g.result(g.softmax(s, 0.05));
    assertThatThrownBy(
            () -> GemminiCompiler.compile(graph, GemminiParams.load("ibert"), Semantics.RTL))
        .isInstanceOf(DiagnosticException.class)
        .hasMessageContaining("rows of 40000 columns do not fit the accumulator of ibert");
  }

  @Test
  void emptyPartsAndSingleRows() {
    Value past =
        g.builder.constant(
            "past",
            org.lapidary.ir.Tensor.of(
                new TensorType(DType.I8, List.of(1, 2, 0, 8), RandomGraphs.SCALE), new byte[0]));
    Value x = g.quantizedInput("x", 1, 1, 16);
    Value y = g.requantize(g.matmul(x, g.int8("w", 16, 16), "y"), 0.05, false);
    Value heads = g.transpose(g.reshape(y, 1, 1, 2, 8), 0, 2, 1, 3);
    Value cache = g.emit(new Layout.Concat(List.of(past, heads), 2), "cache");
    Value scores = g.matmul(heads, g.transpose(cache, 0, 1, 3, 2), "scores");
    check(g.result(g.softmax(scores, 0.001), cache));
  }

  @Test
  void factorsOfAnySizeAndNone() {
    Value x = g.quantizedInput("x", 18, 35);
    Value zero = g.builder.constant("zero", org.lapidary.ir.Tensor.i32(List.of(35), new int[35]));
    int[] extreme = new int[35];
    for (int i = 0; i < extreme.length; i++) {
      extreme[i] = (i % 2 == 0 ? 1 : -1) * i * i * 90;
    }
    Value large = g.builder.constant("f", org.lapidary.ir.Tensor.i32(List.of(35), extreme));
    Value none = g.emit(new Accumulate.ChannelMul(x, zero, 1), "none");
    Value much = g.emit(new Accumulate.ChannelMul(x, large, 1), "much");
    check(g.result(none, much, g.requantize(much, 0.0001, false)));
  }
}
