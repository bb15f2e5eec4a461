package org.lapidary.tools.study;

/// The classes of operations in which the survey counts. Source: arXiv 2302.14017, table 3.
public enum OperatorClass {
  PROJECTIONS("MHA projections"),
  ACT_TO_ACT("act-to-act"),
  FFN("FFN projections"),
  OTHER("other");

  private final String label;

  OperatorClass(String label) {
    this.label = label;
  }

  /// For people.
  public String label() {
    return label;
  }

  /// The class a part of a layer belongs to.
  public static OperatorClass of(Part part) {
    return switch (part) {
      case QUERY, KEY, VALUE, OUT -> PROJECTIONS;
      case SCORES, CONTEXT -> ACT_TO_ACT;
      case INNER, OUTER -> FFN;
      case SOFTMAX, ATTENTION_SUM, ATTENTION_NORM, GELU, FFN_SUM, FFN_NORM -> OTHER;
    };
  }
}
