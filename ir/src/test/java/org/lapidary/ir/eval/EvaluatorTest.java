package org.lapidary.ir.eval;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.lapidary.ir.DType;
import org.lapidary.ir.Data;
import org.lapidary.ir.DiagnosticException;
import org.lapidary.ir.Graph;
import org.lapidary.ir.GraphBuilder;
import org.lapidary.ir.Loc;
import org.lapidary.ir.Tensor;
import org.lapidary.ir.TensorType;
import org.lapidary.ir.Value;
import org.lapidary.ir.op.Elementwise;
import org.lapidary.ir.op.Layout;
import org.lapidary.ir.op.NnOp;

class EvaluatorTest {
  /// `y = (x + 1) * x, z = x`.
  private static Graph<NnOp> graph() {
    GraphBuilder<NnOp> b = new GraphBuilder<>("g");
    Value x = b.input("x", TensorType.of(DType.F32, 2));
    Value one = b.constant("one", Tensor.f32(List.of(), 1f));
    Value sum = b.emit(new Elementwise.Add(x, one), Loc.onnx("/add"));
    b.result("y", b.emit(new Elementwise.Mul(sum, x), Loc.onnx("/mul")));
    b.result("z", x);
    return b.build();
  }

  @Test
  void runsAGraph() {
    Tensor x = Tensor.f32(List.of(2), 2f, 3f);
    Map<String, Tensor> results = Evaluator.run(graph(), Map.of("x", x));
    assertThat(results.keySet()).containsExactly("y", "z");
    assertThat(results.get("y")).isEqualTo(Tensor.f32(List.of(2), 6f, 12f));
    assertThat(results.get("z")).isEqualTo(x);
  }

  @Test
  void showsIntermediateResults() {
    List<String> seen = new ArrayList<>();
    Evaluator.run(
        graph(),
        Map.of("x", Tensor.f32(List.of(2), 2f, 3f)),
        (node, result) -> seen.add(node.loc().node() + " " + result.asDouble(0)));
    assertThat(seen).containsExactly("/add 3.0", "/mul 6.0");
  }

  @Test
  void constantsAreReadWhereTheyAreUsed() {
    List<String> events = new ArrayList<>();
    GraphBuilder<NnOp> b = new GraphBuilder<>("g");
    Value x = b.input("x", TensorType.of(DType.F32, 1));
    List<Value> constants = new ArrayList<>();
    for (String name : List.of("c", "d")) {
      TensorType type = TensorType.of(DType.F32, 1);
      Data data =
          Data.lazy(
              name,
              type,
              () -> {
                events.add("read " + name);
                return Tensor.of(type, new float[1]);
              });
      constants.add(b.emit(new Layout.Const(data)));
    }
    for (Value c : constants) {
      x = b.emit(new Elementwise.Add(x, c), Loc.onnx("add"));
    }
    b.result("y", x);
    Evaluator.run(
        b.build(),
        Map.of("x", Tensor.f32(List.of(1), 2f)),
        (node, _) -> events.add(node.loc().node()));
    assertThat(events).containsExactly("read c", "add", "read d", "add");
  }

  @Test
  void wrongInputsAreDiagnosed() {
    Tensor x = Tensor.f32(List.of(2), 2f, 3f);
    assertThatThrownBy(() -> Evaluator.run(graph(), Map.of()))
        .isInstanceOf(DiagnosticException.class)
        .hasMessage(
            "g:x: error[invalid-input]: the input is missing hint: the model takes x: f32[2]");
    assertThatThrownBy(() -> Evaluator.run(graph(), Map.of("x", x, "w", x)))
        .isInstanceOf(DiagnosticException.class)
        .hasMessageContaining("g:w: error[invalid-input]: the model has no input of that name");
    assertThatThrownBy(() -> Evaluator.run(graph(), Map.of("x", Tensor.f32(List.of(1), 1f))))
        .isInstanceOf(DiagnosticException.class)
        .hasMessageContaining("given f32[1] where f32[2] is due");
  }

  @Test
  void divisionByZeroNamesTheNode() {
    GraphBuilder<NnOp> b = new GraphBuilder<>("g");
    Value x = b.input("x", TensorType.of(DType.I64, 1));
    b.result("y", b.emit(new Elementwise.Div(x, x), Loc.onnx("/div")));
    assertThatThrownBy(() -> Evaluator.run(b.build(), Map.of("x", Tensor.i64(List.of(1), 0))))
        .isInstanceOf(DiagnosticException.class)
        .hasMessageContaining("g:/div: error[invalid-input]: nn.div: / by zero");
  }

  @Test
  void operandsMustHaveTheDeclaredTypes() {
    Value x = new Value(TensorType.of(DType.F32, 2));
    assertThatThrownBy(() ->
            Evaluator.apply(
                new Layout.Reshape(x, List.of(2, 1)), List.of(Tensor.f32(List.of(1), 1f))))
        .hasMessage("nn.reshape is given tensor f32[1] for f32[2]");
  }
}
