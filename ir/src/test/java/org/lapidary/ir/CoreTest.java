package org.lapidary.ir;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.lapidary.ir.op.Accumulate;
import org.lapidary.ir.op.Layout;
import org.lapidary.ir.op.NnOp;
import org.lapidary.ir.op.Op;
import org.lapidary.ir.op.QOp;

/// Types, tensors, constants, locations, diagnostics, graphs.
class CoreTest {
  private static final TensorType SCALED = new TensorType(DType.I8, List.of(2, 3), 0.1);

  @Test
  void typesPrintWithFullPrecision() {
    assertThat(SCALED).hasToString("i8<scale=0.1>[2,3]");
    assertThat(SCALED.withScale(1 / 3.0)).hasToString("i8<scale=0.3333333333333333>[2,3]");
    assertThat(TensorType.of(DType.F32)).hasToString("f32[]");
    for (DType dtype : DType.values()) {
      assertThat(DType.of(dtype.text())).isEqualTo(dtype);
    }
  }

  @Test
  void typesCountElementsAndBytes() {
    assertThat(SCALED.elements()).isEqualTo(6);
    assertThat(TensorType.of(DType.I64, 2, 0).bytes()).isZero();
    assertThat(TensorType.of(DType.F32, 1 << 15, 1 << 15).bytes()).isEqualTo(1L << 32);
    assertThat(SCALED.dim(-1)).isEqualTo(3);
    assertThatThrownBy(() -> SCALED.dim(2)).hasMessage("axis 2 of i8<scale=0.1>[2,3]");
    assertThatThrownBy(() -> TensorType.of(DType.F32).dim(-1)).hasMessage("axis -1 of f32[]");
    TensorType huge = TensorType.of(DType.I8, 1 << 16, 1 << 15);
    assertThatThrownBy(huge::elements).hasMessageContaining("more than 2^31-1 elements");
  }

  @Test
  void typesThatMakeNoSenseAreRefused() {
    assertThatThrownBy(() -> TensorType.of(DType.F32, 2, -1)).hasMessageContaining("negative");
    assertThatThrownBy(() -> new TensorType(DType.F32, List.of(), 0.5))
        .hasMessage("scale 0.5 on f32");
    assertThatThrownBy(() -> SCALED.withScale(Double.NaN)).hasMessage("scale NaN on i8");
  }

  @Test
  void tensorsHaveAsManyElementsAsTheirType() {
    assertThatThrownBy(() -> Tensor.f32(List.of(2), 1f)).hasMessage("1 elements for f32[2]");
    Tensor t = Tensor.i8(List.of(2), (byte) -3, (byte) 4);
    assertThat(t.asLong(0)).isEqualTo(-3);
    assertThat(t.asDouble(1)).isEqualTo(4);
    assertThat(t.retyped(t.type().withScale(0.5))).isNotEqualTo(t);
    assertThatThrownBy(() -> t.retyped(TensorType.of(DType.BOOL, 2)))
        .hasMessage("cannot view i8[2] as bool[2]");
    assertThat(Tensor.f32(List.of(1), Float.NaN)).isEqualTo(Tensor.f32(List.of(1), Float.NaN));
    assertThat(Tensor.f32(List.of(1), 0f)).isNotEqualTo(Tensor.f32(List.of(1), -0f));
  }

  @Test
  void constantsAreEqualWhenTheirContentsAre() {
    Data one = Data.of("one", Tensor.f32(List.of(1), 1f));
    Data eins = Data.of("eins", Tensor.f32(List.of(1), 1f));
    assertThat(one).isEqualTo(eins).hasSameHashCodeAs(eins);
    assertThat(one).isNotEqualTo(Data.of("one", Tensor.f32(List.of(1), 2f)));
    assertThat(one).isNotEqualTo(Data.of("one", Tensor.f32(List.of(), 1f)));
    // The hash is part of the text form and must never change: SHA-256 of "f32[1]" and 00 00 80 3f.
    assertThat(one.hash()).isEqualTo("31038d01ac40e340").hasSize(16);
  }

  @Test
  void constantsAreReadWhenAskedFor() {
    AtomicInteger reads = new AtomicInteger();
    TensorType type = TensorType.of(DType.F32, 1);
    Data lazy =
        Data.lazy(
            "w",
            type,
            () -> {
              reads.incrementAndGet();
              return Tensor.f32(List.of(1), 1f);
            });
    assertThat(reads).hasValue(0);
    assertThat(lazy.hash()).isEqualTo(Data.of("", lazy.load()).hash());
    assertThat(lazy.hash()).isNotEmpty();
    assertThat(reads).as("once for the hash, once for us").hasValue(2);
    Data wrong = Data.lazy("w", type, () -> Tensor.f32(List.of(2), 1f, 2f));
    assertThatThrownBy(wrong::load).hasMessage("w is f32[2], not f32[1]");
    Data stored = Data.stored("w", type, "0123456789abcdef", () -> Tensor.f32(List.of(1), 1f));
    assertThat(stored.hash()).isEqualTo("0123456789abcdef");
  }

  @Test
  void locationsNameEachRuleOnce() {
    Loc loc = Loc.onnx("/add").through("a").through("b").through("a");
    assertThat(loc).isEqualTo(new Loc("/add", List.of("a", "b")));
  }

  @Test
  void diagnosticsPrintOnOneLine() {
    Diagnostic.Code code = Diagnostic.Code.UNSUPPORTED_OP;
    assertThat(Diagnostic.error(code, "m.onnx", "/Einsum", "no such op", "export again"))
        .hasToString("m.onnx:/Einsum: error[unsupported-op]: no such op hint: export again");
    assertThat(Diagnostic.warning(code, "", "", "odd", ""))
        .hasToString("warning[unsupported-op]: odd");
    DiagnosticException both =
        new DiagnosticException(
            List.of(
                Diagnostic.error(code, "f", "", "a", ""),
                Diagnostic.error(code, "", "n", "b", "")));
    assertThat(both).hasMessage("f: error[unsupported-op]: a\nn: error[unsupported-op]: b");
  }

  @Test
  void aGraphKnowsItsLevel() {
    GraphBuilder<Op> b = new GraphBuilder<>("g");
    Value x = b.input("x", SCALED);
    Value flat = b.emit(new Layout.Reshape(x, List.of(6)));
    assertThat(b.build().at(NnOp.class).nodes()).hasSize(1);
    assertThat(b.build().at(QOp.class).definitions()).containsKey(flat);
    b.result("y", b.emit(new Accumulate.Widen(flat)));
    assertThatThrownBy(() -> b.build().at(NnOp.class)).hasMessage("q.widen is not a NnOp");
    assertThat(b.build().input("x")).contains(x);
    assertThat(b.build().input("y")).isEmpty();
  }
}
