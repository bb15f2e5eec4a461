package org.lapidary.passes.prune;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.lapidary.ir.Data;
import org.lapidary.ir.Tensor;
import org.lapidary.ir.Value;
import org.lapidary.ir.op.Layout;
import org.lapidary.ir.op.NnOp;

/// What stays of the channels of a branch.
///
/// @param branch whose
/// @param groups indices of those that stay, rising
/// @param bases in which their channels are fewer, by a projection's values; where there is none
///   they stay as they are
record Channels(Branch branch, int[] groups, Map<Value, Basis> bases) {
  Channels {
    bases = Map.copyOf(bases);
  }

  /// Whole groups.
  Channels(Branch branch, int[] groups) {
    this(branch, groups, Map.of());
  }

  /// The same groups with fewer channels in a projection.
  Channels with(Branch.Projection projection, Basis basis) {
    Map<Value, Basis> more = new HashMap<>(bases);
    more.put(projection.product(), basis);
    more.put(projection.flat(), basis);
    return new Channels(branch, groups, more);
  }

  /// The channels of whole groups that stay, in their order.
  int[] indices() {
    return indices(branch.width());
  }

  private int[] indices(int width) {
    int[] channels = new int[groups.length * width];
    for (int i = 0; i < channels.length; i++) {
      channels[i] = groups[i / width] * width + i % width;
    }
    return channels;
  }

  /// A constant that has something for each channel of `result` along its last axis, for those that
  /// stay; computed when it is read.
  Data columns(Data data, Value result) {
    int old = data.type().dim(-1);
    int[] kept = indices(old / branch.groups());
    Optional<Basis> basis = Optional.ofNullable(bases.get(result));
    List<Integer> dims = new ArrayList<>(data.type().dims());
    dims.set(dims.size() - 1, basis.map(Basis::channels).orElse(kept.length));
    return Data.lazy(
        data.name(),
        data.type().withDims(dims),
        () -> {
          float[] from = data.load().f32();
          return Tensor.f32(
              dims, basis.map(b -> b.apply(from, old)).orElseGet(() -> some(from, old, kept)));
        });
  }

  private static float[] some(float[] from, int old, int[] kept) {
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
          narrow.set(3, x.type().dim(-1) / groups.length);
        } else {
          narrow.set(dims.size() - 1, x.type().dim(-2) * x.type().dim(-1));
        }
        yield new Layout.Reshape(x, narrow);
      }
      default -> op; // nothing else says a size
    };
  }

  /// Whether a value that is not the branch's own has something for each channel.
  boolean isPerChannel(Value outside, Value result) {
    return outside.type().rank() > 0
        && outside.type().dim(-1) == result.type().dim(-1)
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
