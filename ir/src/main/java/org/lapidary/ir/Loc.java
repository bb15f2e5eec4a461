package org.lapidary.ir;

import java.util.ArrayList;
import java.util.List;

/// Where an operation came from.
///
/// @param node name of the ONNX node, or empty when there is none
/// @param rules names of the rules and passes it came through, oldest first
public record Loc(String node, List<String> rules) {
  /// No known origin.
  public static final Loc NONE = new Loc("", List.of());

  public Loc {
    rules = List.copyOf(rules);
  }

  /// Straight from an ONNX node.
  public static Loc onnx(String node) {
    return new Loc(node, List.of());
  }

  /// The same origin, having passed through one more rule; a rule is named once however often it
  /// fires.
  public Loc through(String rule) {
    if (rules.contains(rule)) {
      return this;
    }
    List<String> more = new ArrayList<>(rules);
    more.add(rule);
    return new Loc(node, more);
  }
}
