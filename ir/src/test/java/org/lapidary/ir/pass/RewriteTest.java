package org.lapidary.ir.pass;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.lapidary.ir.DType;
import org.lapidary.ir.Graph;
import org.lapidary.ir.GraphBuilder;
import org.lapidary.ir.Loc;
import org.lapidary.ir.TensorType;
import org.lapidary.ir.Value;
import org.lapidary.ir.op.Elementwise.Abs;
import org.lapidary.ir.op.Elementwise.Add;
import org.lapidary.ir.op.Elementwise.Neg;
import org.lapidary.ir.op.Elementwise.Relu;
import org.lapidary.ir.op.Layout;
import org.lapidary.ir.op.NnOp;

class RewriteTest {
  /// `-(-x) -> x`
  record CancelNegations() implements Rule<NnOp> {
    @Override
    public Optional<Value> apply(NnOp op, Rewriter<NnOp> rw) {
      return op instanceof Neg(var y) && rw.def(y) instanceof Neg(var x)
          ? Optional.of(x)
          : Optional.empty();
    }
  }

  /// `|x| -> relu(x) + relu(-x)`, for want of a better example of emission; only if nobody else
  /// reads x.
  record ExpandAbs() implements Rule<NnOp> {
    @Override
    public Optional<Value> apply(NnOp op, Rewriter<NnOp> rw) {
      if (!(op instanceof Abs(var x))) {
        return Optional.empty();
      }
      Value negative = rw.emit(new Relu(rw.emit(new Neg(x))));
      if (rw.users(x) > 2) { // the original and the negation just emitted
        rw.whyNot("its operand is read elsewhere");
        return Optional.empty();
      }
      return Optional.of(rw.emit(new Add(rw.emit(new Relu(x)), negative)));
    }
  }

  private final GraphBuilder<NnOp> b = new GraphBuilder<>("g");
  private final PassContext context = new PassContext();
  private Value x = new Value(TensorType.of(DType.F32));

  @BeforeEach
  void input() {
    x = b.input("x", TensorType.of(DType.F32, 4));
  }

  private Graph<NnOp> rewritten(Rule<NnOp> rule) {
    Graph<NnOp> graph = Rewrite.untilStable(b.build(), List.of(rule), context);
    assertThat(Verifier.problems(graph, NnOp.class)).isEmpty();
    return graph;
  }

  private static List<String> names(Graph<?> graph) {
    return graph.nodes().stream().map(n -> org.lapidary.ir.op.OpInfo.of(n.op()).name()).toList();
  }

  @Test
  void firesUntilStableAndDropsDeadCode() {
    Value y = x;
    for (int i = 0; i < 5; i++) {
      y = b.emit(new Neg(y));
    }
    b.result("y", b.emit(new Relu(y)));
    Graph<NnOp> graph = rewritten(new CancelNegations());
    assertThat(names(graph)).containsExactly("nn.neg", "nn.relu");
    assertThat(context.hits()).containsKey("cancel-negations");
  }

  @Test
  void doesNotFireThroughAnotherOperation() {
    b.result("y", b.emit(new Neg(b.emit(new Relu(b.emit(new Neg(x)))))));
    Graph<NnOp> before = b.build();
    Graph<NnOp> after = Rewrite.untilStable(before, List.of(new CancelNegations()), context);
    assertThat(after).isSameAs(before);
    assertThat(context.hits()).isEmpty();
  }

  @Test
  void aResultOfTheGraphIsReplacedToo() {
    b.result("y", b.emit(new Neg(b.emit(new Neg(x)))));
    Graph<NnOp> graph = rewritten(new CancelNegations());
    assertThat(graph.nodes()).isEmpty();
    assertThat(graph.results()).containsExactly(new Graph.Port("y", x));
  }

  @Test
  void emittedOperationsKeepTheOriginAndNameTheRule() {
    Value y = b.emit(new Relu(x), Loc.onnx("/relu"));
    b.result("y", b.emit(new Abs(y), Loc.onnx("/abs")));
    Graph<NnOp> graph = rewritten(new ExpandAbs());
    assertThat(names(graph)).containsExactly("nn.relu", "nn.neg", "nn.relu", "nn.relu", "nn.add");
    assertThat(graph.nodes().getFirst().loc()).isEqualTo(Loc.onnx("/relu"));
    assertThat(graph.nodes().getLast().loc()).isEqualTo(new Loc("/abs", List.of("expand-abs")));
  }

  @Test
  void aRuleThatGivesUpLeavesNothingAndSaysWhy() {
    Value y = b.emit(new Relu(x));
    b.result("y", b.emit(new Abs(y), Loc.onnx("/abs")));
    b.result("z", b.emit(new Neg(y)));
    Graph<NnOp> graph = rewritten(new ExpandAbs());
    assertThat(names(graph)).containsExactly("nn.relu", "nn.abs", "nn.neg");
    assertThat(context.whyNots())
        .containsExactly(
            new PassContext.WhyNot("/abs", "expand-abs", "its operand is read elsewhere"));
  }

  @Test
  void changingATypeIsRefused() {
    b.result("y", b.emit(new Neg(x)));
    Rule<NnOp> flatten =
        (op, rw) ->
            op instanceof Neg(var v)
                ? Optional.of(rw.emit(new Layout.Reshape(v, List.of(2, 2))))
                : Optional.empty();
    assertThatThrownBy(() -> Rewrite.untilStable(b.build(), List.of(flatten), context))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("turns nn.neg of type f32[4] into type f32[2,2]");
  }

  @Test
  void rulesThatUndoEachOtherAreStopped() {
    b.result("y", b.emit(new Neg(x)));
    Rule<NnOp> again =
        (op, rw) -> op instanceof Neg(var v) ? Optional.of(rw.emit(new Neg(v))) : Optional.empty();
    assertThatThrownBy(() -> Rewrite.untilStable(b.build(), List.of(again), context))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("rules do not settle after 100 rounds");
  }
}
