package org.lapidary.passes.prune;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.function.Function;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.lapidary.frontend.onnx.OnnxImporter;
import org.lapidary.ir.DiagnosticException;
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
import org.lapidary.ir.pass.PassRunner;
import org.lapidary.ir.text.IrPrinter;
import org.lapidary.passes.PassCatalog;
import org.lapidary.testkit.Repository;

final class TokensTest {
  private static final int LENGTH = 16;
  private static final Graph<NnOp> BERT = canonical("bert-reviews", 1);

  private static Graph<NnOp> canonical(String model, int batch) {
    var file = Repository.root().resolve("testdata/models").resolve(model).resolve("model.onnx");
    Graph<NnOp> imported =
        OnnxImporter.read(file, Map.of("batch", batch, "sequence", LENGTH)).graph();
    return new PassRunner().run(imported, PassCatalog.nn()).graph().at(NnOp.class);
  }

  /// Inputs with so many real tokens.
  private static Map<String, Tensor> sample(Graph<NnOp> graph, int real, int seed) {
    Random random = new Random(seed);
    Map<String, Tensor> inputs = new LinkedHashMap<>();
    for (Graph.Port port : graph.inputs()) {
      int most = port.name().equals("input_ids") ? 50 : 1;
      long[] ids = random.longs(port.type().elements(), 0, most).toArray();
      if (port.name().contains("mask")) {
        Arrays.setAll(ids, i -> i % LENGTH < real ? 1 : 0);
      }
      inputs.put(port.name(), Tensor.i64(port.type().dims(), ids));
    }
    return inputs;
  }

  private static Pruned prune(Graph<NnOp> graph, String recipe) {
    return Pruner.prune(
        graph,
        IntStream.range(0, 3).mapToObj(i -> sample(graph, LENGTH - i, i)).toList(),
        PruneRecipe.parse(recipe),
        ProductCost.FLOPS,
        new ConstantCache(1 << 26));
  }

  private static List<Integer> kept(Pruned pruned) {
    return pruned.branches().stream()
        .filter(b -> b.what().equals("tokens"))
        .map(Pruned.Kept::kept)
        .toList();
  }

  private static Tensor only(Graph<NnOp> graph, Map<String, Tensor> inputs) {
    return Evaluator.run(graph, inputs).values().iterator().next();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = ':',
      value = {
        "tokens{keep=0.5}              : 8, 4, 2",
        "tokens{keep=0.75}             : 12, 9, 7",
        "tokens{keep=0.5,from=3}       : 8",
        "tokens{keep=0}                : 1",
        "tokens{keep=0.5,from=4}, heads:",
        "tokens{keep=1}, unread        :"
      })
  void aShareGoesOnBehindEveryLayerButTheLast(String recipe, String left) {
    Pruned pruned = prune(BERT, recipe);
    assertThat(kept(pruned).toString()).isEqualTo("[" + Objects.requireNonNullElse(left, "") + "]");
    assertThat(pruned.graph().nodes().stream().anyMatch(n -> n.op() instanceof Indexing.TopK))
        .isEqualTo(left != null);
    Graph<NnOp> graph = pruned.graph();
    assertThat(Costs.of(graph, ProductCost.FLOPS)).isEqualTo(pruned.cycles().after());
  }

  @Test
  void paddingGoesFirstAndIsNotMissed() {
    Graph<NnOp> fewer = prune(BERT, "tokens{keep=0.5,from=2}, unread").graph();
    for (int real = 1; real <= LENGTH; real++) {
      Map<String, Tensor> inputs = sample(BERT, real, 7);
      Tensor whole = only(BERT, inputs);
      Tensor pruned = only(fewer, inputs);
      boolean same = true;
      for (int i = 0; i < 4; i++) {
        same &= Math.abs(whole.f32()[i] - pruned.f32()[i]) < 1e-4;
      }
      // From 16 to 8 and 4: with more real tokens some of them go, and that shows.
      assertThat(same).as(real + " real tokens").isEqualTo(real <= 4);
    }
  }

  @Test
  void rowsThatNothingReadsGoAsWell() {
    Pruned tokens = prune(BERT, "tokens{keep=0.75}");
    Pruned both = prune(BERT, "tokens{keep=0.75}, unread");
    assertThat(both.cycles().after()).isLessThan(tokens.cycles().after());
    assertThat(kept(both)).isEqualTo(kept(tokens));
    Map<String, Tensor> inputs = sample(BERT, LENGTH, 3);
    Tensor expected = only(tokens.graph(), inputs);
    for (int i = 0; i < 4; i++) {
      assertThat(only(both.graph(), inputs).f32()[i]).isCloseTo(expected.f32()[i], within(1e-5f));
    }
    assertThat(tokens.loss()).as("measured, not taken from the fit").isPositive();
  }

  @Test
  void otherPartsArePricedWithTheTokensThatAreLeft() {
    Pruned pruned = prune(BERT, "tokens{keep=0.5}, unread, budget{cycles=0.3}");
    assertThat(pruned.cycles().after()).isLessThanOrEqualTo(pruned.cycles().before() * 3 / 10);
    assertThat(pruned.cycles().after()).isGreaterThan(pruned.cycles().before() / 5);
    assertThat(kept(pruned)).containsExactly(8, 4, 2);
  }

  @Test
  void theMostLookedAtGoOnInTheirOrder() {
    Graph<NnOp> fewer = prune(BERT, "tokens{keep=0.5}").graph();
    Map<Value, Tensor> seen = new HashMap<>();
    Evaluator.run(
        fewer, sample(BERT, LENGTH, 5), (node, tensor) -> seen.put(node.result(), tensor));
    Indexing.Gather rows =
        nodes(fewer, Indexing.Gather.class).stream()
            .filter(g -> g.axis() == 1)
            .findFirst()
            .orElseThrow();
    float[] p =
        Objects.requireNonNull(seen.get(nodes(fewer, Neural.Reduce.class).getFirst().x())).f32();
    double[] importance = new double[LENGTH];
    for (int i = 0; i < p.length; i++) {
      importance[i % LENGTH] += p[i];
    }
    long[] expected =
        LongStream.concat(
                LongStream.of(0),
                LongStream.range(1, LENGTH)
                    .boxed()
                    .sorted(Comparator.comparingDouble(i -> -importance[i.intValue()]))
                    .mapToLong(i -> i)
                    .limit(7))
            .sorted()
            .toArray();
    assertThat(Objects.requireNonNull(seen.get(rows.indices())).i64()).isEqualTo(expected);
  }

  private static <O extends NnOp> List<O> nodes(Graph<NnOp> graph, Class<O> kind) {
    return graph.nodes().stream()
        .map(Graph.Node::op)
        .filter(kind::isInstance)
        .map(kind::cast)
        .toList();
  }

  @Test
  void whatNeedsAllTokensIsRefused() {
    refused(canonical("gpt-reviews", 1), "the result logits has a row for every token");
    refused(canonical("bert-reviews", 2), "there are 2 in a batch");
    GraphBuilder<NnOp> none = new GraphBuilder<>("main");
    none.result("y", none.input("x", BERT.results().getFirst().type()));
    refused(none.build(), "there are not two layers of attention");
    Layout.Slice pooled = slice();
    Value stream = pooled.x();
    refused(ending(b -> b.emit(new Layout.Slice(stream, 1, 3, 1, 1))), "it reads position 3");
    refused(
        ending(b -> b.emit(new Layout.Slice(stream, 1, 0, 2, 1))),
        "it reads position 0 and others");
    refused(
        ending(b -> b.emit(new Neural.Reduce(stream, Neural.Reduction.MEAN, List.of(1), true))),
        "nn.reduce reads the rows of all tokens together");
    refused(ending(_ -> stream), "the result logits has a row for every token");
  }

  private static Layout.Slice slice() {
    return BERT.nodes().stream()
        .filter(n -> n.op() instanceof Layout.Slice)
        .map(n -> (Layout.Slice) n.op())
        .findFirst()
        .orElseThrow();
  }

  /// The classifier with another end.
  private static Graph<NnOp> ending(Function<GraphBuilder<NnOp>, Value> last) {
    GraphBuilder<NnOp> b = new GraphBuilder<>("main");
    BERT.inputs().forEach(b::input);
    BERT.nodes().stream().takeWhile(n -> !n.op().equals(slice())).forEach(b::keep);
    b.result("logits", last.apply(b));
    return b.build();
  }

  private static void refused(Graph<NnOp> graph, String why) {
    assertThatThrownBy(() -> prune(graph, "tokens{keep=0.5}"))
        .isInstanceOf(DiagnosticException.class)
        .hasMessageContaining("tokens cannot be left out: " + why);
  }

  @Test
  void theGraphIsTheSameEveryTime() {
    String recipe = "tokens{keep=0.6}, unread, neurons{keep=0.5}";
    assertThat(IrPrinter.print(prune(BERT, recipe).graph()))
        .isEqualTo(IrPrinter.print(prune(BERT, recipe).graph()));
    assertThat(PruneRecipe.parse("tokens").toString()).isEqualTo("tokens{keep=0.75,from=1}");
    assertThatThrownBy(() -> PruneRecipe.parse("tokens{from=0}"))
        .hasMessageContaining("layers count from 1");
  }
}
