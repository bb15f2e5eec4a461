package org.lapidary.ir.op;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.lapidary.ir.DType;
import org.lapidary.ir.TensorType;
import org.lapidary.ir.Value;

class OpInfoTest {
  private final Value a = new Value(TensorType.of(DType.F32, 2, 3));
  private final Value b = new Value(TensorType.of(DType.F32, 2, 3));
  private final Value c = new Value(TensorType.of(DType.F32, 2, 3));

  @Test
  void everyRecordBelowOpIsFoundByItsName() {
    assertThat(OpInfo.all()).hasSizeGreaterThan(50);
    for (OpInfo info : OpInfo.all()) {
      assertThat(OpInfo.named(info.name())).containsSame(info);
      assertThat(OpInfo.of(info.type())).isSameAs(info);
      assertThat(info.name()).matches("(nn|q)\\.[a-z0-9_]+");
    }
    assertThat(OpInfo.named("nn.matmul")).map(OpInfo::type).contains(Neural.MatMul.class);
    assertThat(OpInfo.named("nn.nonsense")).isEmpty();
  }

  @Test
  void operandsComeInTheOrderOfTheComponents() {
    assertThat(OpInfo.operands(new Elementwise.Sub(a, b))).containsExactly(a, b);
    assertThat(OpInfo.operands(new Layout.Concat(List.of(c, a, b), 0))).containsExactly(c, a, b);
  }

  @Test
  void mappingOperandsKeepsTheAttributes() {
    Neural.LayerNorm norm = new Neural.LayerNorm(a, b, c, 1e-5);
    Neural.LayerNorm mapped = OpInfo.mapOperands(norm, v -> v == a ? c : v);
    assertThat(mapped).isEqualTo(new Neural.LayerNorm(c, b, c, 1e-5));
    assertThat(OpInfo.mapOperands(norm, v -> v)).isSameAs(norm);
    assertThat(OpInfo.mapOperands(new Layout.Concat(List.of(a, b), 1), v -> c))
        .isEqualTo(new Layout.Concat(List.of(c, c), 1));
  }

  @Test
  void anOpIsMadeFromOperandsAndAttributes() {
    OpInfo concat = OpInfo.of(Layout.Concat.class);
    assertThat(concat.make(List.of(a, b, c), Map.of("axis", 1)))
        .isEqualTo(new Layout.Concat(List.of(a, b, c), 1));
    OpInfo softmax = OpInfo.of(Neural.Softmax.class);
    assertThat(softmax.attributes()).extracting(OpInfo.Component::name).containsExactly("axis");
    assertThat(softmax.attribute(new Neural.Softmax(a, -1), "axis")).isEqualTo(-1);
  }

  @Test
  void whatIsMissingOrLeftOverIsNamed() {
    OpInfo softmax = OpInfo.of(Neural.Softmax.class);
    assertThatThrownBy(() -> softmax.make(List.of(), Map.of("axis", 1)))
        .hasMessage("nn.softmax lacks its operand x");
    assertThatThrownBy(() -> softmax.make(List.of(a, b), Map.of("axis", 1)))
        .hasMessage("nn.softmax has 2 operands, 1 too many");
    assertThatThrownBy(() -> softmax.make(List.of(a), Map.of()))
        .hasMessage("nn.softmax lacks its attribute axis");
    assertThatThrownBy(() -> softmax.make(List.of(a), Map.of("axis", 1, "axes", 2)))
        .hasMessage("nn.softmax has no attribute axes");
  }
}
