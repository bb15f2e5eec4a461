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

  private static final String REFINEMENT = "refine";

  public Loc {
    rules = List.copyOf(rules);
  }

  /// Straight from an ONNX node.
  public static Loc onnx(String node) {
    return new Loc(node, List.of());
  }

  /// The same origin, for what only makes integers of it more exact.
  public Loc refining() {
    return through(REFINEMENT);
  }

  /// Whether it only makes integers more exact, so that real numbers would do without.
  public boolean isRefinement() {
    return rules.contains(REFINEMENT);
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
