package org.lapidary.ir;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.lapidary.ir.eval.Evaluator;
import org.lapidary.ir.op.Op;
import org.lapidary.ir.op.OpInfo;
import org.lapidary.ir.pass.Verifier;
import org.lapidary.ir.text.ConstantStore;
import org.lapidary.ir.text.IrParser;
import org.lapidary.ir.text.IrPrinter;
import org.lapidary.testkit.Property;

/// What holds of every graph.
class RandomGraphsTest {

  @Test
  void printingAndParsingIsTheIdentity() {
    Property.holds(
        200,
        random -> {
          Graph<Op> graph = RandomGraphs.graph(random, Op.class);
          assertThat(Verifier.problems(graph, Op.class)).isEmpty();
          String text = IrPrinter.print(graph);
          Graph<Op> parsed = IrParser.parse("random.ir", text, ConstantStore.NONE);
          assertThat(Verifier.problems(parsed, Op.class)).isEmpty();
          assertThat(IrPrinter.print(parsed)).isEqualTo(text);
        });
  }

  /// Whatever an operation accepts, the referee can compute, and gives it the declared type.
  @Test
  void theRefereeComputesWhateverAnOperationAccepts() {
    Set<String> computed = new TreeSet<>();
    Property.holds(
        800,
        random -> {
          Graph<Op> graph = RandomGraphs.graph(random, Op.class);
          try {
            Evaluator.run(
                graph,
                RandomGraphs.inputs(random, graph),
                (node, result) -> assertThat(result.type()).isEqualTo(node.result().type()));
            graph.nodes().forEach(node -> computed.add(OpInfo.of(node.op()).name()));
          } catch (DiagnosticException e) {
            assertThat(e.getMessage()).containsPattern("by zero|on an axis of size");
          } catch (RuntimeException e) {
            throw new AssertionError(IrPrinter.print(graph), e);
          }
        });
    Set<String> missing = new TreeSet<>();
    OpInfo.all().forEach(info -> missing.add(info.name()));
    missing.removeAll(computed);
    assertThat(missing).as("operations the generator never makes").isEmpty();
  }
}
