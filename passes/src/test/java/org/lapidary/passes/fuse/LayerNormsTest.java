package org.lapidary.passes.fuse;

import static org.assertj.core.api.Assertions.assertThat;
import static org.lapidary.passes.Sketch.ops;
import static org.lapidary.passes.Sketch.rewritten;

import java.util.List;
import java.util.function.BiFunction;
import java.util.stream.Stream;
import org.junit.jupiter.api.Named;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.lapidary.ir.Graph;
import org.lapidary.ir.Value;
import org.lapidary.ir.op.Elementwise.Add;
import org.lapidary.ir.op.Elementwise.Div;
import org.lapidary.ir.op.Elementwise.Max;
import org.lapidary.ir.op.Elementwise.Mul;
import org.lapidary.ir.op.Elementwise.Pow;
import org.lapidary.ir.op.Elementwise.Reciprocal;
import org.lapidary.ir.op.Elementwise.Sqrt;
import org.lapidary.ir.op.Elementwise.Sub;
import org.lapidary.ir.op.Layout.Broadcast;
import org.lapidary.ir.op.Layout.Reshape;
import org.lapidary.ir.op.Neural.LayerNorm;
import org.lapidary.ir.op.Neural.Reduce;
import org.lapidary.ir.op.Neural.Reduction;
import org.lapidary.ir.op.NnOp;
import org.lapidary.ir.pass.PassContext;
import org.lapidary.passes.Sketch;

class LayerNormsTest {
  private static final int N = 8;
  private static final double EPSILON = 1e-3;

  /// A spelling of the layer normalisation of x, with gain and shift.
  interface Spelling extends BiFunction<Sketch, Value, Value> {}

  private static Value mean(Sketch s, Value x) {
    return s.op(new Reduce(x, Reduction.MEAN, List.of(-1), true));
  }

  private static Value root(Sketch s, Value variance) {
    return s.op(new Sqrt(s.op(new Add(variance, s.scalar(EPSILON)))));
  }

  private static Value affine(Sketch s, Value y) {
    return s.op(new Add(s.op(new Mul(y, s.weights(N))), s.weights(N)));
  }

  static Stream<Named<Spelling>> spellings() {
    return Stream.of(
        Named.of("torch", (s, x) -> affine(s, torch(s, x))),
        Named.of("torch, difference twice", (s, x) -> affine(s, twice(s, x))),
        Named.of("gain on the left", (s, x) -> leftGain(s, x)),
        Named.of("inverse root as a power", (s, x) -> affine(s, power(s, x))),
        Named.of("axis dropped and put back", (s, x) -> affine(s, dropped(s, x))),
        Named.of("keras", LayerNormsTest::keras),
        Named.of("jax", LayerNormsTest::jax));
  }

  private static Value torch(Sketch s, Value x) {
    Value d = s.op(new Sub(x, mean(s, x)));
    return s.op(new Div(d, root(s, mean(s, s.op(new Pow(d, s.scalar(2)))))));
  }

  private static Value twice(Sketch s, Value x) {
    Value m = mean(s, x);
    Value square = s.op(new Pow(s.op(new Sub(x, m)), s.scalar(2)));
    return s.op(new Div(s.op(new Sub(x, m)), root(s, mean(s, square))));
  }

  private static Value leftGain(Sketch s, Value x) {
    return s.op(new Add(s.weights(1, N), s.op(new Mul(s.weights(1, 1, N), torch(s, x)))));
  }

  private static Value power(Sketch s, Value x) {
    Value d = s.op(new Sub(x, mean(s, x)));
    Value variance = s.op(new Add(mean(s, s.op(new Mul(d, d))), s.scalar(EPSILON)));
    return s.op(new Mul(d, s.op(new Pow(variance, s.scalar(-0.5)))));
  }

  private static Value dropped(Sketch s, Value x) {
    Value m = s.op(new Reduce(x, Reduction.MEAN, List.of(2), false));
    Value d = s.op(new Sub(x, s.op(new Reshape(m, List.of(2, 3, 1)))));
    return s.op(new Div(d, root(s, mean(s, s.op(new Mul(d, d))))));
  }

  private static Value keras(Sketch s, Value x) {
    Value m = mean(s, x);
    Value d = s.op(new Sub(x, m));
    Value r = s.op(new Reciprocal(root(s, mean(s, s.op(new Mul(d, d))))));
    Value factor = s.op(new Mul(r, s.weights(N)));
    Value offset = s.op(new Sub(s.weights(N), s.op(new Mul(m, factor))));
    return s.op(new Add(s.op(new Mul(x, factor)), offset));
  }

  private static Value jax(Sketch s, Value x) {
    Value m = average(s, x);
    Value squares = average(s, s.op(new Mul(x, x)));
    Value difference = s.op(new Sub(squares, s.op(new Mul(m, m))));
    Value r = s.op(new Reciprocal(root(s, s.op(new Max(s.scalar(0), difference)))));
    Value factor = s.op(new Mul(s.op(new Broadcast(r, List.of(2, 3, N))), s.weights(N)));
    return s.op(new Add(s.op(new Mul(s.op(new Sub(x, m)), factor)), s.weights(N)));
  }

  private static Value average(Sketch s, Value x) {
    Value sum = s.op(new Reduce(x, Reduction.SUM, List.of(-1), true));
    return s.op(new Mul(sum, s.scalar(1.0 / N)));
  }

  /// The operand is a residual sum: the pattern must stop at it.
  @ParameterizedTest
  @MethodSource("spellings")
  void isRecognised(Spelling spelling) {
    Sketch s = new Sketch();
    Value x = s.op(new Add(s.input(2, 3, N), s.input(2, 3, N)));
    Graph<NnOp> after = rewritten(LayerNorms.rules(), s.returns(spelling.apply(s, x)));
    assertThat(ops(after)).containsExactly("add", "layernorm");
    assertThat(Sketch.only(LayerNorm.class, after).epsilon()).isCloseTo(EPSILON, within());
  }

  private static org.assertj.core.data.Offset<Double> within() {
    return org.assertj.core.data.Offset.offset(1e-9);
  }

  @Test
  void withoutGainTheyAreOneAndZero() {
    Sketch s = new Sketch();
    Value x = s.input(2, 3, N);
    Graph<NnOp> after = rewritten(LayerNorms.rules(), s.returns(torch(s, x)));
    assertThat(ops(after)).containsExactly("layernorm");
  }

  @Test
  void overAnotherAxisItIsTransposed() {
    Sketch s = new Sketch();
    Value x = s.input(2, N, 3);
    Value m = s.op(new Reduce(x, Reduction.MEAN, List.of(1), true));
    Value d = s.op(new Sub(x, m));
    Value v = s.op(new Reduce(s.op(new Mul(d, d)), Reduction.MEAN, List.of(1), true));
    Value y = s.op(new Mul(s.op(new Div(d, root(s, v))), s.weights(N, 1)));
    Value z = s.op(new Add(y, s.weights(N, 1)));
    assertThat(ops(rewritten(LayerNorms.rules(), s.returns(z))))
        .containsExactly("transpose", "layernorm", "transpose");
  }

  @Test
  void residualIsNoShift() {
    Sketch s = new Sketch();
    Value x = s.input(2, 3, N);
    Value sum = s.op(new Add(affine(s, torch(s, x)), x));
    assertThat(ops(rewritten(LayerNorms.rules(), s.returns(sum))))
        .containsExactly("layernorm", "add");
  }

  @Test
  void rootMeanSquareIsNotRecognisedAndIsExplained() {
    Sketch s = new Sketch();
    Value x = s.input(2, 3, N);
    Value y = s.op(new Div(x, root(s, mean(s, s.op(new Mul(x, x))))));
    PassContext context = new PassContext();
    Graph<NnOp> after = new FuseLayerNorm().run(s.returns(s.op(new Mul(y, s.weights(N)))), context);
    assertThat(ops(after)).doesNotContain("layernorm");
    assertThat(context.whyNots())
        .containsExactly(
            new PassContext.WhyNot(
                "/4/sqrt",
                "fuse-layer-norm",
                "nn.reduce /1/reduce: it should be the mean of (x - mean x)^2, but no mean is"
                    + " subtracted: an RMS norm"));
  }

  @Test
  void anotherFactorOfTheMeanIsExplained() {
    Sketch s = new Sketch();
    Value x = s.input(2, 3, N);
    Value m = mean(s, x);
    Value d = s.op(new Sub(x, m));
    Value r = root(s, mean(s, s.op(new Mul(d, d))));
    Value off = s.op(new Sub(x, s.op(new Mul(m, s.scalar(2)))));
    PassContext context = new PassContext();
    Graph<NnOp> after = new FuseLayerNorm().run(s.returns(s.op(new Div(off, r))), context);
    assertThat(ops(after)).doesNotContain("layernorm");
    assertThat(context.whyNots()).hasSize(1);
    assertThat(context.whyNots().getFirst().condition())
        .endsWith("the mean should be subtracted with the same factor as x");
  }
}
