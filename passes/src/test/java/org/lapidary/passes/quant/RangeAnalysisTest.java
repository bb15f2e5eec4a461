package org.lapidary.passes.quant;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.junit.jupiter.api.Test;
import org.lapidary.ir.DType;
import org.lapidary.ir.Data;
import org.lapidary.ir.Graph;
import org.lapidary.ir.GraphBuilder;
import org.lapidary.ir.Loc;
import org.lapidary.ir.Tensor;
import org.lapidary.ir.TensorType;
import org.lapidary.ir.Value;
import org.lapidary.ir.eval.Evaluator;
import org.lapidary.ir.op.Accumulate;
import org.lapidary.ir.op.Layout;
import org.lapidary.ir.op.MoveOut;
import org.lapidary.ir.op.Op;
import org.lapidary.passes.quant.RangeSummary.Entry;
import org.lapidary.passes.quant.RangeSummary.Verdict;

/// Every verdict is checked against the integer referee: a proved bound is reached and not
/// exceeded, and the witness of an overflow does overflow.
final class RangeAnalysisTest {
  private final GraphBuilder<Op> out = new GraphBuilder<>("ranges");

  private Value emit(Op op) {
    return out.emit(op, Loc.onnx("here"));
  }

  private Value constant(Tensor tensor) {
    return emit(new Layout.Const(Data.of("c", tensor)));
  }

  private Value input(int... dims) {
    TensorType type = new TensorType(DType.I8, Arrays.stream(dims).boxed().toList(), 1);
    return out.input("x", type);
  }

  private Graph<Op> of(Value result) {
    out.result("y", result);
    return out.build();
  }

  private static Entry only(Graph<Op> graph, String op) {
    return new RangeAnalysis(graph, RangeAnalysis.Observed.nothing())
        .summary().entries().stream().filter(e -> e.op().equals(op)).findFirst().orElseThrow();
  }

  private static Tensor run(Graph<Op> graph, byte... x) {
    Map<String, Tensor> inputs = Map.of("x", Tensor.of(graph.inputs().getFirst().type(), x));
    return Evaluator.run(graph, inputs).values().iterator().next();
  }

  @Test
  void aProductIsBoundedByTheSignsOfItsWeights() {
    byte[] w = {3, -5, 127, -127, 0, 1};
    Graph<Op> graph =
        of(emit(new Accumulate.MatMulI8(input(1, 3), constant(Tensor.i8(List.of(3, 2), w)))));
    Entry entry = only(graph, "q.matmul");
    assertThat(entry.verdict()).isEqualTo(Verdict.PROVED);
    int[] y = run(graph, (byte) -128, (byte) -128, (byte) 127).i32();
    assertThat(entry.largest()).isEqualTo(5 * 128 + 127 * 128 + 127);
    assertThat(y[1]).isEqualTo((int) entry.largest());
  }

  @Test
  void aLongProductCanOverflowAndItsWitnessDoes() {
    int depth = 140_000;
    byte[] w = new byte[depth];
    Arrays.fill(w, (byte) 127);
    Graph<Op> graph =
        of(
            emit(
                new Accumulate.MatMulI8(
                    input(1, depth), constant(Tensor.i8(List.of(depth, 1), w)))));
    Entry entry = only(graph, "q.matmul");
    assertThat(entry.verdict()).isEqualTo(Verdict.CAN_OVERFLOW);
    assertThat(entry.witness()).contains("column 0");
    byte[] witness = new byte[depth];
    Arrays.fill(witness, (byte) -128);
    assertThat(entry.largest()).isEqualTo(128.0 * 127 * depth);
    assertThat(run(graph, witness).i32()[0]).isPositive(); // the exact sum is negative
  }

  private Graph<Op> norm(int n, int factor) {
    int[] factors = new int[n];
    Arrays.fill(factors, factor);
    Value row = constant(Tensor.i32(List.of(n), factors));
    Value wide = emit(new Accumulate.ChannelMul(input(1, n), row, 1));
    return of(emit(new MoveOut.LayerNormI32(wide, 32, false, 1.0 / 32)));
  }

  @Test
  void aNormIsProvedAsFarAsTheWorstRowFits() {
    // 64 * (127.5 * 45)^2 < 2^31 < 64 * (127.5 * 46)^2
    assertThat(only(norm(64, 45), "q.layernorm").verdict()).isEqualTo(Verdict.PROVED);
  }

  @Test
  void aNormBeyondThatCanOverflowAndItsWitnessGivesNonsense() {
    Graph<Op> graph = norm(64, 46);
    Entry entry = only(graph, "q.layernorm");
    assertThat(entry.verdict()).isEqualTo(Verdict.CAN_OVERFLOW);
    byte[] halves = new byte[64];
    for (int i = 0; i < 64; i++) {
      halves[i] = (byte) (i % 2 == 0 ? 127 : -128);
    }
    // One standard deviation is 32 steps; a sum of squares that wrapped counts as 0.
    assertThat(run(graph, halves).bytes()).contains((byte) 127, (byte) -128);
  }

  @Test
  void channelsAreBoundedOneByOne() {
    int[] factors = new int[64];
    factors[5] = 360; // a single wide channel may be much wider
    Value row = constant(Tensor.i32(List.of(64), factors));
    Value wide = emit(new Accumulate.ChannelMul(input(1, 64), row, 1));
    Graph<Op> graph = of(emit(new MoveOut.LayerNormI32(wide, 32, false, 1.0 / 32)));
    assertThat(only(graph, "q.layernorm").verdict()).isEqualTo(Verdict.PROVED);
  }

  @Test
  void geluAndSoftmaxAreProvedOperandByOperand() {
    Function<Value, Op> gelu = x -> new MoveOut.GeluI32(x, -59, -4500, -1e-4f, 1);
    Graph<Op> fine = of(emit(gelu.apply(emit(new Accumulate.Widen(input(1, 8))))));
    assertThat(only(fine, "q.gelu").verdict()).isEqualTo(Verdict.PROVED);

    SoftmaxConstants c = SoftmaxConstants.of(SoftmaxConstants.finestStep(64));
    RangeAnalysisTest other = new RangeAnalysisTest();
    Value x = other.emit(new Accumulate.Widen(other.input(1, 64)));
    Op softmax = new MoveOut.SoftmaxI32(x, c.qln2(), c.qln2Inv(), c.qb(), c.qc(), 1, 1.0 / 127);
    assertThat(only(other.of(other.emit(softmax)), "q.softmax").verdict())
        .isEqualTo(Verdict.PROVED);
    RangeAnalysisTest longer = new RangeAnalysisTest();
    Value y = longer.emit(new Accumulate.Widen(longer.input(1, 66)));
    Op tooLong = new MoveOut.SoftmaxI32(y, c.qln2(), c.qln2Inv(), c.qb(), c.qc(), 1, 1.0 / 127);
    Graph<Op> graph = longer.of(longer.emit(tooLong));
    assertThat(only(graph, "q.softmax").witness()).isEqualTo("66 equal scores");
    // Their sum wraps to below zero, and probabilities with it.
    assertThat(run(graph, new byte[66]).bytes()[0]).isNotPositive();
  }
}
