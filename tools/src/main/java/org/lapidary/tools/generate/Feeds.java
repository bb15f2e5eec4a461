package org.lapidary.tools.generate;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.IntToLongFunction;
import org.lapidary.ir.Graph;
import org.lapidary.ir.Tensor;
import org.lapidary.ir.TensorType;
import org.lapidary.tools.data.Tensors;

/// The inputs of one run: new tokens padded at the end, what came before padded at its beginning,
/// so that the newest entry of a cache is next to the first new token.
final class Feeds {
  private Feeds() {}

  /// Inputs by name, caches with entries apart.
  ///
  /// @param inputs of the graph, of any sizes that hold the tokens
  /// @param tokens the new ones
  /// @param entries tokens before them
  static Map<String, Tensor> of(List<Graph.Port> inputs, long[] tokens, int entries) {
    Map<String, Tensor> feeds = new LinkedHashMap<>();
    for (Graph.Port port : inputs) {
      TensorType type = port.type();
      switch (Role.of(port.name(), type.dtype()).orElseThrow()) {
        case IDS -> feeds.put(port.name(), filled(type, i -> i < tokens.length ? tokens[i] : 0));
        case POSITIONS ->
            feeds.put(port.name(), filled(type, i -> entries + Math.min(i, tokens.length - 1)));
        case SEGMENTS -> feeds.put(port.name(), filled(type, _ -> 0));
        case MASK -> {
          int past = type.elements() - newTokens(inputs);
          int end = past + tokens.length;
          feeds.put(port.name(), filled(type, i -> i >= past - entries && i < end ? 1 : 0));
        }
        case CACHE -> {
          if (type.elements() == 0) {
            feeds.put(port.name(), filled(type, _ -> 0));
          }
        }
        case BRANCH -> {} // a constant by now
      }
    }
    return feeds;
  }

  private static int newTokens(List<Graph.Port> inputs) {
    return inputs.stream()
        .filter(p -> Role.of(p.name(), p.type().dtype()).orElseThrow() == Role.IDS)
        .mapToInt(p -> p.type().dim(-1))
        .findFirst()
        .orElseThrow();
  }

  private static Tensor filled(TensorType type, IntToLongFunction f) {
    long[] a = new long[type.elements()];
    for (int i = 0; i < a.length; i++) {
      a[i] = f.applyAsLong(i);
    }
    return Tensors.convert(Tensor.i64(type.dims(), a), type.dtype());
  }
}
