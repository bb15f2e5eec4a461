package org.lapidary.passes.canon;

import static org.assertj.core.api.Assertions.assertThat;
import static org.lapidary.passes.Sketch.fires;
import static org.lapidary.passes.Sketch.ignores;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.lapidary.ir.DType;
import org.lapidary.ir.Value;
import org.lapidary.ir.op.Elementwise.Add;
import org.lapidary.ir.op.Elementwise.Cast;
import org.lapidary.ir.op.Elementwise.Mul;
import org.lapidary.ir.op.Elementwise.Not;
import org.lapidary.ir.op.Elementwise.Pow;
import org.lapidary.ir.op.Elementwise.Where;
import org.lapidary.ir.op.Layout.Broadcast;
import org.lapidary.ir.op.Layout.Concat;
import org.lapidary.ir.op.Layout.Slice;
import org.lapidary.passes.Sketch;
import org.lapidary.passes.canon.Identities.DropAddZero;
import org.lapidary.passes.canon.Identities.DropBroadcastOperand;
import org.lapidary.passes.canon.Identities.DropEmptyParts;
import org.lapidary.passes.canon.Identities.DropEqualBranches;
import org.lapidary.passes.canon.Identities.DropMulOne;
import org.lapidary.passes.canon.Identities.DropPowOne;
import org.lapidary.passes.canon.Identities.DropSameBroadcast;
import org.lapidary.passes.canon.Identities.DropSameCast;
import org.lapidary.passes.canon.Identities.DropWholeSlice;
import org.lapidary.passes.canon.Identities.SwapNegatedBranches;

/// Each rule in a graph in which it fires and in one in which it must not.
class IdentitiesTest {
  private final Sketch s = new Sketch();
  private final Value x = s.input(2, 3);

  @Test
  void addedZeroGoes() {
    assertThat(fires(new DropAddZero(), s.returns(s.op(new Add(x, s.scalar(0)))))).isEmpty();
  }

  @Test
  void addedZeroThatWidensStays() {
    ignores(new DropAddZero(), s.returns(s.op(new Add(x, s.filled(0, 1, 1, 1)))));
  }

  @Test
  void factorOneGoes() {
    assertThat(fires(new DropMulOne(), s.returns(s.op(new Mul(x, s.scalar(1)))))).isEmpty();
  }

  @Test
  void factorNearOneStays() {
    ignores(new DropMulOne(), s.returns(s.op(new Mul(x, s.scalar(1.0000001)))));
  }

  @Test
  void exponentOneGoes() {
    assertThat(fires(new DropPowOne(), s.returns(s.op(new Pow(x, s.scalar(1)))))).isEmpty();
  }

  @Test
  void exponentTwoStays() {
    ignores(new DropPowOne(), s.returns(s.op(new Pow(x, s.scalar(2)))));
  }

  @Test
  void castToItselfGoes() {
    var graph = s.returns(s.op(new Cast(x, DType.F32)));
    assertThat(fires(new DropSameCast(), graph)).isEmpty();
  }

  @Test
  void castToAnotherTypeStays() {
    ignores(new DropSameCast(), s.returns(s.op(new Cast(x, DType.I32))));
  }

  @Test
  void sliceOfAllGoes() {
    assertThat(fires(new DropWholeSlice(), s.returns(s.op(new Slice(x, 1, 0, 3, 1))))).isEmpty();
  }

  @Test
  void reversalStays() {
    ignores(new DropWholeSlice(), s.returns(s.op(new Slice(x, 1, 2, 3, -1))));
  }

  @Test
  void broadcastToItselfGoes() {
    var graph = s.returns(s.op(new Broadcast(x, List.of(2, 3))));
    assertThat(fires(new DropSameBroadcast(), graph)).isEmpty();
  }

  @Test
  void broadcastToMoreStays() {
    ignores(new DropSameBroadcast(), s.returns(s.op(new Broadcast(x, List.of(4, 2, 3)))));
  }

  @Test
  void broadcastThatTheSumDoesAnywayGoes() {
    Value wide = s.op(new Broadcast(s.input(3), List.of(2, 3)));
    assertThat(fires(new DropBroadcastOperand(), s.returns(s.op(new Add(x, wide)))))
        .containsExactly("add");
  }

  @Test
  void broadcastThatWidensTheSumStays() {
    Value wide = s.op(new Broadcast(s.input(3), List.of(5, 2, 3)));
    ignores(new DropBroadcastOperand(), s.returns(s.op(new Add(x, wide))));
  }

  @Test
  void emptyCacheGoes() {
    Value cache = s.input(2, 0);
    var graph = s.returns(s.op(new Concat(List.of(cache, x), 1)));
    assertThat(fires(new DropEmptyParts(), graph)).isEmpty();
  }

  @Test
  void fullCacheStays() {
    Value cache = s.input(2, 4);
    ignores(new DropEmptyParts(), s.returns(s.op(new Concat(List.of(cache, x), -1))));
  }

  @Test
  void equalBranchesGo() {
    Value c = s.input(DType.BOOL, 2, 3);
    assertThat(fires(new DropEqualBranches(), s.returns(s.op(new Where(c, x, x))))).isEmpty();
  }

  @Test
  void conditionThatWidensStays() {
    Value c = s.input(DType.BOOL, 4, 2, 3);
    ignores(new DropEqualBranches(), s.returns(s.op(new Where(c, x, x))));
  }

  @Test
  void negatedConditionSwapsBranches() {
    Value c = s.op(new Not(s.input(DType.BOOL, 2, 3)));
    assertThat(fires(new SwapNegatedBranches(), s.returns(s.op(new Where(c, x, s.scalar(0))))))
        .containsExactly("where");
  }

  @Test
  void plainConditionStays() {
    Value c = s.input(DType.BOOL, 2, 3);
    ignores(new SwapNegatedBranches(), s.returns(s.op(new Where(c, x, s.scalar(0)))));
  }
}
