package org.lapidary.passes.fuse;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.lapidary.ir.DiagnosticException;
import org.lapidary.ir.Graph;
import org.lapidary.ir.Value;
import org.lapidary.ir.op.Elementwise.Add;
import org.lapidary.ir.op.Elementwise.Div;
import org.lapidary.ir.op.Elementwise.Gelu;
import org.lapidary.ir.op.Elementwise.Mul;
import org.lapidary.ir.op.Elementwise.Neg;
import org.lapidary.ir.op.Elementwise.Sigmoid;
import org.lapidary.ir.op.Elementwise.Sqrt;
import org.lapidary.ir.op.Elementwise.Sub;
import org.lapidary.ir.op.Layout.Concat;
import org.lapidary.ir.op.Layout.Slice;
import org.lapidary.ir.op.Neural.MatMul;
import org.lapidary.ir.op.Neural.Reduce;
import org.lapidary.ir.op.Neural.Reduction;
import org.lapidary.ir.op.NnOp;
import org.lapidary.ir.pass.PassContext;
import org.lapidary.passes.Sketch;

/// Each foreign block is refused by name, what only resembles it is not, and all are named at once.
class RefuseForeignTest {
  private final Sketch s = new Sketch();
  private final Value x = s.input(2, 5, 8);

  private Value mean(Value v) {
    return s.op(new Reduce(v, Reduction.MEAN, List.of(2), true));
  }

  private Value normalized(Value v) {
    Value spread = s.op(new Add(mean(s.op(new Mul(v, v))), s.scalar(1e-6)));
    return s.op(new Div(v, s.op(new Sqrt(spread))));
  }

  private Value half(int start) {
    return s.op(new Slice(x, 2, start, 4, 1));
  }

  private Value product() {
    return s.op(new MatMul(x, s.weights(8, 6)));
  }

  private static void refuses(Graph<NnOp> graph, String... words) {
    assertThatThrownBy(() -> new RefuseForeign().run(graph, new PassContext()))
        .isInstanceOfSatisfying(
            DiagnosticException.class,
            e -> {
              assertThat(e.diagnostics()).hasSize(words.length);
              for (int i = 0; i < words.length; i++) {
                assertThat(e.diagnostics().get(i).message()).contains(words[i]);
                assertThat(e.diagnostics().get(i).node()).isNotEmpty();
                assertThat(e.diagnostics().get(i).hint()).contains("--allow-host");
              }
            });
  }

  private static void accepts(Graph<NnOp> graph) {
    assertThat(new RefuseForeign().run(graph, new PassContext())).isSameAs(graph);
  }

  @Test
  void rmsNormalizationIsRefused() {
    refuses(s.returns(normalized(x)), "RMS normalization");
  }

  @Test
  void aNormOfCentredValuesIsNot() {
    accepts(s.returns(normalized(s.op(new Sub(x, mean(x))))));
  }

  @Test
  void rotationIsRefused() {
    Value turned = s.op(new Concat(List.of(s.op(new Neg(half(4))), half(0)), 2));
    refuses(s.returns(turned), "rotary");
  }

  @Test
  void exchangeOfHalvesIsNot() {
    accepts(s.returns(s.op(new Concat(List.of(half(4), half(0)), 2))));
  }

  @Test
  void gatesAreRefused() {
    Value y = product();
    Value silu = s.op(new Mul(y, s.op(new Sigmoid(y))));
    refuses(s.returns(s.op(new Mul(silu, product()))), "gated");
  }

  @Test
  void anActivationAloneIsNot() {
    Value y = product();
    accepts(s.returns(s.op(new Mul(y, s.op(new Sigmoid(s.op(new Mul(y, s.scalar(1.702)))))))));
  }

  @Test
  void allAreNamedAtOnce() {
    Value turned = s.op(new Concat(List.of(s.op(new Neg(half(4))), half(0)), 2));
    Value gate = s.op(new Mul(s.op(new Gelu(product(), true)), product()));
    refuses(s.returns(turned, gate, normalized(x)), "rotary", "gated", "RMS");
  }
}
