package org.lapidary.passes.canon;

import static org.assertj.core.api.Assertions.assertThat;
import static org.lapidary.passes.Sketch.fires;
import static org.lapidary.passes.Sketch.ignores;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.lapidary.ir.Value;
import org.lapidary.ir.op.Indexing.Gather;
import org.lapidary.ir.op.Layout.Broadcast;
import org.lapidary.ir.op.Layout.Concat;
import org.lapidary.ir.op.Layout.Reshape;
import org.lapidary.ir.op.Layout.Slice;
import org.lapidary.ir.op.Layout.Transpose;
import org.lapidary.passes.Sketch;
import org.lapidary.passes.canon.Layouts.FlattenConcat;
import org.lapidary.passes.canon.Layouts.JoinSlices;
import org.lapidary.passes.canon.Layouts.MergeBroadcasts;
import org.lapidary.passes.canon.Layouts.MergeLayouts;
import org.lapidary.passes.canon.Layouts.MergeSlices;
import org.lapidary.passes.canon.Layouts.ReplaceGatherBySlice;
import org.lapidary.passes.canon.Layouts.SliceBeforeLayout;
import org.lapidary.passes.canon.Layouts.SliceConcatenated;

/// Each rule in a graph in which it fires and in one in which it must not.
class LayoutsTest {
  private final Sketch s = new Sketch();
  private final Value x = s.input(2, 6);

  @Test
  void keysAreTransposedOnce() {
    Value heads = s.op(new Reshape(s.input(2, 5, 12), List.of(2, 5, 3, 4)));
    Value k = s.op(new Transpose(heads, List.of(0, 2, 1, 3)));
    assertThat(fires(new MergeLayouts(), s.returns(s.op(new Transpose(k, List.of(0, 1, 3, 2))))))
        .containsExactly("reshape", "transpose");
  }

  @Test
  void transposeOfASingleAxisIsAReshape() {
    Value heads = s.input(2, 5, 1, 4);
    assertThat(
            fires(new MergeLayouts(), s.returns(s.op(new Transpose(heads, List.of(0, 2, 1, 3))))))
        .containsExactly("reshape");
  }

  @Test
  void splittingHeadsStays() {
    Value heads = s.op(new Reshape(s.input(1, 5, 12), List.of(1, 5, 3, 4)));
    ignores(new MergeLayouts(), s.returns(s.op(new Transpose(heads, List.of(0, 2, 1, 3)))));
  }

  @Test
  void slicesOfOneAxisMerge() {
    Value odd = s.op(new Slice(x, 1, 1, 3, 2));
    assertThat(fires(new MergeSlices(), s.returns(s.op(new Slice(odd, -1, 1, 2, 1)))))
        .containsExactly("slice");
  }

  @Test
  void slicesOfTwoAxesStay() {
    Value odd = s.op(new Slice(x, 1, 1, 3, 2));
    ignores(new MergeSlices(), s.returns(s.op(new Slice(odd, 0, 1, 1, 1))));
  }

  @Test
  void broadcastsMerge() {
    Value wide = s.op(new Broadcast(s.input(6), List.of(2, 6)));
    assertThat(fires(new MergeBroadcasts(), s.returns(s.op(new Broadcast(wide, List.of(3, 2, 6))))))
        .containsExactly("broadcast");
  }

  @Test
  void singleBroadcastStays() {
    ignores(new MergeBroadcasts(), s.returns(s.op(new Broadcast(x, List.of(3, 2, 6)))));
  }

  @Test
  void sliceFindsItsPart() {
    Value all = s.op(new Concat(List.of(s.input(2, 3), x), 1));
    assertThat(fires(new SliceConcatenated(), s.returns(s.op(new Slice(all, 1, 4, 2, 2)))))
        .containsExactly("slice");
  }

  @Test
  void sliceAcrossPartsStays() {
    Value all = s.op(new Concat(List.of(s.input(2, 3), x), 1));
    ignores(new SliceConcatenated(), s.returns(s.op(new Slice(all, 1, 2, 2, 1))));
  }

  @Test
  void nestedConcatIsFlattened() {
    Value pair = s.op(new Concat(List.of(x, s.input(2, 1)), 1));
    assertThat(fires(new FlattenConcat(), s.returns(s.op(new Concat(List.of(x, pair), -1)))))
        .containsExactly("concat");
  }

  @Test
  void concatAlongAnotherAxisStays() {
    Value pair = s.op(new Concat(List.of(x, x), 1));
    ignores(new FlattenConcat(), s.returns(s.op(new Concat(List.of(pair, pair), 0))));
  }

  @Test
  void neighbouringSlicesJoin() {
    Value head = s.op(new Slice(x, 1, 1, 2, 1));
    Value tail = s.op(new Slice(x, 1, 3, 3, 1));
    assertThat(fires(new JoinSlices(), s.returns(s.op(new Concat(List.of(head, tail), 1)))))
        .containsExactly("slice");
  }

  @Test
  void swappedSlicesStay() {
    Value head = s.op(new Slice(x, 1, 1, 2, 1));
    Value tail = s.op(new Slice(x, 1, 3, 3, 1));
    ignores(new JoinSlices(), s.returns(s.op(new Concat(List.of(tail, head), 1))));
  }

  @Test
  void oneOfThreePackedProjectionsIsSlicedFirst() {
    Value packed = s.op(new Reshape(s.input(2, 5, 24), List.of(2, 5, 3, 8)));
    Value first = s.op(new Transpose(packed, List.of(2, 0, 1, 3)));
    assertThat(fires(new SliceBeforeLayout(), s.returns(s.op(new Slice(first, 0, 1, 1, 1)))))
        .containsExactly("slice", "reshape");
  }

  @Test
  void sliceOfAnInnerAxisStays() {
    Value packed = s.op(new Reshape(s.input(2, 5, 24), List.of(2, 5, 3, 8)));
    ignores(new SliceBeforeLayout(), s.returns(s.op(new Slice(packed, 3, 0, 4, 1))));
  }

  @Test
  void firstTokenIsASlice() {
    Value hidden = s.input(2, 5, 4);
    Value zero = s.op(new Reshape(s.integers(0), List.of()));
    assertThat(fires(new ReplaceGatherBySlice(), s.returns(s.op(new Gather(hidden, zero, 1)))))
        .containsExactly("slice", "reshape");
  }

  @Test
  void lastTwoAreASlice() {
    assertThat(
            fires(
                new ReplaceGatherBySlice(), s.returns(s.op(new Gather(x, s.integers(-2, -1), 1)))))
        .containsExactly("slice");
  }

  @Test
  void scatteredIndicesStay() {
    ignores(new ReplaceGatherBySlice(), s.returns(s.op(new Gather(x, s.integers(0, 2), 1))));
  }
}
