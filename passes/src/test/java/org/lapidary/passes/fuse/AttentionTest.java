package org.lapidary.passes.fuse;

import static org.assertj.core.api.Assertions.assertThat;
import static org.lapidary.passes.Sketch.ignores;
import static org.lapidary.passes.Sketch.ops;
import static org.lapidary.passes.Sketch.rewritten;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.lapidary.ir.DType;
import org.lapidary.ir.Graph;
import org.lapidary.ir.Tensor;
import org.lapidary.ir.TensorType;
import org.lapidary.ir.Value;
import org.lapidary.ir.op.Elementwise.Add;
import org.lapidary.ir.op.Elementwise.Cast;
import org.lapidary.ir.op.Elementwise.Div;
import org.lapidary.ir.op.Elementwise.Equal;
import org.lapidary.ir.op.Elementwise.Greater;
import org.lapidary.ir.op.Elementwise.Max;
import org.lapidary.ir.op.Elementwise.Mul;
import org.lapidary.ir.op.Elementwise.Not;
import org.lapidary.ir.op.Elementwise.Sub;
import org.lapidary.ir.op.Elementwise.Where;
import org.lapidary.ir.op.Indexing.Trilu;
import org.lapidary.ir.op.Layout.Reshape;
import org.lapidary.ir.op.Layout.Slice;
import org.lapidary.ir.op.Layout.Transpose;
import org.lapidary.ir.op.Neural.MatMul;
import org.lapidary.ir.op.Neural.Softmax;
import org.lapidary.ir.op.NnOp;
import org.lapidary.ir.pass.Pass;
import org.lapidary.ir.pass.PassContext;
import org.lapidary.ir.pass.Rule;
import org.lapidary.passes.Sketch;
import org.lapidary.passes.canon.Canonicalize;
import org.lapidary.passes.canon.NormalizeProjections;
import org.lapidary.passes.fuse.Masks.AddMask;
import org.lapidary.passes.fuse.Masks.DropNanGuard;
import org.lapidary.passes.fuse.Scales.FoldScale;
import org.lapidary.passes.fuse.Scales.ScaleBeforeMask;
import org.lapidary.passes.fuse.Scales.SinkScale;

/// Two heads of size 4 on a stream of 2 sentences of 5 words, hidden size 8.
class AttentionTest {
  private static final int B = 2;
  private static final int S = 5;
  private static final int HEADS = 2;
  private static final int D = 4;

  private final Sketch s = new Sketch();
  private final Value x = s.input(B, S, HEADS * D);

  private Value linear(Value in) {
    Value product = s.op(new MatMul(in, s.weights(HEADS * D, HEADS * D)));
    return s.op(new Add(s.weights(HEADS * D), product));
  }

  private Value heads(Value in, Integer... permutation) {
    Value split = s.op(new Reshape(in, List.of(B, S, HEADS, D)));
    return s.op(new Transpose(split, List.of(permutation)));
  }

  private Value q() {
    return heads(linear(x), 0, 2, 1, 3);
  }

  private Value keys() {
    return heads(linear(x), 0, 2, 3, 1);
  }

  private Value context(Value scores) {
    Value p = s.op(new Softmax(scores, -1));
    Value joined = s.op(new MatMul(p, heads(linear(x), 0, 2, 1, 3)));
    Value turned = s.op(new Transpose(joined, List.of(0, 2, 1, 3)));
    return s.op(new Reshape(turned, List.of(B, S, HEADS * D)));
  }

  private static List<Pass<NnOp, NnOp>> passes() {
    return List.of(
        new Canonicalize(), new NormalizeProjections(), new NormalizeAttention(), new FoldScales());
  }

  private static Graph<NnOp> normalized(Graph<NnOp> graph, PassContext context) {
    Graph<NnOp> after = graph;
    for (Pass<NnOp, NnOp> pass : passes()) {
      after = pass.run(after, context);
    }
    return after;
  }

  private static AttentionBlock block(Graph<NnOp> graph) {
    PassContext context = new PassContext();
    Graph<NnOp> after = normalized(graph, context);
    Sketch.requireSame(graph, after);
    assertThat(context.whyNots()).isEmpty();
    assertThat(AttentionBlock.in(after)).hasSize(1);
    return AttentionBlock.in(after).getFirst().getValue();
  }

  private Value mul(Value value, double number) {
    return s.op(new Mul(value, s.scalar(number)));
  }

  @Test
  void scaleOfTheScoresDisappears() {
    Value scores = s.op(new Div(s.op(new MatMul(q(), keys())), s.scalar(2)));
    AttentionBlock block = block(s.returns(context(scores)));
    assertThat(block.scale()).isEqualTo(1);
    assertThat(block.mask()).isEmpty();
  }

  @Test
  void scaleSplitOverBothDisappears() {
    Value scores = s.op(new MatMul(mul(q(), 0.7071), mul(keys(), 0.7071)));
    assertThat(block(s.returns(context(scores))).scale()).isEqualTo(1);
  }

  @Test
  void scaleStaysWhereNoWeightTakesIt() {
    Value q = s.input(B, HEADS, S, D);
    Value k = s.input(B, HEADS, D, S);
    Value scores = s.op(new MatMul(mul(q, 0.5), k));
    assertThat(block(s.returns(context(scores))).scale()).isEqualTo(0.5);
  }

  @Test
  void sharedQueriesKeepTheScale() {
    Value q = q();
    Value scores = s.op(new Div(s.op(new MatMul(q, s.input(B, HEADS, D, S))), s.scalar(2)));
    assertThat(block(s.returns(context(scores), q)).scale()).isEqualTo(0.5);
  }

  @Test
  void addedMaskIsFloored() {
    Value mask = s.input(B, 1, 1, S);
    Value scores = s.op(new Add(s.op(new MatMul(q(), keys())), mask));
    AttentionBlock block = block(s.returns(context(scores)));
    assertThat(block.mask().orElseThrow().type().dims()).containsExactly(B, 1, 1, S);
  }

  @Test
  void causalChoiceBecomesAConstant() {
    Value ones = s.filled(1, 1, 1, S, S);
    Value lower = s.op(new Trilu(ones, 0, false));
    Value open = s.op(new Cast(lower, DType.BOOL));
    Value scores = s.op(new MatMul(q(), keys()));
    Value masked = s.op(new Where(open, scores, s.scalar(Float.NEGATIVE_INFINITY)));
    AttentionBlock block = block(s.returns(context(masked)));
    assertThat(block.mask().orElseThrow().type().dims()).containsExactly(1, 1, S, S);
  }

  @Test
  void twoMasksBecomeOne() {
    Value lower = s.op(new Trilu(s.filled(1, 1, 1, S, S), 0, false));
    Value open = s.op(new Cast(lower, DType.BOOL));
    Value padding = s.input(B, 1, 1, S);
    Value scores = mul(s.op(new MatMul(q(), keys())), 0.5);
    Value masked = s.op(new Where(open, scores, s.scalar(-10_000)));
    AttentionBlock block = block(s.returns(context(s.op(new Add(masked, padding)))));
    assertThat(block.mask()).isPresent();
  }

  @Test
  void megatronProductBecomesASum() {
    Value lower = s.op(new Trilu(s.filled(1, 1, 1, S, S), 0, false));
    Value closed = s.op(new Mul(s.op(new Sub(s.scalar(1), lower)), s.scalar(10_000)));
    Value scores = s.op(new Mul(s.op(new MatMul(q(), keys())), lower));
    AttentionBlock block = block(s.returns(context(s.op(new Sub(scores, closed)))));
    assertThat(block.scale()).isEqualTo(1);
    assertThat(block.mask()).isPresent();
  }

  @Test
  void scaleAfterTheMaskMovesBeforeIt() {
    Value sum = s.op(new Add(s.op(new MatMul(q(), keys())), s.input(B, 1, 1, S)));
    assertThat(block(s.returns(context(mul(sum, 0.5)))).scale()).isEqualTo(1);
  }

  /// torch.nn.MultiheadAttention: words first, heads in the batch axis, one packed projection.
  @Test
  void headsInTheBatchAxisGetTheirOwn() {
    Value turned = s.op(new Transpose(x, List.of(1, 0, 2)));
    Value packed = s.op(new MatMul(turned, s.weights(8, 24)));
    List<Value> parts = new ArrayList<>();
    for (int i = 0; i < 3; i++) {
      Value part = s.op(new Slice(packed, 2, 8 * i, 8, 1));
      Value split = s.op(new Reshape(part, List.of(S, B * HEADS, D)));
      parts.add(s.op(new Transpose(split, i == 1 ? List.of(1, 2, 0) : List.of(1, 0, 2))));
    }
    Value scores = s.op(new Div(s.op(new MatMul(parts.get(0), parts.get(1))), s.scalar(2)));
    Value joined = s.op(new MatMul(s.op(new Softmax(scores, 2)), parts.get(2)));
    Value back = s.op(new Transpose(joined, List.of(1, 0, 2)));
    Value matrix = s.op(new Reshape(back, List.of(S * B, 8)));
    Value out = s.op(new MatMul(matrix, s.weights(8, 8)));
    Value words = s.op(new Reshape(out, List.of(S, B, 8)));
    Graph<NnOp> graph = s.returns(s.op(new Transpose(words, List.of(1, 0, 2))));
    AttentionBlock block = block(graph);
    assertThat(block.q().type().dims()).containsExactly(B, HEADS, S, D);
    assertThat(ops(normalized(graph, new PassContext())))
        .containsExactlyInAnyOrder(
            "matmul",
            "reshape",
            "transpose",
            "matmul",
            "reshape",
            "transpose",
            "matmul",
            "reshape",
            "transpose",
            "matmul",
            "softmax",
            "matmul",
            "transpose",
            "reshape",
            "matmul");
  }

  @Test
  void smallFillIsNoMaskAndIsExplained() {
    Value open = s.input(DType.BOOL, 1, 1, S, S);
    Value scores = s.op(new MatMul(q(), keys()));
    Value masked = s.op(new Where(open, scores, s.scalar(-10)));
    PassContext context = new PassContext();
    Graph<NnOp> after = normalized(s.returns(context(masked)), context);
    assertThat(AttentionBlock.in(after)).isEmpty();
    assertThat(context.whyNots()).hasSize(1);
    assertThat(context.whyNots().getFirst().pattern()).isEqualTo("normalize-attention");
    assertThat(context.whyNots().getFirst().condition())
        .contains("/where: what replaces a masked score should be at most -1000.0, but is up to")
        .endsWith("-10.0");
  }

  @Test
  void conditionOnTheScoresIsExplained() {
    Value scores = s.op(new MatMul(q(), keys()));
    Value open = s.op(new Greater(scores, s.scalar(0)));
    Value masked = s.op(new Where(open, scores, s.scalar(-10_000)));
    PassContext context = new PassContext();
    normalized(s.returns(context(masked)), context);
    assertThat(context.whyNots()).hasSize(1);
    assertThat(context.whyNots().getFirst().condition())
        .endsWith("the condition of the mask should not depend on the scores");
  }

  @Test
  void computedScaleIsExplained() {
    Value scores = s.op(new Mul(s.op(new MatMul(q(), keys())), s.input(1)));
    PassContext context = new PassContext();
    normalized(s.returns(context(scores)), context);
    assertThat(context.whyNots()).hasSize(1);
    assertThat(context.whyNots().getFirst().condition())
        .endsWith("the factor of the scores should be one constant number");
  }

  @Test
  void guardAgainstRowsWithoutKeysGoes() {
    Value mask = s.input(B, 1, 1, S);
    Value p = s.op(new Softmax(s.op(new Add(s.op(new MatMul(q(), keys())), mask)), -1));
    Value isNan = s.op(new Not(s.op(new Equal(p, p))));
    Value guarded = s.op(new Where(isNan, s.scalar(0), p));
    Graph<NnOp> graph = s.returns(s.op(new MatMul(guarded, heads(linear(x), 0, 2, 1, 3))));
    assertThat(block(graph).mask()).isPresent();
  }

  @Test
  void guardOfAnUnknownMaskStays() {
    Value mask = s.input(B, 1, 1, S);
    Value p = s.op(new Softmax(s.op(new Add(s.op(new MatMul(q(), keys())), mask)), -1));
    Value isNumber = s.op(new Equal(p, p));
    ignores(new DropNanGuard(), s.returns(s.op(new Where(isNumber, p, s.scalar(0)))));
  }

  @Test
  void softmaxOfNoProductIsLeftAlone() {
    ignores(new AddMask(), s.returns(s.op(new Softmax(s.op(new Add(x, s.input(8))), -1))));
  }

  @Test
  void maskThatHidesNothingGoes() {
    Value scores = s.op(new Add(s.op(new MatMul(q(), keys())), s.filled(0, 1, 1, 1, S)));
    assertThat(block(s.returns(context(scores))).mask()).isEmpty();
  }

  @Test
  void flooredMaskIsLeftAlone() {
    Value mask = s.op(new Max(s.input(B, 1, 1, S), s.scalar(-10_000)));
    Value sum = s.op(new Add(s.op(new MatMul(q(), keys())), mask));
    ignores(new AddMask(), s.returns(s.op(new Softmax(sum, -1))));
  }

  @Test
  void vectorIsNoScale() {
    ignores(
        new SinkScale(),
        s.returns(s.op(new Transpose(s.op(new Mul(x, s.weights(8))), List.of(0, 2, 1)))));
  }

  @Test
  void squareTakesTheScaleTwice() {
    Value a = mul(s.input(3, 3), 2);
    Graph<NnOp> graph = s.returns(s.op(new MatMul(a, a)));
    assertThat(ops(rewritten(List.<Rule<NnOp>>of(new SinkScale()), graph)))
        .containsExactly("matmul", "mul");
  }

  @Test
  void sumOfNoScoresKeepsItsFactor() {
    Value sum = s.op(new Add(x, s.input(8)));
    ignores(new ScaleBeforeMask(), s.returns(mul(sum, 0.5)));
  }

  @Test
  void scaleOfASharedLayerStays() {
    Value y = linear(x);
    ignores(new FoldScale(), s.returns(mul(y, 0.5), y));
  }

  /// Where every key of a row is masked there is no right answer; everywhere else the floor does
  /// not show.
  @Test
  void floorDoesNotShow() {
    Value mask = s.input(B, 1, 1, S);
    Value scores = s.op(new Add(s.op(new MatMul(q(), keys())), mask));
    Graph<NnOp> graph = s.returns(context(scores));
    Map<String, Tensor> inputs = Sketch.generated(graph, new Random(3));
    float[] elements = new float[B * S];
    elements[1] = -3.4028235e38f;
    elements[7] = Float.NEGATIVE_INFINITY;
    inputs.put("x1", Tensor.of(TensorType.of(DType.F32, B, 1, 1, S), elements));
    Sketch.requireSame(graph, normalized(graph, new PassContext()), inputs);
  }

  @Test
  void aLowerBoundOfMaskedScoresDisappears() {
    Value mask = s.constant(Tensor.f32(List.of(1, S), 0, -10_000, 0, 0, 0));
    Value masked = s.op(new Add(s.op(new MatMul(q(), keys())), mask));
    Value bounded = s.op(new Max(masked, s.scalar(-3.4e38)));
    assertThat(block(s.returns(context(bounded))).mask()).isPresent();
  }

  @Test
  void aBoundThatScoresMayReachStays() {
    Value bounded = s.op(new Max(s.op(new MatMul(q(), keys())), s.scalar(-10)));
    ignores(new AddMask(), s.returns(context(bounded)));
  }
}
