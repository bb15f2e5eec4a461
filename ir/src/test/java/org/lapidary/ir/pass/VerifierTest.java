package org.lapidary.ir.pass;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.lapidary.ir.DType;
import org.lapidary.ir.Graph;
import org.lapidary.ir.Graph.Node;
import org.lapidary.ir.Graph.Port;
import org.lapidary.ir.Loc;
import org.lapidary.ir.TensorType;
import org.lapidary.ir.Value;
import org.lapidary.ir.op.Accumulate;
import org.lapidary.ir.op.Elementwise.Neg;
import org.lapidary.ir.op.NnOp;
import org.lapidary.ir.op.Op;
import org.lapidary.ir.op.QOp;

class VerifierTest {
  private static final TensorType F4 = TensorType.of(DType.F32, 4);
  private final Value x = new Value(F4);
  private final Value y = new Value(F4);
  private final Value z = new Value(F4);

  private static Node<Op> node(Value result, Op op) {
    return new Node<>(result, op, Loc.onnx("/n"));
  }

  private List<String> problems(List<Node<Op>> nodes, Value result) {
    Graph<Op> graph =
        new Graph<>("g", List.of(new Port("x", x)), nodes, List.of(new Port("y", result)));
    return Verifier.problems(graph, NnOp.class);
  }

  @Test
  void aSoundGraphHasNoProblems() {
    assertThat(problems(List.of(node(y, new Neg(x)), node(z, new Neg(y))), z)).isEmpty();
  }

  @Test
  void useBeforeDefinition() {
    assertThat(problems(List.of(node(z, new Neg(y)), node(y, new Neg(x))), z))
        .containsExactly("operation 0, nn.neg from /n, reads operand 0 before it is defined");
  }

  @Test
  void doubleDefinition() {
    assertThat(problems(List.of(node(y, new Neg(x)), node(y, new Neg(x))), y))
        .containsExactly("operation 1, nn.neg from /n, defines a value that is defined already");
  }

  @Test
  void wrongTypeAndUndefinedResult() {
    Value wrong = new Value(TensorType.of(DType.F32, 5));
    assertThat(problems(List.of(node(wrong, new Neg(x))), z))
        .containsExactly(
            "operation 0, nn.neg from /n, has type f32[5], should be f32[4]",
            "result y is not defined");
  }

  @Test
  void operandsThatDoNotFit() {
    Value i32 = new Value(TensorType.of(DType.I32, 4));
    assertThat(problems(List.of(node(i32, new Accumulate.Widen(x))), i32))
        .containsExactly(
            "operation 0, q.widen from /n, is not a NnOp",
            "operation 0, q.widen from /n, does not fit its operands: f32[4] where i8 is needed");
  }

  @Test
  void anotherLevelAndEqualNames() {
    Graph<Op> graph =
        new Graph<>(
            "g",
            List.of(new Port("x", x), new Port("x", x)),
            List.of(node(y, new Neg(x))),
            List.of());
    assertThatThrownBy(() -> Verifier.require(graph, QOp.class))
        .hasMessage(
            "invalid graph: two inputs are called x; input x is another input too; operation 0,"
                + " nn.neg from /n, is not a QOp");
  }
}
