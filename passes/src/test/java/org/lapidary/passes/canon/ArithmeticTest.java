package org.lapidary.passes.canon;

import static org.assertj.core.api.Assertions.assertThat;
import static org.lapidary.passes.Sketch.fires;
import static org.lapidary.passes.Sketch.ignores;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.lapidary.ir.DType;
import org.lapidary.ir.Value;
import org.lapidary.ir.op.Elementwise.Abs;
import org.lapidary.ir.op.Elementwise.Add;
import org.lapidary.ir.op.Elementwise.Div;
import org.lapidary.ir.op.Elementwise.Mul;
import org.lapidary.ir.op.Elementwise.Neg;
import org.lapidary.ir.op.Elementwise.Pow;
import org.lapidary.ir.op.Elementwise.Sub;
import org.lapidary.ir.op.Layout.Reshape;
import org.lapidary.ir.op.Neural.Reduce;
import org.lapidary.ir.op.Neural.Reduction;
import org.lapidary.ir.op.Neural.Softmax;
import org.lapidary.passes.Sketch;
import org.lapidary.passes.canon.Arithmetic.AverageSum;
import org.lapidary.passes.canon.Arithmetic.CancelNegation;
import org.lapidary.passes.canon.Arithmetic.CountAxesFromZero;
import org.lapidary.passes.canon.Arithmetic.CountSoftmaxAxisFromEnd;
import org.lapidary.passes.canon.Arithmetic.KeepReducedAxes;
import org.lapidary.passes.canon.Arithmetic.MergeAddends;
import org.lapidary.passes.canon.Arithmetic.MergeFactors;
import org.lapidary.passes.canon.Arithmetic.MoveConstantRight;
import org.lapidary.passes.canon.Arithmetic.ReplaceDivision;
import org.lapidary.passes.canon.Arithmetic.ReplacePower;
import org.lapidary.passes.canon.Arithmetic.ReplaceSubtraction;

/// Each rule in a graph in which it fires and in one in which it must not.
class ArithmeticTest {
  private final Sketch s = new Sketch();
  private final Value x = s.input(2, 4);
  private final Value y = s.input(2, 4);

  @Test
  void constantMovesRight() {
    assertThat(fires(new MoveConstantRight(), s.returns(s.op(new Mul(s.weights(4), x)))))
        .containsExactly("mul");
  }

  @Test
  void constantOfASubtractionStays() {
    ignores(new MoveConstantRight(), s.returns(s.op(new Sub(s.weights(4), x))));
  }

  @Test
  void subtractedConstantIsAdded() {
    assertThat(fires(new ReplaceSubtraction(), s.returns(s.op(new Sub(x, s.weights(4))))))
        .containsExactly("add");
  }

  @Test
  void subtractedIntegersStay() {
    Value n = s.input(DType.I64, 3);
    ignores(new ReplaceSubtraction(), s.returns(s.op(new Sub(n, s.integers(1, 2, 3)))));
  }

  @Test
  void divisionByANumberIsAProduct() {
    assertThat(fires(new ReplaceDivision(), s.returns(s.op(new Div(x, s.scalar(8))))))
        .containsExactly("mul");
  }

  @Test
  void divisionByZeroStays() {
    ignores(new ReplaceDivision(), s.returns(s.op(new Div(x, s.scalar(0)))));
  }

  @Test
  void squareIsAProduct() {
    assertThat(fires(new ReplacePower(), s.returns(s.op(new Pow(x, s.scalar(2))))))
        .containsExactly("mul");
  }

  @Test
  void inverseRootIsAReciprocal() {
    Value positive = s.op(new Add(s.op(new Abs(x)), s.scalar(1)));
    assertThat(fires(new ReplacePower(), s.returns(s.op(new Pow(positive, s.scalar(-0.5))))))
        .containsExactly("abs", "add", "sqrt", "reciprocal");
  }

  @Test
  void cubeStays() {
    ignores(new ReplacePower(), s.returns(s.op(new Pow(x, s.scalar(3)))));
  }

  @Test
  void addedNegationIsADifference() {
    assertThat(fires(new CancelNegation(), s.returns(s.op(new Add(x, s.op(new Neg(y)))))))
        .containsExactly("sub");
  }

  @Test
  void doubleNegationCancels() {
    assertThat(fires(new CancelNegation(), s.returns(s.op(new Neg(s.op(new Neg(x))))))).isEmpty();
  }

  @Test
  void singleNegationStays() {
    ignores(new CancelNegation(), s.returns(s.op(new Neg(x))));
  }

  @Test
  void factorsMerge() {
    Value once = s.op(new Mul(x, s.scalar(3)));
    assertThat(fires(new MergeFactors(), s.returns(s.op(new Mul(once, s.scalar(5))))))
        .containsExactly("mul");
  }

  @Test
  void vectorFactorsStay() {
    Value once = s.op(new Mul(x, s.weights(2, 1)));
    ignores(new MergeFactors(), s.returns(s.op(new Mul(once, s.weights(4)))));
  }

  @Test
  void addendsMerge() {
    Value once = s.op(new Add(x, s.weights(4)));
    assertThat(fires(new MergeAddends(), s.returns(s.op(new Add(once, s.scalar(5))))))
        .containsExactly("add");
  }

  @Test
  void computedAddendStays() {
    Value once = s.op(new Add(x, y));
    ignores(new MergeAddends(), s.returns(s.op(new Add(once, s.scalar(5)))));
  }

  @Test
  void axesAreCountedFromZero() {
    Value mean = s.op(new Reduce(x, Reduction.MEAN, List.of(-1, 0), true));
    assertThat(fires(new CountAxesFromZero(), s.returns(mean))).containsExactly("reduce");
  }

  @Test
  void axesCountedFromZeroStay() {
    ignores(
        new CountAxesFromZero(),
        s.returns(s.op(new Reduce(x, Reduction.MEAN, List.of(0, 1), true))));
  }

  @Test
  void axisPutBackIsKept() {
    Value mean = s.op(new Reduce(x, Reduction.MEAN, List.of(1), false));
    assertThat(fires(new KeepReducedAxes(), s.returns(s.op(new Reshape(mean, List.of(2, 1))))))
        .containsExactly("reduce");
  }

  @Test
  void axisPutElsewhereStays() {
    Value mean = s.op(new Reduce(x, Reduction.MEAN, List.of(1), false));
    ignores(new KeepReducedAxes(), s.returns(s.op(new Reshape(mean, List.of(1, 2)))));
  }

  @Test
  void sumOverCountIsTheMean() {
    Value sum = s.op(new Reduce(x, Reduction.SUM, List.of(1), true));
    assertThat(fires(new AverageSum(), s.returns(s.op(new Mul(sum, s.scalar(0.25))))))
        .containsExactly("reduce");
  }

  @Test
  void sumOverAnotherCountStays() {
    Value sum = s.op(new Reduce(x, Reduction.SUM, List.of(1), true));
    ignores(new AverageSum(), s.returns(s.op(new Mul(sum, s.scalar(0.5)))));
  }

  @Test
  void lastAxisIsMinusOne() {
    assertThat(fires(new CountSoftmaxAxisFromEnd(), s.returns(s.op(new Softmax(x, 1)))))
        .containsExactly("softmax");
  }

  @Test
  void otherAxisStays() {
    ignores(new CountSoftmaxAxisFromEnd(), s.returns(s.op(new Softmax(x, 0))));
  }
}
