package org.lapidary.passes.prune;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.lapidary.frontend.onnx.OnnxImporter;
import org.lapidary.ir.DiagnosticException;
import org.lapidary.ir.Graph;
import org.lapidary.ir.Tensor;
import org.lapidary.ir.Value;
import org.lapidary.ir.eval.ConstantCache;
import org.lapidary.ir.eval.Evaluator;
import org.lapidary.ir.op.Neural;
import org.lapidary.ir.op.NnOp;
import org.lapidary.ir.pass.EliminateDeadCode;
import org.lapidary.ir.pass.PassRunner;
import org.lapidary.ir.text.IrPrinter;
import org.lapidary.passes.PassCatalog;
import org.lapidary.passes.fuse.AttentionBlock;
import org.lapidary.testkit.Repository;

final class PrunerTest {
  private static final Graph<NnOp> BERT =
      canonical("bert-reviews/model.onnx", Map.of("batch", 1, "sequence", 16));
  private static final Graph<NnOp> GPT =
      canonical("gpt-reviews/model.onnx", Map.of("batch", 1, "sequence", 16));

  private static Graph<NnOp> canonical(String model, Map<String, Integer> dims) {
    Graph<NnOp> imported =
        OnnxImporter.read(Repository.root().resolve("testdata/models").resolve(model), dims)
            .graph();
    return new PassRunner().run(imported, PassCatalog.nn()).graph().at(NnOp.class);
  }

  private static List<Map<String, Tensor>> samples(Graph<NnOp> graph, int count, int seed) {
    Random random = new Random(seed);
    return IntStream.range(0, count)
        .mapToObj(_ -> {
          Map<String, Tensor> inputs = new java.util.LinkedHashMap<>();
          graph.inputs().forEach(port -> inputs.put(port.name(), input(port, random)));
          return inputs;
        })
        .toList();
  }

  private static Tensor input(Graph.Port port, Random random) {
    long[] ids =
        random.longs(port.type().elements(), 0, port.name().equals("input_ids") ? 50 : 1).toArray();
    if (port.name().contains("mask")) {
      java.util.Arrays.fill(ids, 0, ids.length - random.nextInt(8), 1);
    }
    return Tensor.i64(port.type().dims(), ids);
  }

  private static Pruned prune(Graph<NnOp> graph, String recipe) {
    return Pruner.prune(
        graph,
        samples(graph, 4, 1),
        PruneRecipe.parse(recipe),
        ProductCost.FLOPS,
        new ConstantCache(1 << 26));
  }

  @Test
  void whatKeepsAllChangesNothing() {
    for (Graph<NnOp> graph : List.of(BERT, GPT)) {
      Pruned pruned = prune(graph, "heads{keep=1}, neurons{keep=1}");
      assertThat(IrPrinter.print(pruned.graph())).isEqualTo(IrPrinter.print(graph));
      assertThat(pruned.loss()).isZero();
      assertThat(pruned.branches()).as("an attention and a feed-forward block a layer").hasSize(8);
    }
  }

  @Test
  void theResidualStreamGetsNarrower() {
    for (Graph<NnOp> graph : List.of(BERT, GPT)) {
      Pruned pruned = prune(graph, "hidden{keep=0.75}");
      Pruned.Kept stream = pruned.branches().getLast();
      assertThat(stream.kept() * 4).isEqualTo(stream.groups() * 3);
      for (Graph.Node<NnOp> node : pruned.graph().nodes()) {
        if (node.op() instanceof Neural.LayerNorm) {
          assertThat(node.result().type().dim(-1)).isEqualTo(stream.kept());
        }
      }
    }
  }

  @Test
  void aModelThatReturnsTheResidualStreamKeepsIt() {
    Value last =
        BERT.nodes().stream()
            .filter(n -> n.op() instanceof Neural.LayerNorm)
            .map(Graph.Node::result)
            .reduce((_, b) -> b)
            .orElseThrow();
    Graph<NnOp> encoder =
        new Graph<>(
            "encoder", BERT.inputs(), BERT.nodes(), List.of(new Graph.Port("states", last)));
    assertThatThrownBy(() -> prune(EliminateDeadCode.in(encoder), "hidden"))
        .isInstanceOf(DiagnosticException.class)
        .hasMessageContaining("no residual stream whose channels could be taken out");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "heads",
        "neurons",
        "hidden{keep=0.75}",
        "heads, neurons",
        "widths{keys=0.5,values=0.5}",
        "layers",
        "branches{drop=2}",
        "budget{cycles=0.6}"
      })
  void leastSquaresLoseLessThanTakingTheSmallest(String recipe) {
    for (Graph<NnOp> graph : List.of(BERT, GPT)) {
      Pruned pruned = prune(graph, recipe);
      assertThat(pruned.cycles().after()).isLessThan(pruned.cycles().before() * 9 / 10);
      assertThat(pruned.loss()).isPositive();
      assertThat(Costs.of(pruned.graph(), ProductCost.FLOPS)).isEqualTo(pruned.cycles().after());
      Map<String, Tensor> fresh = samples(graph, 1, 2).getFirst();
      assertThat(Evaluator.run(pruned.graph(), fresh).keySet())
          .isEqualTo(Evaluator.run(graph, fresh).keySet());
      if (!recipe.contains("drop") && !recipe.equals("layers")) {
        String smallest = PruneRecipe.parse(recipe).byMagnitude().toString();
        assertThat(pruned.loss()).isLessThan(prune(graph, smallest).loss());
      }
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"weights{pattern=2:4}", "heads, blocks{keep=0.6}"})
  void zerosAreFittedToo(String recipe) {
    for (Graph<NnOp> graph : List.of(BERT, GPT)) {
      Pruned pruned = prune(graph, recipe);
      assertThat(pruned.loss()).isPositive();
      PruneRecipe smallest = PruneRecipe.parse(recipe).byMagnitude();
      assertThat(pruned.loss()).isLessThan(prune(graph, smallest.toString()).loss());
    }
  }

  @Test
  void rowsThatNothingReadsAreLeftOut() {
    Pruned pruned = prune(BERT, "unread");
    // Of a classifier's last layer keys and values alone are computed for all positions.
    assertThat(pruned.cycles().after())
        .isBetween(pruned.cycles().before() * 3 / 4, pruned.cycles().before() * 17 / 20);
    assertThat(pruned.loss()).isZero();
    for (Map<String, Tensor> inputs : samples(BERT, 3, 5)) {
      assertThat(Evaluator.run(pruned.graph(), inputs)).isEqualTo(Evaluator.run(BERT, inputs));
    }
    assertThat(IrPrinter.print(prune(GPT, "unread").graph()))
        .as("a language model's rows are all read")
        .isEqualTo(IrPrinter.print(GPT));
  }

  @Test
  void queriesKeysAndValuesOfHeadsGetNarrower() {
    Pruned pruned = prune(BERT, "heads{keep=0.5}, widths{keys=0.5,values=0.25}");
    List<AttentionBlock> blocks =
        AttentionBlock.in(pruned.graph()).stream().map(Map.Entry::getValue).toList();
    assertThat(blocks).hasSize(4);
    assertThat(blocks)
        .allSatisfy(b -> {
          assertThat(b.q().type().dims()).containsExactly(1, 2, 16, 16);
          assertThat(b.values().type().dims()).containsExactly(1, 2, 16, 8);
        });
    Pruned again =
        Pruner.prune(
            pruned.graph(),
            samples(BERT, 4, 1),
            PruneRecipe.parse("heads{keep=0.5}, widths{keys=0.5,values=0.5}"),
            ProductCost.FLOPS,
            new ConstantCache(1 << 26));
    assertThat(AttentionBlock.in(again.graph()).getFirst().getValue().q().type().dims())
        .as("what is narrow already can be cut again")
        .containsExactly(1, 1, 16, 8);
  }

  @Test
  void aBudgetIsKept() {
    assertThat(prune(BERT, "budget{cycles=0.6}").cycles().share()).isBetween(0.4, 0.6);
    assertThat(prune(BERT, "budget{flops=0.6}").flops().share()).isBetween(0.4, 0.6);
    Pruned small = prune(BERT, "unread, widths{keys=0.5,values=1}, budget{size=0.5}");
    assertThat(small.weights().share()).isBetween(0.4, 0.5);
    assertThat(small.flops().share())
        .as("rows that nothing reads save operations, not weights")
        .isLessThan(small.weights().share());
  }

  @Test
  void theSameComesOutAgain() {
    assertThat(IrPrinter.print(prune(GPT, "heads, neurons").graph()))
        .isEqualTo(IrPrinter.print(prune(GPT, "heads, neurons").graph()));
  }

  @Test
  void sizesAreRoundedUpWhereThatCostsNothing() {
    ProductCost tiles =
        p -> (long) p.count() * p.rows() * ((p.depth() + 15) / 16) * ((p.cols() + 15) / 16);
    Pruned pruned =
        Pruner.prune(
            BERT,
            samples(BERT, 2, 1),
            PruneRecipe.parse("neurons{keep=0.51}"),
            tiles,
            new ConstantCache(1 << 26));
    assertThat(pruned.branches().stream().filter(b -> b.what().equals("neurons")))
        .isNotEmpty()
        .allMatch(b -> b.kept() % 16 == 0 && b.kept() > b.groups() / 2);
  }

  @Test
  void theTextOfARecipeReadsBack() {
    PruneRecipe recipe =
        PruneRecipe.parse("unread, layers{drop=2}, heads{keep=0.25,score=magnitude}, neurons");
    assertThat(PruneRecipe.parse(recipe.toString())).isEqualTo(recipe);
    assertThat(PruneRecipe.parse("none")).isEqualTo(PruneRecipe.NONE);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = ':',
      textBlock =
          """
          ears               : there is no pruning ears
          heads{share=0.5}   : heads has no option share
          heads{keep=half}   : keep=half where a number is due
          heads{keep=1.5}    : where 0 to 1 is due
          heads{score=luck}  : least-squares or magnitude
          heads{keep}        : not an option
          heads, heads       : is given twice
          heads; neurons     : not a list
          widths{keys=0}     : a head without channels
          budget             : one share below 1, of cycles, flops or size
          budget{flops=0.5,size=0.5} : one share below 1
          layers{drop=-1}    : where a count is due
          """)
  void whatIsWrongIsSaid(String text, String message) {
    assertThatThrownBy(() -> PruneRecipe.parse(text))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining(message);
  }
}
