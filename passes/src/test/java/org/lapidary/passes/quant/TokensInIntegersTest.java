package org.lapidary.passes.quant;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.lapidary.frontend.onnx.OnnxImporter;
import org.lapidary.ir.DType;
import org.lapidary.ir.Graph;
import org.lapidary.ir.GraphBuilder;
import org.lapidary.ir.Tensor;
import org.lapidary.ir.Value;
import org.lapidary.ir.eval.ConstantCache;
import org.lapidary.ir.eval.Evaluator;
import org.lapidary.ir.op.Indexing;
import org.lapidary.ir.op.Layout;
import org.lapidary.ir.op.Neural;
import org.lapidary.ir.op.NnOp;
import org.lapidary.ir.op.Op;
import org.lapidary.ir.pass.EliminateDeadCode;
import org.lapidary.ir.pass.PassRunner;
import org.lapidary.ir.pass.Verifier;
import org.lapidary.passes.PassCatalog;
import org.lapidary.passes.prune.ProductCost;
import org.lapidary.passes.prune.PruneRecipe;
import org.lapidary.passes.prune.Pruner;
import org.lapidary.testkit.Repository;

/// Rows that are left behind in integers, of a residual stream in bytes and of one in 32 bits.
final class TokensInIntegersTest {
  private static final int LENGTH = 16;

  /// The last normalization's first row, of a model that normalizes after or before its branches.
  private static Graph<NnOp> firstRow(String model) {
    Path file = Repository.root().resolve("testdata/models").resolve(model).resolve("model.onnx");
    Graph<NnOp> imported = OnnxImporter.read(file, Map.of("batch", 1, "sequence", LENGTH)).graph();
    Graph<NnOp> graph = new PassRunner().run(imported, PassCatalog.nn()).graph().at(NnOp.class);
    GraphBuilder<NnOp> b = new GraphBuilder<>("main");
    graph.inputs().forEach(b::input);
    graph.nodes().forEach(b::keep);
    Value last =
        graph.nodes().reversed().stream()
            .filter(n -> n.op() instanceof Neural.LayerNorm)
            .findFirst()
            .orElseThrow()
            .result();
    b.result("row", b.emit(new Layout.Slice(last, 1, 0, 1, 1)));
    return EliminateDeadCode.in(b.build());
  }

  private static List<Map<String, Tensor>> samples(Graph<NnOp> graph, int seed) {
    Random random = new Random(seed);
    return IntStream.range(0, 4)
        .mapToObj(s -> {
          Map<String, Tensor> inputs = new LinkedHashMap<>();
          for (Graph.Port port : graph.inputs()) {
            int most = port.name().equals("input_ids") ? 50 : 1;
            long[] ids = random.longs(port.type().elements(), 0, most).toArray();
            if (port.name().contains("mask")) {
              Arrays.setAll(ids, i -> i < LENGTH - s ? 1 : 0);
            }
            inputs.put(port.name(), Tensor.i64(port.type().dims(), ids));
          }
          return inputs;
        })
        .toList();
  }

  @ParameterizedTest
  @ValueSource(strings = {"bert-reviews", "gpt-reviews"})
  void rowsArePickedAsTheyAre(String model) {
    Graph<NnOp> whole = firstRow(model);
    Graph<NnOp> fewer =
        Pruner.prune(
                whole,
                samples(whole, 1),
                PruneRecipe.parse("tokens{keep=0.75}, unread"),
                ProductCost.FLOPS,
                new ConstantCache(1 << 26))
            .graph();
    Calibration seen = Calibration.collect(fewer, samples(fewer, 2));
    QuantizedModel quantized = Quantizer.quantize(fewer, seen, QuantizeOptions.DEFAULT);
    assertThat(quantized.whyNots()).isEmpty();
    Graph<Op> graph = quantized.graph();
    Verifier.require(graph, Op.class);
    for (Graph.Node<Op> node : graph.nodes()) {
      if (node.op() instanceof Indexing.Gather(var x, var at, var _) && computed(graph, at)) {
        assertThat(x.type().dtype()).as(node.toString()).isIn(DType.I8, DType.I32);
        assertThat(node.result().type().scale()).isEqualTo(x.type().scale());
      }
    }
    assertThat(quantized.ranges().canOverflow()).isZero();
    for (Map<String, Tensor> inputs : samples(fewer, 2)) {
      float[] real = Evaluator.run(fewer, inputs).values().iterator().next().f32();
      float[] ours = Evaluator.run(graph, inputs).values().iterator().next().f32();
      double signal = 0;
      double noise = 0;
      for (int i = 0; i < real.length; i++) {
        signal += real[i] * real[i];
        noise += (real[i] - ours[i]) * (real[i] - ours[i]);
      }
      assertThat(10 * Math.log10(signal / noise)).isGreaterThan(10);
    }
  }

  /// Whether positions come from the model's own choice and not from its inputs.
  private static boolean computed(Graph<Op> graph, Value positions) {
    Graph.Node<Op> node = graph.definitions().get(positions);
    return node != null
        && (node.op() instanceof Indexing.GatherElements
            || (node.op() instanceof Layout.Reshape(var x, var _) && computed(graph, x))
            || (node.op() instanceof Layout.Slice s && computed(graph, s.x())));
  }
}
