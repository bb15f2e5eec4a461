package org.lapidary.passes.prune;

import java.util.List;
import java.util.Optional;
import org.lapidary.ir.Value;

/// A residual branch that ends in a linear layer, and the channels of that layer's operand that can
/// be taken out in groups: neurons one by one, or attention heads.
///
/// @param kind of what it is made of
/// @param groups number of heads or neurons
/// @param width channels of a group: those of a head's values, or 1
/// @param projections of the stream to queries, keys and values, if it is an attention
/// @param rows products whose weights lose columns with a group, in the order of the graph
/// @param inside everything between those and the end, in the order of the graph
/// @param operand what the last layer multiplies, `[..,groups * width]`
/// @param weight of the last layer `[groups * width, N]`
/// @param product of the last layer
/// @param bias of the last layer, if it has one
/// @param result of the branch: product or product plus bias
/// @param stream what the result is added to
/// @param sum of both
record Branch(
    Kind kind,
    int groups,
    int width,
    Optional<Projections> projections,
    List<Value> rows,
    List<Value> inside,
    Value operand,
    Value weight,
    Value product,
    Optional<Value> bias,
    Value result,
    Value stream,
    Value sum) {

  /// What a branch computes.
  enum Kind {
    ATTENTION,
    FEED_FORWARD
  }

  /// The products that make queries, keys and values, and what is split into heads: they, or they
  /// plus a bias.
  record Projections(Projection query, Projection key, Projection value) {}

  /// A product, and what of it is split into heads, `[B,S,groups * width]` both.
  record Projection(Value product, Value flat) {}

  Branch {
    rows = List.copyOf(rows);
    inside = List.copyOf(inside);
  }

  /// Number of channels that the last layer reads.
  int channels() {
    return groups * width;
  }

  /// Channels of a head that its queries and keys are compared by; 0 if there are no heads.
  int keyWidth() {
    return projections.map(p -> p.key().product().type().dim(-1) / groups).orElse(0);
  }
}
