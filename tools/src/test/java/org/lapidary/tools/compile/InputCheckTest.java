package org.lapidary.tools.compile;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.lapidary.ir.DType;
import org.lapidary.ir.Graph;
import org.lapidary.ir.GraphBuilder;
import org.lapidary.ir.Tensor;
import org.lapidary.ir.TensorType;
import org.lapidary.ir.Value;
import org.lapidary.ir.op.Indexing;
import org.lapidary.ir.op.NnOp;

final class InputCheckTest {
  private static String numbers(Tensor given, DType due) {
    return InputCheck.numbers("m.onnx", "ids", given, due).map(Object::toString).orElse("");
  }

  @Test
  void integersTakeNoFractionsNoNanAndNothingTooLarge() {
    Tensor whole = Tensor.f32(List.of(2), 3, -4);
    assertThat(numbers(whole, DType.I64)).isEmpty();
    assertThat(numbers(Tensor.f32(List.of(2), 1, Float.NaN), DType.I64))
        .startsWith("m.onnx:ids: error[invalid-input]")
        .contains("element 1 is NaN");
    assertThat(numbers(Tensor.f32(List.of(2), 1, Float.NaN), DType.F32)).isEmpty();
    assertThat(numbers(Tensor.f32(List.of(1), 0.5f), DType.I32)).contains("element 0 is 0.5");
    assertThat(numbers(Tensor.f32(List.of(1), Float.POSITIVE_INFINITY), DType.I64)).isNotEmpty();
    assertThat(numbers(Tensor.i64(List.of(1), 128), DType.I8)).isNotEmpty();
    assertThat(numbers(Tensor.i64(List.of(1), 127), DType.I8)).isEmpty();
  }

  @Test
  void idsMustBeRowsOfTheTable() {
    GraphBuilder<NnOp> b = new GraphBuilder<>("g");
    Value ids = b.input("ids", TensorType.of(DType.I64, 2));
    Value table = b.constant("table", Tensor.f32(List.of(3, 1), 1, 2, 3));
    b.result("y", b.emit(new Indexing.Gather(table, ids, 0)));
    Graph<NnOp> graph = b.build();
    assertThatCode(
            () -> InputCheck.requireRows("m", graph, Map.of("ids", Tensor.i64(List.of(2), 2, -3))))
        .doesNotThrowAnyException();
    assertThatThrownBy(
            () -> InputCheck.requireRows("m", graph, Map.of("ids", Tensor.i64(List.of(2), 0, 3))))
        .hasMessageContaining("m:ids: error[invalid-input]: element 1 is 3")
        .hasMessageContaining("3 rows");
  }
}
