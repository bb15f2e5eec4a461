package org.lapidary.tools.study;

import java.util.Arrays;
import java.util.Optional;

/// The operations of a Transformer layer as a study tells them apart. Nodes of [TransformerGraph]
/// are named `layer.N/` and then like this.
public enum Part {
  QUERY("attention/query", "W_Q"),
  KEY("attention/key", "W_K"),
  VALUE("attention/value", "W_V"),
  SCORES("attention/scores", "Q×K"),
  SOFTMAX("attention/softmax", "softmax"),
  CONTEXT("attention/context", "score×V"),
  OUT("attention/out", "W_out"),
  ATTENTION_SUM("attention/sum", "residual"),
  ATTENTION_NORM("attention/norm", "LayerNorm"),
  INNER("ffn/inner", "W_1"),
  GELU("ffn/gelu", "GELU"),
  OUTER("ffn/outer", "W_2"),
  FFN_SUM("ffn/sum", "residual"),
  FFN_NORM("ffn/norm", "LayerNorm");

  private final String path;
  private final String label;

  Part(String path, String label) {
    this.path = path;
    this.label = label;
  }

  /// For people.
  public String label() {
    return label;
  }

  /// The name of this part's node in a layer.
  public String node(int layer) {
    return "layer." + layer + "/" + path;
  }

  /// The part a node's name speaks of.
  public static Optional<Part> of(String node) {
    return Arrays.stream(values()).filter(p -> node.endsWith("/" + p.path)).findFirst();
  }
}
