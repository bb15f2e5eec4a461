package org.lapidary.ir.pass;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.lapidary.ir.DType;
import org.lapidary.ir.DiagnosticException;
import org.lapidary.ir.Graph;
import org.lapidary.ir.GraphBuilder;
import org.lapidary.ir.Loc;
import org.lapidary.ir.TensorType;
import org.lapidary.ir.Value;
import org.lapidary.ir.op.Accumulate;
import org.lapidary.ir.op.Elementwise.Neg;
import org.lapidary.ir.op.NnOp;
import org.lapidary.ir.op.Op;

class PassRunnerTest {
  /// Loses the last node but keeps the result: an invalid graph.
  record BreakGraph() implements Pass<Op, Op> {
    @Override
    public Graph<Op> run(Graph<Op> graph, PassContext context) {
      return new Graph<>(
          graph.name(),
          graph.inputs(),
          graph.nodes().subList(0, graph.nodes().size() - 1),
          graph.results());
    }
  }

  record CrashAlways() implements Pass<NnOp, Op> {
    @Override
    public Graph<Op> run(Graph<NnOp> graph, PassContext context) {
      throw new IllegalStateException("boom");
    }
  }

  private final List<String> written = new ArrayList<>();
  private final PassRunner runner =
      new PassRunner()
          .withDumps(
              _ -> true,
              (file, comment, graph) -> {
                written.add(file + " | " + comment + " | " + graph.nodes().size());
                return "out/" + file;
              });

  private static Graph<NnOp> graph() {
    GraphBuilder<NnOp> b = new GraphBuilder<>("g");
    Value x = b.input("x", TensorType.of(DType.F32, 4));
    b.emit(new Neg(x));
    b.result("y", b.emit(new Neg(x)));
    return b.build();
  }

  private static Pipeline pipeline(Pass<?, ?>... passes) {
    return new Pipeline(List.of(passes));
  }

  @Test
  void stepsAndDumps() {
    PassRunner.Outcome outcome =
        runner.run(
            graph(),
            pipeline(
                new ShareCommonSubexpressions(), new EliminateDeadCode(), new FoldConstants(9)));
    assertThat(outcome.steps())
        .extracting(s -> s.name() + " " + s.opsBefore() + " " + s.opsAfter())
        .containsExactly(
            "share-common-subexpressions 2 1",
            "eliminate-dead-code 1 1",
            "fold-constants{max-elements=9} 1 1");
    assertThat(outcome.graph().nodes()).hasSize(1);
    assertThat(written)
        .containsExactly(
            "01-share-common-subexpressions.ir | after share-common-subexpressions | 1",
            "02-eliminate-dead-code.ir | after eliminate-dead-code | 1",
            "03-fold-constants.ir | after fold-constants{max-elements=9} | 1");
  }

  @Test
  void theLimitStopsBetweenPasses() {
    PassRunner.Outcome outcome =
        runner
            .withPassLimit(1)
            .run(graph(), pipeline(new FoldConstants(9), new ShareCommonSubexpressions()));
    assertThat(outcome.steps()).hasSize(1);
    assertThat(outcome.graph().nodes()).hasSize(1); // fold-constants drops the dead negation
  }

  @Test
  void anInvalidResultIsOurBugWithAReproducer() {
    PassFailure failure =
        catchThrowableOfType(
            PassFailure.class, () -> runner.run(graph(), pipeline(new BreakGraph())));
    assertThat(failure)
        .hasMessage(
            "internal error in break-graph: invalid graph: result y is not defined; reproducer:"
                + " out/reproducer-break-graph.ir");
    assertThat(written).containsExactly("reproducer-break-graph.ir | --pipeline break-graph | 2");
  }

  @Test
  void aCrashIsOurBugToo() {
    assertThatThrownBy(() -> new PassRunner().run(graph(), pipeline(new CrashAlways())))
        .isInstanceOf(PassFailure.class)
        .hasMessage("internal error in crash-always: boom");
  }

  @Test
  void aPassOfAnotherLevelIsTheUsersMistake() {
    GraphBuilder<Op> b = new GraphBuilder<>("g");
    Value x = b.input("x", new TensorType(DType.I8, List.of(4), 0.5));
    b.result("y", b.emit(new Accumulate.Widen(x), Loc.onnx("/n")));
    assertThatThrownBy(() -> runner.run(b.build(), pipeline(new CrashAlways())))
        .isInstanceOf(DiagnosticException.class)
        .hasMessageContaining("g:/n: error[invalid-pipeline]: crash-always cannot take q.widen");
  }
}
