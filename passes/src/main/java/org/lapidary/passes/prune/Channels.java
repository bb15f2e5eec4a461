package org.lapidary.passes.prune;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.lapidary.ir.Data;
import org.lapidary.ir.Tensor;
import org.lapidary.ir.Value;
import org.lapidary.ir.op.Layout;
import org.lapidary.ir.op.NnOp;

/// The groups of channels of a branch that stay.
///
/// @param branch whose
/// @param groups indices of those that stay, rising
record Channels(Branch branch, int[] groups) {

  /// The channels that stay, in their order.
  int[] indices() {
    int width = branch.width();
    int[] channels = new int[groups.length * width];
    for (int i = 0; i < channels.length; i++) {
      channels[i] = groups[i / width] * width + i % width;
    }
    return channels;
  }

  /// Number of channels that stay.
  int count() {
    return groups.length * branch.width();
  }

  /// A constant without what belongs to the channels that go, along its last axis; computed when it
  /// is read.
  Data columns(Data data) {
    List<Integer> dims = new ArrayList<>(data.type().dims());
    dims.set(dims.size() - 1, count());
    return Data.lazy(
        data.name(),
        data.type().withDims(dims),
        () -> Tensor.f32(dims, columns(data.load().f32(), data.type().dim(-1))));
  }

  private float[] columns(float[] from, int old) {
    int[] kept = indices();
    float[] to = new float[from.length / old * kept.length];
    for (int i = 0; i < to.length; i++) {
      to[i] = from[i / kept.length * old + kept[i % kept.length]];
    }
    return to;
  }

  /// An operation inside the branch, for the channels that stay; its operands are narrower already.
  NnOp narrowed(NnOp op) {
    return switch (op) {
      case Layout.Reshape(var x, var dims) -> {
        List<Integer> narrow = new ArrayList<>(dims);
        if (dims.size() == 4) {
          narrow.set(2, groups.length);
        } else {
          narrow.set(dims.size() - 1, count());
        }
        yield new Layout.Reshape(x, narrow);
      }
      default -> op; // nothing else says a size
    };
  }

  /// Whether a value that is not the branch's own has something for each channel.
  boolean isPerChannel(Value outside, Value result) {
    return outside.type().rank() > 0
        && outside.type().dim(-1) == branch.channels()
        && result.type().dim(-1) == branch.channels()
        && (branch.kind() == Branch.Kind.FEED_FORWARD || result.type().rank() == 3);
  }

  /// Whether it is a mask with scores for each head; others serve all heads as they are.
  boolean isPerHead(Value outside) {
    return branch.kind() == Branch.Kind.ATTENTION
        && outside.type().rank() == 4
        && outside.type().dim(1) == branch.groups()
        && branch.groups() > 1;
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof Channels that
        && branch.equals(that.branch)
        && Arrays.equals(groups, that.groups);
  }

  @Override
  public int hashCode() {
    return 31 * branch.hashCode() + Arrays.hashCode(groups);
  }

  @Override
  public String toString() {
    return branch.result() + " " + Arrays.toString(groups);
  }
}
