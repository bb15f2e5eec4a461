package org.lapidary.passes.quant;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;
import org.lapidary.ir.Data;
import org.lapidary.ir.Graph;
import org.lapidary.ir.Graph.Node;
import org.lapidary.ir.Tensor;
import org.lapidary.ir.eval.Evaluator;
import org.lapidary.ir.op.Layout;
import org.lapidary.ir.op.Neural.MatMul;
import org.lapidary.ir.op.NnOp;
import org.lapidary.ir.pass.PassContext;
import org.lapidary.ir.pass.Verifier;

final class EqualizeTest {
  private static Graph<NnOp> equalized(Graph<NnOp> graph) {
    return Equalize.EVEN.run(graph, new PassContext());
  }

  /// The weights of a graph with columns of very different size, as trained heads have them.
  private static Graph<NnOp> uneven(Graph<NnOp> graph) {
    Random random = new Random(5);
    List<Node<NnOp>> nodes =
        graph.nodes().stream()
            .map(node ->
                node.op() instanceof Layout.Const(var data)
                        && data.type().rank() == 2
                        && data.type().dim(0) == 48
                    ? new Node<NnOp>(
                        node.result(), new Layout.Const(uneven(data, random)), node.loc())
                    : node)
            .toList();
    return new Graph<>(graph.name(), graph.inputs(), nodes, graph.results());
  }

  private static Data uneven(Data data, Random random) {
    float[] w = data.load().f32().clone();
    int n = data.type().dim(1);
    float[] sizes = new float[n];
    for (int c = 0; c < n; c++) {
      sizes[c] = (float) Math.exp(1.2 * random.nextGaussian() - 0.7);
    }
    for (int i = 0; i < w.length; i++) {
      w[i] *= sizes[i % n];
    }
    return Data.of(data.name(), Tensor.of(data.type(), w));
  }

  private static void samePrecisely(Graph<NnOp> graph, Graph<NnOp> other) {
    for (Map<String, Tensor> sample : Blocks.samples(3, 4, graph)) {
      Evaluator.run(graph, sample)
          .forEach(
              (name, real) -> assertThat(Evaluator.run(other, sample).get(name)).isEqualTo(real));
    }
  }

  private static double decibel(Graph<NnOp> graph, Graph<NnOp> quantizable) {
    Calibration calibration = Calibration.collect(quantizable, Blocks.samples(7, 16, quantizable));
    Graph<?> integer =
        Quantizer.quantize(
                quantizable, calibration, QuantizeOptions.DEFAULT.withRecipe(Recipe.PLAIN))
            .graph();
    double signal = 0;
    double noise = 0;
    for (Map<String, Tensor> sample : Blocks.samples(8, 16, graph)) {
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
  void floatsStayTheSameBitForBitAndIntegersComeCloser() {
    for (Graph<NnOp> plain : List.of(Blocks.bert(1, UnaryOperator.identity()), Blocks.gpt(2))) {
      Graph<NnOp> graph = uneven(plain);
      Graph<NnOp> equal = equalized(graph);
      Verifier.require(equal, NnOp.class);
      assertThat(equal).isNotEqualTo(graph);
      samePrecisely(graph, equal);
      assertThat(decibel(graph, equal)).isGreaterThan(decibel(graph, graph) + 1);
    }
  }

  @Test
  void whatIsEqualIsLeftAlone() {
    Graph<NnOp> once = equalized(uneven(Blocks.bert(1, UnaryOperator.identity())));
    assertThat(equalized(once)).isEqualTo(once);
  }

  @Test
  void aProjectionThatSomebodyElseReadsKeepsItsChannels() {
    Graph<NnOp> graph = uneven(Blocks.bert(1, UnaryOperator.identity()));
    List<Graph.Port> results = new java.util.ArrayList<>(graph.results());
    graph.nodes().stream()
        .filter(node -> node.op() instanceof MatMul)
        .forEach(node -> results.add(new Graph.Port("seen" + results.size(), node.result())));
    Graph<NnOp> seen = new Graph<>(graph.name(), graph.inputs(), graph.nodes(), results);
    assertThat(equalized(seen)).isSameAs(seen);
  }
}
