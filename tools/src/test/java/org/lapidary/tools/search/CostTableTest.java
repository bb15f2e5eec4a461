package org.lapidary.tools.search;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.lapidary.ir.Graph;
import org.lapidary.ir.op.NnOp;
import org.lapidary.machine.GemminiParams;
import org.lapidary.tools.compile.CalibrationSet;
import org.lapidary.tools.compile.CompileOptions;

/// The table against compiled programs.
class CostTableTest {
  private static final Graph<NnOp> GRAPH =
      SupernetTest.canonical(SupernetTest.SUPERNET.resolve("model.onnx"), 32);
  private static final Supernet SUPERNET = Supernet.of(GRAPH);
  private static final SearchSpace SPACE =
      new SearchSpace(
          List.of(1, 2, 3, 4), List.of(48, 96), List.of(2, 5, 6), List.of(64, 144, 256));

  @Test
  void sumsOfEntriesAreWhatWholeProgramsTake() {
    Target target =
        new Target(
            CompileOptions.of(java.util.Map.of()).withMachine(GemminiParams.load("survey")),
            CalibrationSet.synthetic(GRAPH).samples().subList(0, 1));
    CostTable table = CostTable.fill(SUPERNET, SPACE, target, 2, _ -> {});
    Stream.of("96:6x256,6x256,6x256,6x256", "48:2x64", "48:6x144,2x256,5x64", "96:5x64,6x64")
        .map(Genome::parse)
        .forEach(genome -> {
          Cost compiled = target.cost(SUPERNET.slice(genome));
          Cost summed = table.cost(genome);
          assertThat((double) summed.cycles() / compiled.cycles())
              .as(genome.toString())
              .isCloseTo(1, within(0.01));
          assertThat(summed.microjoules() / compiled.microjoules())
              .as(genome.toString())
              .isCloseTo(1, within(0.01));
        });
    assertThat(table.entries()).hasSize(2 * (3 + 3 + 1));
    assertThat(table.entries().get(CostTable.Key.attention(96, 6)))
        .anySatisfy(o -> assertThat(o.name()).contains("q.softmax"));
  }

  @Test
  void spaceHasTheSurveysProportions() {
    SearchSpace survey = SearchSpace.of(Genome.uniform(768, 12, 3072, 6), 16);
    assertThat(survey.layers()).containsExactly(3, 4, 5, 6);
    assertThat(survey.hidden()).containsExactly(384, 480, 576, 672, 768);
    assertThat(survey.heads()).containsExactly(4, 6, 8, 10, 12);
    assertThat(survey.neurons()).hasSize(19).startsWith(768, 896).endsWith(2944, 3072);
    assertThat(survey.size()).isCloseTo(3.7e12, within(0.05e12));
  }
}
