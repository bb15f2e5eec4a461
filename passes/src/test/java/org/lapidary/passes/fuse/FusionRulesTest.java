package org.lapidary.passes.fuse;

import static org.assertj.core.api.Assertions.assertThat;
import static org.lapidary.passes.Sketch.fires;
import static org.lapidary.passes.Sketch.ignores;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.lapidary.ir.Value;
import org.lapidary.ir.op.Elementwise.Add;
import org.lapidary.ir.op.Elementwise.Div;
import org.lapidary.ir.op.Elementwise.Erf;
import org.lapidary.ir.op.Elementwise.Mul;
import org.lapidary.ir.op.Elementwise.Sqrt;
import org.lapidary.ir.op.Layout.Transpose;
import org.lapidary.ir.op.Neural.LayerNorm;
import org.lapidary.ir.op.Neural.Reduce;
import org.lapidary.ir.op.Neural.Reduction;
import org.lapidary.passes.Sketch;
import org.lapidary.passes.fuse.Gelus.RecogniseGelu;
import org.lapidary.passes.fuse.LayerNorms.AbsorbBeforeLayout;
import org.lapidary.passes.fuse.LayerNorms.AbsorbGain;
import org.lapidary.passes.fuse.LayerNorms.AbsorbShift;
import org.lapidary.passes.fuse.LayerNorms.RecogniseLayerNorm;

/// The rules of fusion one by one, each where it fires and where it must not; what whole spellings
/// become is tested beside.
class FusionRulesTest {
  private static final int N = 6;

  private static Value norm(Sketch s, Value gain, Value shift) {
    return s.op(new LayerNorm(s.input(2, 3, N), gain, shift, 1e-5));
  }

  @Test
  void gainOfAPlainNormIsAbsorbed() {
    Sketch s = new Sketch();
    Value y = norm(s, s.filled(1, N), s.filled(0, N));
    assertThat(fires(new AbsorbGain(), s.returns(s.op(new Mul(y, s.weights(N))))))
        .contains("layernorm")
        .doesNotContain("mul");
  }

  @Test
  void gainBehindAShiftIsNot() {
    Sketch s = new Sketch();
    Value y = norm(s, s.filled(1, N), s.weights(N));
    ignores(new AbsorbGain(), s.returns(s.op(new Mul(y, s.weights(N)))));
  }

  @Test
  void shiftIsAbsorbed() {
    Sketch s = new Sketch();
    Value y = norm(s, s.weights(N), s.filled(0, N));
    assertThat(fires(new AbsorbShift(), s.returns(s.op(new Add(y, s.weights(N))))))
        .contains("layernorm")
        .doesNotContain("add");
  }

  @Test
  void residualIsNoShift() {
    Sketch s = new Sketch();
    Value y = norm(s, s.weights(N), s.filled(0, N));
    ignores(new AbsorbShift(), s.returns(s.op(new Add(y, s.input(2, 3, N)))));
  }

  @Test
  void gainBehindATransposeComesBeforeIt() {
    Sketch s = new Sketch();
    Value y = norm(s, s.filled(1, N), s.filled(0, N));
    Value turned = s.op(new Transpose(y, List.of(0, 2, 1)));
    assertThat(fires(new AbsorbBeforeLayout(), s.returns(s.op(new Mul(turned, s.weights(N, 1))))))
        .containsSubsequence("mul", "transpose");
  }

  @Test
  void gainOfAnotherAxisStays() {
    Sketch s = new Sketch();
    Value y = norm(s, s.filled(1, N), s.filled(0, N));
    Value turned = s.op(new Transpose(y, List.of(0, 2, 1)));
    ignores(new AbsorbBeforeLayout(), s.returns(s.op(new Mul(turned, s.weights(3)))));
  }

  /// In canonical spelling: `(x - mean) * (1 / sqrt(variance + epsilon))`.
  @Test
  void normIsRecognised() {
    Sketch s = new Sketch();
    Value x = s.input(2, 3, N);
    Value mean = s.op(new Reduce(x, Reduction.MEAN, List.of(2), true));
    Value d = s.op(new Add(x, s.op(new Mul(mean, s.scalar(-1)))));
    Value variance = s.op(new Reduce(s.op(new Mul(d, d)), Reduction.MEAN, List.of(2), true));
    Value root = s.op(new Sqrt(s.op(new Add(variance, s.scalar(1e-5)))));
    Value y = s.op(new Div(d, root));
    assertThat(fires(new RecogniseLayerNorm(), s.returns(y))).contains("layernorm");
  }

  @Test
  void rootMeanSquareIsNoLayerNorm() {
    Sketch s = new Sketch();
    Value x = s.input(2, 3, N);
    Value square = s.op(new Reduce(s.op(new Mul(x, x)), Reduction.MEAN, List.of(2), true));
    Value root = s.op(new Sqrt(s.op(new Add(square, s.scalar(1e-5)))));
    ignores(new RecogniseLayerNorm(), s.returns(s.op(new Div(x, root))));
  }

  private static Value gelu(Sketch s, double slope) {
    Value x = s.input(3, N);
    Value erf = s.op(new Erf(s.op(new Mul(x, s.scalar(slope)))));
    return s.op(new Mul(s.op(new Mul(x, s.op(new Add(erf, s.scalar(1))))), s.scalar(0.5)));
  }

  @Test
  void geluIsRecognised() {
    Sketch s = new Sketch();
    assertThat(fires(new RecogniseGelu(), s.returns(gelu(s, Math.sqrt(0.5))))).contains("gelu");
  }

  @Test
  void anotherSlopeIsNoGelu() {
    Sketch s = new Sketch();
    ignores(new RecogniseGelu(), s.returns(gelu(s, 1)));
  }
}
