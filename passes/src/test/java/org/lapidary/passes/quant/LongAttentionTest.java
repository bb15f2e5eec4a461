package org.lapidary.passes.quant;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.lapidary.ir.DType;
import org.lapidary.ir.Data;
import org.lapidary.ir.Graph;
import org.lapidary.ir.GraphBuilder;
import org.lapidary.ir.Tensor;
import org.lapidary.ir.TensorType;
import org.lapidary.ir.Value;
import org.lapidary.ir.eval.Evaluator;
import org.lapidary.ir.op.Elementwise;
import org.lapidary.ir.op.Layout;
import org.lapidary.ir.op.MoveOut;
import org.lapidary.ir.op.Neural;
import org.lapidary.ir.op.NnOp;
import org.lapidary.ir.op.Op;

/// Attention over 512 keys, each of which gets about 1/512.
final class LongAttentionTest {
  private static final int LENGTH = 512;
  private static final int HIDDEN = 16;

  private final Random random = new Random(1);
  private final GraphBuilder<NnOp> out = new GraphBuilder<>("long");

  private Value constant(String name, double deviation, int... dims) {
    Tensor t = Tensor.of(TensorType.of(DType.F32, dims), random(deviation, dims));
    return out.emit(new Layout.Const(Data.of(name, t)));
  }

  private float[] random(double deviation, int... dims) {
    int n = 1;
    for (int dim : dims) {
      n *= dim;
    }
    float[] x = new float[n];
    for (int i = 0; i < n; i++) {
      x[i] = (float) (deviation * random.nextGaussian());
    }
    return x;
  }

  private Value project(Value x, String name) {
    return out.emit(new Neural.MatMul(x, constant(name, 0.25, HIDDEN, HIDDEN)));
  }

  /// LayerNorm, one head with scores of that deviation, and a LayerNorm after it.
  private Graph<NnOp> attention(double deviation) {
    Value x = out.input("x", TensorType.of(DType.F32, 1, LENGTH, HIDDEN));
    Value ones = constantRow("ones", 1);
    Value zeros = constantRow("zeros", 0);
    Value n = out.emit(new Neural.LayerNorm(x, ones, zeros, 1e-5f));
    Value k = out.emit(new Layout.Transpose(project(n, "k"), List.of(0, 2, 1)));
    Value product = out.emit(new Neural.MatMul(project(n, "q"), k));
    Value factor =
        out.constant("factor", Tensor.f32(List.of(), (float) (deviation / Math.sqrt(HIDDEN))));
    Value scores = out.emit(new Elementwise.Mul(product, factor));
    Value p = out.emit(new Neural.Softmax(scores, -1));
    Value context = out.emit(new Neural.MatMul(p, project(n, "v")));
    out.result("y", out.emit(new Neural.LayerNorm(context, ones, zeros, 1e-5f)));
    return out.build();
  }

  private Value constantRow(String name, float value) {
    float[] row = new float[HIDDEN];
    java.util.Arrays.fill(row, value);
    return out.constant(name, Tensor.f32(List.of(HIDDEN), row));
  }

  private List<Map<String, Tensor>> samples(int count) {
    List<Map<String, Tensor>> samples = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      List<Integer> dims = List.of(1, LENGTH, HIDDEN);
      samples.add(Map.of("x", Tensor.f32(dims, random(1, 1, LENGTH, HIDDEN))));
    }
    return samples;
  }

  private double decibel(Graph<NnOp> graph, Graph<Op> integer) {
    double signal = 0;
    double noise = 0;
    for (Map<String, Tensor> sample : samples(1)) {
      float[] real = Evaluator.run(graph, sample).values().iterator().next().f32();
      float[] approx = Evaluator.run(integer, sample).values().iterator().next().f32();
      for (int i = 0; i < real.length; i++) {
        signal += real[i] * real[i];
        noise += (real[i] - approx[i]) * (real[i] - approx[i]);
      }
    }
    return 10 * Math.log10(signal / noise);
  }

  @Test
  void spreadAttentionKeepsItsMass() {
    Graph<NnOp> graph = attention(0.5);
    Calibration calibration = Calibration.collect(graph, samples(2));
    QuantizeOptions plain = QuantizeOptions.DEFAULT.withRecipe(Recipe.PLAIN);
    QuantizeOptions scaled = plain.withRecipe(Recipe.parse("softmax-scale"));
    Graph<Op> fine = Quantizer.quantize(graph, calibration, scaled).graph();
    assertThat(softmax(fine).scale()).isGreaterThan(8);
    double before = decibel(graph, Quantizer.quantize(graph, calibration, plain).graph());
    double after = decibel(graph, fine);
    System.out.printf("[quantization] 512 keys: %.1f dB, with a scale %.1f dB%n", before, after);
    assertThat(before).isLessThan(6);
    assertThat(after).isGreaterThan(20);
  }

  private static MoveOut.SoftmaxI32 softmax(Graph<Op> integer) {
    return integer.nodes().stream()
        .filter(n -> n.op() instanceof MoveOut.SoftmaxI32)
        .map(n -> (MoveOut.SoftmaxI32) n.op())
        .findFirst()
        .orElseThrow();
  }

  /// How many steps ln 2 is taken for, over how many it is.
  private static double softness(Graph<Op> integer) {
    MoveOut.SoftmaxI32 softmax = softmax(integer);
    return softmax.qln2() * softmax.x().type().scale() / Math.log(2);
  }

  @Test
  void scoresThatSpanTensOfThousandsOfHalvingsLeaveTheMarginThatIsAskedFor() {
    Graph<NnOp> graph = attention(3000);
    QuantizedModel wide =
        Quantizer.quantize(graph, Calibration.collect(graph, samples(2)), QuantizeOptions.DEFAULT);
    assertThat(wide.ranges().entries()).allMatch(RangeSummary.Entry::safe);
    assertThat(softness(wide.graph())).isBetween(1.5, 10.0);
  }

  @Test
  void usualScoresGetTheSoftmaxOfTheModel() {
    Graph<NnOp> graph = attention(3);
    Calibration calibration = Calibration.collect(graph, samples(2));
    QuantizedModel exact = Quantizer.quantize(graph, calibration, QuantizeOptions.DEFAULT);
    assertThat(softness(exact.graph())).isBetween(0.99, 1.01);
  }
}
