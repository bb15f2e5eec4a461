package org.lapidary.passes.canon;

import static org.assertj.core.api.Assertions.assertThat;
import static org.lapidary.passes.Sketch.fires;
import static org.lapidary.passes.Sketch.ignores;
import static org.lapidary.passes.Sketch.ops;
import static org.lapidary.passes.Sketch.rewritten;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.lapidary.ir.Graph;
import org.lapidary.ir.Value;
import org.lapidary.ir.op.Elementwise.Add;
import org.lapidary.ir.op.Elementwise.Gelu;
import org.lapidary.ir.op.Elementwise.Mul;
import org.lapidary.ir.op.Layout.Reshape;
import org.lapidary.ir.op.Layout.Slice;
import org.lapidary.ir.op.Layout.Transpose;
import org.lapidary.ir.op.Neural.MatMul;
import org.lapidary.ir.op.Neural.Softmax;
import org.lapidary.ir.op.NnOp;
import org.lapidary.passes.Sketch;
import org.lapidary.passes.canon.Projections.AddBiasBeforeSplit;
import org.lapidary.passes.canon.Projections.AttachBias;
import org.lapidary.passes.canon.Projections.FlattenBias;
import org.lapidary.passes.canon.Projections.MergeBatchAxes;
import org.lapidary.passes.canon.Projections.ScaleColumns;
import org.lapidary.passes.canon.Projections.SinkLayoutBelowBinary;
import org.lapidary.passes.canon.Projections.SinkLayoutBelowMatMul;
import org.lapidary.passes.canon.Projections.SinkLayoutBelowRowwise;
import org.lapidary.passes.canon.Projections.SplitPackedProjection;

/// Each rule in a graph in which it fires and in one in which it must not.
class ProjectionsTest {
  private final Sketch s = new Sketch();
  private final Value x = s.input(2, 5, 4);

  private Value flat(Value value) {
    int rows = value.type().dim(0) * value.type().dim(1);
    return s.op(new Reshape(value, List.of(rows, value.type().dim(-1))));
  }

  @Test
  void reshapeToAMatrixSinks() {
    Value y = s.op(new MatMul(flat(x), s.weights(4, 3)));
    assertThat(fires(new SinkLayoutBelowMatMul(), s.returns(y)))
        .containsExactly("matmul", "reshape");
  }

  @Test
  void sequenceFirstSinks() {
    Value turned = s.op(new Transpose(x, List.of(1, 0, 2)));
    Value y = s.op(new MatMul(turned, s.weights(4, 3)));
    assertThat(fires(new SinkLayoutBelowMatMul(), s.returns(y)))
        .containsExactly("matmul", "transpose");
  }

  @Test
  void mergingOfHeadsStays() {
    Value context = s.op(new Transpose(s.input(2, 3, 5, 4), List.of(0, 2, 1, 3)));
    Value joined = s.op(new Reshape(context, List.of(2, 5, 12)));
    ignores(new SinkLayoutBelowMatMul(), s.returns(s.op(new MatMul(joined, s.weights(12, 3)))));
  }

  @Test
  void reshapeSinksBelowAnActivation() {
    assertThat(fires(new SinkLayoutBelowRowwise(), s.returns(s.op(new Gelu(flat(x), false)))))
        .containsExactly("gelu", "reshape");
  }

  @Test
  void transposeOfTheLastAxisStays() {
    Value turned = s.op(new Transpose(x, List.of(0, 2, 1)));
    ignores(new SinkLayoutBelowRowwise(), s.returns(s.op(new Softmax(turned, -1))));
  }

  @Test
  void reshapeSinksBelowABias() {
    assertThat(fires(new SinkLayoutBelowBinary(), s.returns(s.op(new Add(flat(x), s.weights(4))))))
        .containsExactly("add", "reshape");
  }

  @Test
  void mergedHeadsSinkBelowTheMask() {
    Value scores = s.op(new Reshape(s.input(2, 3, 5, 5), List.of(6, 5, 5)));
    Value mask = s.op(new Reshape(s.input(2, 3, 1, 5), List.of(6, 1, 5)));
    assertThat(
            ops(
                rewritten(
                    List.of(new SinkLayoutBelowBinary()), s.returns(s.op(new Add(scores, mask))))))
        .containsExactly("add", "reshape");
  }

  @Test
  void splittingReshapeStays() {
    Value heads = s.op(new Reshape(x, List.of(2, 5, 2, 2)));
    ignores(new SinkLayoutBelowBinary(), s.returns(s.op(new Add(heads, s.weights(2)))));
  }

  @Test
  void headsInTheBatchAxisGetTheirOwn() {
    Value q = s.op(new Reshape(s.input(2, 3, 5, 4), List.of(6, 5, 4)));
    Value k = s.op(new Reshape(s.input(2, 3, 4, 5), List.of(6, 4, 5)));
    Graph<NnOp> after = rewritten(List.of(new MergeBatchAxes()), s.returns(s.op(new MatMul(q, k))));
    assertThat(ops(after)).containsExactly("matmul", "reshape");
  }

  @Test
  void productWithWeightsStays() {
    ignores(new MergeBatchAxes(), s.returns(s.op(new MatMul(x, s.weights(2, 4, 3)))));
  }

  @Test
  void biasIsFlattened() {
    Value y = s.op(new MatMul(x, s.weights(4, 3)));
    assertThat(fires(new FlattenBias(), s.returns(s.op(new Add(y, s.weights(1, 1, 3))))))
        .containsExactly("matmul", "add");
  }

  @Test
  void positionsAreNotABias() {
    Value y = s.op(new MatMul(x, s.weights(4, 3)));
    ignores(new FlattenBias(), s.returns(s.op(new Add(y, s.weights(5, 3)))));
  }

  @Test
  void biasAfterTheResidualIsAttached() {
    Value y = s.op(new MatMul(x, s.weights(4, 4)));
    Value sum = s.op(new Add(s.op(new Add(x, y)), s.weights(4)));
    Graph<NnOp> graph = s.returns(sum);
    assertThat(fires(new AttachBias(), graph)).containsExactly("matmul", "add", "add");
  }

  @Test
  void biasOfNoProductStays() {
    Value sum = s.op(new Add(s.op(new Add(x, s.input(2, 5, 4))), s.weights(4)));
    ignores(new AttachBias(), s.returns(sum));
  }

  @Test
  void biasPerHeadIsAddedBeforeTheSplit() {
    Value y = s.op(new MatMul(x, s.weights(4, 6)));
    Value heads = s.op(new Reshape(y, List.of(2, 5, 3, 2)));
    assertThat(fires(new AddBiasBeforeSplit(), s.returns(s.op(new Add(heads, s.weights(3, 2))))))
        .containsExactly("matmul", "add", "reshape");
  }

  @Test
  void biasOfOneHeadStays() {
    Value y = s.op(new MatMul(x, s.weights(4, 6)));
    Value heads = s.op(new Reshape(y, List.of(2, 5, 3, 2)));
    ignores(new AddBiasBeforeSplit(), s.returns(s.op(new Add(heads, s.weights(2)))));
  }

  @Test
  void packedProjectionComesApart() {
    Value packed = s.op(new Add(s.op(new MatMul(x, s.weights(4, 12))), s.weights(12)));
    Value q = s.op(new Slice(packed, 2, 0, 4, 1));
    Value k = s.op(new Slice(packed, 2, 4, 8, 1));
    assertThat(fires(new SplitPackedProjection(), s.returns(q, k)))
        .containsExactly("matmul", "add", "matmul", "add");
  }

  @Test
  void sliceOfRowsStays() {
    Value packed = s.op(new MatMul(x, s.weights(4, 12)));
    ignores(new SplitPackedProjection(), s.returns(s.op(new Slice(packed, 1, 0, 2, 1))));
  }

  /// GPT-2: everything between two reshapes ends up on the stream.
  @Test
  void wholeBlockComesBackToTheStream() {
    Value up = s.op(new Add(s.op(new MatMul(flat(x), s.weights(4, 8))), s.weights(8)));
    Value back = s.op(new Reshape(up, List.of(2, 5, 8)));
    Value act = s.op(new Gelu(back, true));
    Value down = s.op(new Add(s.op(new MatMul(flat(act), s.weights(8, 4))), s.weights(4)));
    Value sum = s.op(new Add(x, s.op(new Reshape(down, List.of(2, 5, 4)))));
    assertThat(ops(rewritten(Projections.rules(), s.returns(sum))))
        .containsExactly("matmul", "add", "gelu", "matmul", "add", "add");
  }

  @Test
  void scalarFactorSinksNothingIntoARankOneShape() {
    Value y = s.op(new Mul(flat(x), s.scalar(2)));
    assertThat(fires(new SinkLayoutBelowBinary(), s.returns(y))).containsExactly("mul", "reshape");
  }

  @Test
  void scalesOfColumnsGoIntoTheWeights() {
    Value sum = s.op(new Add(s.op(new MatMul(x, s.weights(4, 3))), s.weights(3)));
    assertThat(fires(new ScaleColumns(), s.returns(s.op(new Mul(sum, s.weights(1, 1, 3))))))
        .containsExactly("matmul", "add");
  }

  @Test
  void scalesOfRowsStay() {
    Value y = s.op(new MatMul(x, s.weights(4, 3)));
    ignores(new ScaleColumns(), s.returns(s.op(new Mul(y, s.weights(5, 1)))));
  }

  @Test
  void columnsThatSomethingElseReadsStay() {
    Value y = s.op(new MatMul(x, s.weights(4, 3)));
    ignores(new ScaleColumns(), s.returns(y, s.op(new Mul(y, s.weights(3)))));
  }
}
