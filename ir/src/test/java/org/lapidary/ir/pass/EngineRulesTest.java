package org.lapidary.ir.pass;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.lapidary.ir.DType;
import org.lapidary.ir.Data;
import org.lapidary.ir.Graph;
import org.lapidary.ir.GraphBuilder;
import org.lapidary.ir.Tensor;
import org.lapidary.ir.TensorType;
import org.lapidary.ir.Value;
import org.lapidary.ir.op.Elementwise;
import org.lapidary.ir.op.Layout;
import org.lapidary.ir.op.NnOp;

/// Dead code, common subexpressions, constants: fires, does not fire.
class EngineRulesTest {
  private final GraphBuilder<NnOp> b = new GraphBuilder<>("g");
  private Value x = new Value(TensorType.of(DType.F32));

  @BeforeEach
  void input() {
    x = b.input("x", TensorType.of(DType.F32, 4));
  }

  private static Tensor folded(Graph<NnOp> graph) {
    assertThat(graph.nodes()).hasSize(1);
    assertThat(graph.nodes().getFirst().op()).isInstanceOf(Layout.Const.class);
    return ((Layout.Const) graph.nodes().getFirst().op()).data().load();
  }

  @Test
  void deadCodeGoesAndUsedCodeStays() {
    Value y = b.emit(new Elementwise.Neg(x));
    b.emit(new Elementwise.Exp(b.emit(new Elementwise.Abs(x))));
    b.result("y", y);
    Graph<NnOp> graph = EliminateDeadCode.in(b.build());
    assertThat(graph.nodes()).extracting(Graph.Node::result).containsExactly(y);
    assertThat(EliminateDeadCode.in(graph)).isSameAs(graph);
  }

  @Test
  void equalOperationsAreShared() {
    Value a = b.emit(new Elementwise.Add(x, b.emit(new Elementwise.Neg(x))));
    Value c = b.emit(new Elementwise.Add(b.emit(new Elementwise.Neg(x)), x));
    b.result("y", b.emit(new Elementwise.Mul(a, c)));
    Graph<NnOp> graph = ShareCommonSubexpressions.in(b.build());
    assertThat(graph.nodes()).hasSize(3);
    assertThat(graph.nodes().getLast().op()).isEqualTo(new Elementwise.Mul(a, a));
  }

  @Test
  void differentOperationsAreNotShared() {
    Value negative = b.emit(new Elementwise.Neg(x));
    Value a = b.emit(new Elementwise.Sub(x, negative));
    Value c = b.emit(new Elementwise.Sub(negative, x)); // not commutative
    Value d = b.emit(new Elementwise.Clip(x, 0, 1));
    Value e = b.emit(new Elementwise.Clip(x, 0, 2)); // another attribute
    b.result("y", b.emit(new Layout.Concat(List.of(a, c, d, e), 0)));
    assertThat(ShareCommonSubexpressions.in(b.build()).nodes()).hasSize(6);
  }

  @Test
  void equalConstantsAreSharedWhateverTheirNames() {
    Value one = b.constant("one", Tensor.f32(List.of(4), 1, 1, 1, 1));
    Value same = b.constant("eins", Tensor.f32(List.of(4), 1, 1, 1, 1));
    Value two = b.constant("two", Tensor.f32(List.of(4), 2, 2, 2, 2));
    b.result("y", b.emit(new Layout.Concat(List.of(one, same, two), 0)));
    Graph<NnOp> graph = ShareCommonSubexpressions.in(b.build());
    assertThat(graph.nodes().getLast().op())
        .isEqualTo(new Layout.Concat(List.of(one, one, two), 0));
  }

  @Test
  void constantsAreFolded() {
    Value one = b.constant("one", Tensor.f32(List.of(), 1));
    Value two = b.constant("two", Tensor.f32(List.of(2), 2, 3));
    b.result("y", b.emit(new Elementwise.Neg(b.emit(new Elementwise.Add(one, two)))));
    Graph<NnOp> graph = FoldConstants.in(b.build());
    assertThat(folded(graph)).isEqualTo(Tensor.f32(List.of(2), -3, -4));
    assertThat(((Layout.Const) graph.nodes().getFirst().op()).data().name())
        .isEqualTo("one.add.neg");
    assertThat(graph.nodes().getFirst().loc().rules()).containsExactly("fold-constants");
  }

  @Test
  void whatReadsAnInputIsNotFolded() {
    Value one = b.constant("one", Tensor.f32(List.of(), 1));
    b.result("y", b.emit(new Elementwise.Add(one, x)));
    assertThat(FoldConstants.in(b.build()).nodes()).hasSize(2);
  }

  @Test
  void divisionByZeroIsNotFolded() {
    Value zero = b.constant("zero", Tensor.i64(List.of(1), 0));
    b.result("y", b.emit(new Elementwise.Div(zero, zero)));
    assertThat(FoldConstants.in(b.build()).nodes()).hasSize(2);
  }

  @Test
  void hugeResultsAreNotFolded() {
    Value one = b.constant("one", Tensor.f32(List.of(1), 1));
    Value wide = b.emit(new Layout.Broadcast(one, List.of(101)));
    b.result("y", wide);
    assertThat(FoldConstants.in(b.build(), 100).nodes()).hasSize(2);
    assertThat(folded(FoldConstants.in(b.build(), 101)).elements()).isEqualTo(101);
  }

  @Test
  void resultsSmallerThanTheirOperandsAreFoldedWhateverTheLimit() {
    Value wide = b.constant("wide", Tensor.f32(List.of(200), new float[200]));
    b.result("y", b.emit(new Layout.Slice(wide, 0, 0, 150, 1)));
    assertThat(folded(FoldConstants.in(b.build(), 100)).elements()).isEqualTo(150);
  }

  @Test
  void largeConstantsStayLazy() {
    AtomicInteger reads = new AtomicInteger();
    TensorType type = TensorType.of(DType.F32, 200, 100);
    Data weight =
        Data.lazy(
            "weight",
            type,
            () -> {
              reads.incrementAndGet();
              return Tensor.of(type, new float[type.elements()]);
            });
    Value w = b.emit(new Layout.Const(weight));
    b.result("y", b.emit(new Layout.Transpose(w, List.of(1, 0))));
    Graph<NnOp> graph = FoldConstants.in(b.build());
    assertThat(reads).hasValue(0);
    assertThat(folded(graph).type()).isEqualTo(TensorType.of(DType.F32, 100, 200));
    assertThat(reads).hasValue(1);
  }
}
