package org.lapidary.ir.text;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.lapidary.ir.Graph;
import org.lapidary.ir.RandomGraphs;
import org.lapidary.ir.op.Op;

class GraphDiffTest {
  private static final String BASE =
      """
      graph @g(%x: f32[4]) -> f32[4] {
        %0 = nn.exp(%x) : f32[4]  loc("onnx:/exp")
        %1 = nn.const() {data=@w [1.0,2.0,3.0,4.0]} : f32[4]
        %2 = nn.add(%0, %1) : f32[4]  loc("onnx:/add")
        %3 = nn.neg(%2) : f32[4]  loc("onnx:/neg")
        %4 = nn.sqrt(%3) : f32[4]  loc("onnx:/sqrt")
        return y = %4
      }
      """;

  private static GraphDiff diff(String a, String b) {
    return GraphDiff.of(graph(a), graph(b));
  }

  private static Graph<Op> graph(String text) {
    return IrParser.parse("test.ir", text, ConstantStore.NONE);
  }

  @Test
  void numbersOrderLocationsAndNamesOfConstantsDoNotCount() {
    String other =
        """
        graph @other(%x: f32[4]) -> f32[4] {
          %9 = nn.const() {data=@v [1.0,2.0,3.0,4.0]} : f32[4]
          %7 = nn.exp(%x) : f32[4]  loc("onnx:/elsewhere", "some-rule")
          %5 = nn.add(%7, %9) : f32[4]
          %a = nn.neg(%5) : f32[4]
          %b = nn.sqrt(%a) : f32[4]
          return y = %b
        }
        """;
    assertThat(diff(BASE, other).isEmpty()).isTrue();
    assertThat(diff(BASE, other).hunks()).isEmpty();
  }

  @Test
  void aChangedConstantShowsNothingButItself() {
    GraphDiff diff = diff(BASE, BASE.replace("3.0,4.0", "3.0,5.0"));
    assertThat(diff.summary()).isEqualTo("0 removed, 0 added, 1 changed, 4 the same");
    assertThat(diff.text())
        .isEqualTo(
            """
            0 removed, 0 added, 1 changed, 4 the same
              input %x: f32[4]
              %0 = nn.exp(%x) : f32[4]  loc("onnx:/exp")
            - %1 = nn.const() {data=@w [1.0,2.0,3.0,4.0]} : f32[4]
            + %1 = nn.const() {data=@w [1.0,2.0,3.0,5.0]} : f32[4]
              %2 = nn.add(%0, %1) : f32[4]  loc("onnx:/add")
              %3 = nn.neg(%2) : f32[4]  loc("onnx:/neg")
            """);
  }

  @Test
  void anInsertedOperationChangesOnlyItsReader() {
    String other =
        BASE.replace(
            "  %4 = nn.sqrt(%3) : f32[4]  loc(\"onnx:/sqrt\")\n",
            "  %n = nn.relu(%3) : f32[4]\n  %4 = nn.sqrt(%n) : f32[4]  loc(\"onnx:/sqrt\")\n");
    GraphDiff diff = diff(BASE, other);
    assertThat(diff.summary()).isEqualTo("0 removed, 1 added, 1 changed, 4 the same");
    assertThat(diff.hunks().stream().map(GraphDiff.Line::toString))
        .containsSubsequence(
            "+ %4 = nn.relu(%3) : f32[4]",
            "- %5 = nn.sqrt(%3) : f32[4]  loc(\"onnx:/sqrt\")",
            "+ %5 = nn.sqrt(%4) : f32[4]  loc(\"onnx:/sqrt\")");
  }

  @Test
  void whatOnlyTheFirstHasCarriesAPrime() {
    String other =
        BASE.replace("  %3 = nn.neg(%2) : f32[4]  loc(\"onnx:/neg\")\n", "")
            .replace("nn.sqrt(%3)", "nn.sqrt(%2)");
    assertThat(diff(BASE, other).text())
        .contains("- %3' = nn.neg(%2)", "- %3 = nn.sqrt(%3')", "+ %3 = nn.sqrt(%2)")
        .startsWith("1 removed, 0 added, 1 changed, 3 the same");
  }

  @Test
  void inputsAndResultsCount() {
    assertThat(diff(BASE, BASE.replace("return y", "return z")).text())
        .contains("- return y = %4 : f32[4]", "+ return z = %4 : f32[4]");
    String wider = BASE.replace("f32[4]", "f32[4,1]");
    assertThat(diff(BASE, wider).text()).contains("- input %x: f32[4]", "+ input %x: f32[4,1]");
  }

  @Test
  void randomGraphsEqualThemselvesAndNotTheirShortenedSelves() {
    for (int seed = 0; seed < 60; seed++) {
      Graph<Op> graph = RandomGraphs.graph(new Random(seed), Op.class);
      assertThat(GraphDiff.of(graph, graph(IrPrinter.print(graph))).text())
          .as("seed %d", seed)
          .startsWith("0 removed, 0 added, 0 changed, ");
      List<Graph.Node<Op>> fewer = new ArrayList<>(graph.nodes());
      if (fewer.isEmpty()) {
        continue;
      }
      fewer.removeLast();
      Graph<Op> shorter = new Graph<>(graph.name(), graph.inputs(), fewer, graph.inputs());
      assertThat(GraphDiff.of(graph, shorter).isEmpty()).as("seed %d", seed).isFalse();
    }
  }
}
