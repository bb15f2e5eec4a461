package org.lapidary.ir.pass;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import org.lapidary.ir.DType;
import org.lapidary.ir.DiagnosticException;
import org.lapidary.ir.Graph;
import org.lapidary.ir.RandomGraphs;
import org.lapidary.ir.Tensor;
import org.lapidary.ir.eval.Evaluator;
import org.lapidary.ir.op.Op;
import org.lapidary.ir.text.ConstantStore;
import org.lapidary.ir.text.IrParser;
import org.lapidary.ir.text.IrPrinter;
import org.lapidary.testkit.Property;

/// What every pass that keeps the meaning of a graph promises, checked on random graphs: its result
/// is sound, computes the same, is the same every time, and prints and parses. Integers are
/// compared bit for bit, floats within a tolerance.
public final class PassContract {
  private PassContract() {}

  /// Checks a pass on random graphs of one level.
  ///
  /// @param tolerance largest difference allowed between floats, relative to values above 1
  public static <O extends Op> void check(
      Pass<? super O, ?> pass, Class<O> level, int examples, double tolerance) {
    Property.holds(
        examples, random -> check(pass, RandomGraphs.graph(random, level), random, tolerance));
  }

  private static void check(
      Pass<?, ?> pass, Graph<? extends Op> graph, Random random, double tolerance) {
    Pipeline pipeline = new Pipeline(List.of(pass));
    Graph<? extends Op> after = new PassRunner().run(graph, pipeline).graph();
    String text = IrPrinter.print(after);
    assertThat(IrPrinter.print(new PassRunner().run(graph, pipeline).graph())).isEqualTo(text);
    Graph<Op> parsed = IrParser.parse("random.ir", text, ConstantStore.NONE);
    assertThat(IrPrinter.print(parsed)).isEqualTo(text);

    Map<String, Tensor> inputs = RandomGraphs.inputs(random, graph);
    Map<String, Tensor> expected;
    try {
      expected = Evaluator.run(graph, inputs);
    } catch (DiagnosticException _) {
      return; // a division by zero or an index out of range: the graph means nothing
    }
    Map<String, Tensor> actual = Evaluator.run(after, inputs);
    assertThat(actual.keySet()).containsExactlyElementsOf(expected.keySet());
    expected.forEach(
        (name, tensor) -> assertClose(name + " of\n" + text, tensor, actual, name, tolerance));
  }

  private static void assertClose(
      String where, Tensor expected, Map<String, Tensor> all, String name, double tolerance) {
    Tensor actual = Objects.requireNonNull(all.get(name), where);
    if (expected.type().dtype() != DType.F32 || tolerance == 0) {
      assertThat(actual).as(where).isEqualTo(expected);
      return;
    }
    for (int i = 0; i < expected.elements(); i++) {
      double e = expected.f32()[i];
      double a = actual.f32()[i];
      boolean close =
          Double.compare(e, a) == 0 || Math.abs(e - a) <= tolerance * Math.max(1, Math.abs(e));
      assertThat(close).as("%s: element %d is %s, should be %s", where, i, a, e).isTrue();
    }
  }
}
