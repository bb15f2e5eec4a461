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
import org.lapidary.ir.op.Elementwise.Erf;
import org.lapidary.ir.op.Elementwise.Gelu;
import org.lapidary.ir.op.Elementwise.Mul;
import org.lapidary.ir.op.Elementwise.Pow;
import org.lapidary.ir.op.Elementwise.Sigmoid;
import org.lapidary.ir.op.Elementwise.Sqrt;
import org.lapidary.ir.op.Elementwise.Tanh;
import org.lapidary.ir.op.NnOp;
import org.lapidary.ir.pass.PassContext;
import org.lapidary.passes.Sketch;

class GelusTest {
  private static final double CUBE = 0.044715;
  private static final double SLOPE = 0.7978845608;

  /// A spelling of the GELU of x.
  interface Spelling extends BiFunction<Sketch, Value, Value> {}

  private static Value erf(Sketch s, Value x) {
    return s.op(new Erf(s.op(new Div(x, s.scalar(1.4142135)))));
  }

  private static Value tanh(Sketch s, Value x) {
    Value cube = s.op(new Pow(x, s.scalar(3)));
    Value inner = s.op(new Add(x, s.op(new Mul(cube, s.scalar(CUBE)))));
    return s.op(new Tanh(s.op(new Mul(inner, s.scalar(SLOPE)))));
  }

  private static Value half(Sketch s, Value x) {
    return s.op(new Mul(x, s.scalar(0.5)));
  }

  private static Value onePlus(Sketch s, Value t) {
    return s.op(new Add(t, s.scalar(1)));
  }

  static Stream<Named<Spelling>> erfSpellings() {
    return Stream.of(
        Named.of("torch", (s, x) -> half(s, s.op(new Mul(x, onePlus(s, erf(s, x)))))),
        Named.of("half first", (s, x) -> s.op(new Mul(half(s, x), onePlus(s, erf(s, x))))),
        Named.of("half last factor", (s, x) -> s.op(new Mul(x, half(s, onePlus(s, erf(s, x)))))),
        Named.of(
            "keras: square root in the graph",
            (s, x) -> {
              Value t = s.op(new Erf(s.op(new Div(x, s.op(new Sqrt(s.scalar(2)))))));
              return half(s, s.op(new Mul(onePlus(s, t), x)));
            }),
        Named.of(
            "expanded", (s, x) -> s.op(new Add(half(s, x), half(s, s.op(new Mul(x, erf(s, x))))))));
  }

  static Stream<Named<Spelling>> tanhSpellings() {
    return Stream.of(
        Named.of("gelu_new", (s, x) -> s.op(new Mul(half(s, x), onePlus(s, tanh(s, x))))),
        Named.of(
            "megatron",
            (s, x) -> {
              Value square = s.op(new Mul(s.op(new Mul(x, s.scalar(CUBE))), x));
              Value slope = s.op(new Mul(x, s.scalar(SLOPE)));
              Value t = s.op(new Tanh(s.op(new Mul(slope, onePlus(s, square)))));
              return s.op(new Mul(half(s, x), onePlus(s, t)));
            }),
        Named.of(
            "products for the cube",
            (s, x) -> {
              Value cube = s.op(new Mul(s.op(new Mul(x, x)), x));
              Value a = s.op(new Mul(cube, s.scalar(CUBE * SLOPE)));
              Value t = s.op(new Tanh(s.op(new Add(a, s.op(new Mul(x, s.scalar(SLOPE)))))));
              return half(s, s.op(new Mul(onePlus(s, t), x)));
            }));
  }

  @ParameterizedTest
  @MethodSource("erfSpellings")
  void erfIsRecognised(Spelling spelling) {
    assertRecognised(spelling, false);
  }

  @ParameterizedTest
  @MethodSource("tanhSpellings")
  void tanhIsRecognised(Spelling spelling) {
    assertRecognised(spelling, true);
  }

  /// The operand is a sum, as behind a bias: the pattern must stop at it.
  private static void assertRecognised(Spelling spelling, boolean tanh) {
    Sketch s = new Sketch();
    Value x = s.op(new Add(s.input(3, 4), s.weights(4)));
    Graph<NnOp> after = rewritten(Gelus.rules(), s.returns(spelling.apply(s, x)));
    assertThat(ops(after)).containsExactly("add", "gelu");
    assertThat(Sketch.only(Gelu.class, after).tanh()).isEqualTo(tanh);
  }

  @Test
  void anotherScaleIsNoGeluAndIsExplained() {
    Sketch s = new Sketch();
    Value x = s.input(3, 4);
    Value t = s.op(new Erf(half(s, x)));
    PassContext context = new PassContext();
    Graph<NnOp> graph = s.returns(half(s, s.op(new Mul(x, onePlus(s, t)))));
    Graph<NnOp> after = new FuseGelu().run(graph, context);
    assertThat(ops(after)).doesNotContain("gelu");
    assertThat(context.whyNots())
        .containsExactly(
            new PassContext.WhyNot(
                "/2/erf",
                "fuse-gelu",
                "nn.erf /2/erf: its argument should be x / sqrt 2 = 0.7071068 x of one x"));
  }

  @Test
  void missingHalfIsNoGeluAndIsExplained() {
    Sketch s = new Sketch();
    Value x = s.input(3, 4);
    PassContext context = new PassContext();
    Graph<NnOp> graph = s.returns(s.op(new Mul(x, onePlus(s, tanh(s, x)))));
    Graph<NnOp> after = new FuseGelu().run(graph, context);
    assertThat(ops(after)).doesNotContain("gelu");
    assertThat(context.whyNots()).hasSize(1);
    assertThat(context.whyNots().getFirst().condition())
        .contains("should be 0.5 tanh x + 0.5 x, but there is 1.0 tanh x + 1.0 x");
  }

  @Test
  void tanhOfAPoolerIsNoNearMiss() {
    Sketch s = new Sketch();
    PassContext context = new PassContext();
    Value x = s.op(new Add(s.input(3, 4), s.weights(4)));
    new FuseGelu().run(s.returns(s.op(new Tanh(x))), context);
    assertThat(context.whyNots()).isEqualTo(List.of());
  }

  @Test
  void sigmoidsForGelusAreExplained() {
    Sketch s = new Sketch();
    Value x = s.input(3, 4);
    PassContext context = new PassContext();
    Value gate = s.op(new Sigmoid(s.op(new Mul(x, s.scalar(1.702)))));
    new FuseGelu().run(s.returns(s.op(new Mul(x, gate))), context);
    assertThat(context.whyNots())
        .singleElement()
        .satisfies(w -> assertThat(w.condition()).contains("only resembles a GELU"));
  }

  @Test
  void aSigmoidAloneIsNotExplained() {
    Sketch s = new Sketch();
    Value x = s.input(3, 4);
    PassContext context = new PassContext();
    new FuseGelu().run(s.returns(s.op(new Sigmoid(x))), context);
    assertThat(context.whyNots()).isEmpty();
  }
}
