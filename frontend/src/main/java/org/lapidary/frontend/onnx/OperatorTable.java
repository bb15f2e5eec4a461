package org.lapidary.frontend.onnx;

import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/// All operators that can be imported, and words for those that cannot.
final class OperatorTable {
  /// By kind, each list in its own file.
  static final List<OnnxOp> ALL =
      Stream.of(
              ConstantOperators.ALL,
              ElementwiseOperators.ALL,
              LayoutOperators.ALL,
              IndexingOperators.ALL,
              NeuralOperators.ALL,
              QuantizedOperators.ALL,
              AttentionOperators.ALL,
              MicrosoftOperators.ALL)
          .flatMap(List::stream)
          .toList();

  private static final Map<String, OnnxOp> BY_KEY =
      ALL.stream().collect(Collectors.toUnmodifiableMap(o -> key(o.domain(), o.name()), o -> o));

  /// Why the operators people will try are outside.
  private static final Map<String, String> REASONS =
      Map.ofEntries(
          Map.entry("RMSNormalization", "RMS normalization (Llama-style decoders) is outside"),
          Map.entry("SimplifiedLayerNormalization", "RMS normalization is outside"),
          Map.entry("SkipSimplifiedLayerNormalization", "RMS normalization is outside"),
          Map.entry("RotaryEmbedding", "rotary position embeddings are outside"),
          Map.entry("GroupQueryAttention", "grouped-query attention is outside"),
          Map.entry("PackedAttention", "run the optimizer without removing the padding"),
          Map.entry("SequenceAt", "sequences of tensors are outside"),
          Map.entry("MoE", "mixtures of experts are outside"),
          Map.entry("Conv", "convolutions are outside: only Transformers are compiled"),
          Map.entry("MaxPool", "convolutional networks are outside"),
          Map.entry("LSTM", "recurrent networks are outside"),
          Map.entry("GRU", "recurrent networks are outside"),
          Map.entry("Loop", "loops whose trip count is not in the file are outside"),
          Map.entry("Scan", "loops are outside"),
          Map.entry("GreedySearch", "export the decoder alone, without the search around it"),
          Map.entry("BeamSearch", "export the decoder alone, without the search around it"));

  private OperatorTable() {}

  /// `ai.onnx` is the long name of the default domain.
  static String canonical(String domain) {
    return domain.equals("ai.onnx") ? "" : domain;
  }

  private static String key(String domain, String name) {
    return domain + "\n" + name;
  }

  /// @throws Refusal if there is none
  static OnnxOp find(String domain, String name) {
    OnnxOp op = BY_KEY.get(key(domain, name));
    if (op != null) {
      return op;
    }
    String shown = domain.isEmpty() ? name : domain + "." + name;
    throw Refusal.op(
        "the operator " + shown + " is not supported",
        REASONS.getOrDefault(name, "frontend/COVERAGE.md lists the operators that are"));
  }
}
