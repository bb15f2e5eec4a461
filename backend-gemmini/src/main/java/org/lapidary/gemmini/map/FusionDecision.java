package org.lapidary.gemmini.map;

import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;

/// What became of one place at which a fusion was thinkable, and why.
///
/// @param node name of the ONNX node that would be fused with what it reads
/// @param together cycles of the fused kernel alone, by the cycle model; 0 if there is none
/// @param apart the same of the kernels it would replace
/// @param reason for people
public record FusionDecision(
    FusionPattern pattern, String node, Outcome outcome, long together, long apart, String reason) {
  /// What was decided.
  public enum Outcome {
    FUSED,
    /// Possible, but slower, or not asked for.
    UNFUSED,
    /// A condition of the pattern does not hold.
    IMPOSSIBLE;

    /// As JSON has it.
    public String text() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  /// For JSON: snake-case keys, cycles only where there was a choice.
  public Map<String, Object> document() {
    Map<String, Object> document = new LinkedHashMap<>();
    document.put("node", node);
    document.put("fusion", pattern.title());
    document.put("outcome", outcome.text());
    if (together > 0) {
      document.put("together_cycles", together);
      document.put("apart_cycles", apart);
    }
    document.put("reason", reason);
    return document;
  }

  /// One line.
  @Override
  public String toString() {
    return "%s: %s: %s: %s".formatted(node, pattern.title(), outcome.text(), reason);
  }
}
