package org.lapidary.gemmini.search;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.lapidary.gemmini.search.MatmulShape.Activation;
import org.lapidary.gemmini.search.MatmulShape.Bias;
import org.lapidary.machine.GemminiParams;
import org.lapidary.machine.Semantics;

/// The matrix products of one encoder layer, each alone on a machine at rest as a call of Gemmini's
/// library would be: projections with a bias row, scores with the transposed keys, int8 results.
///
/// @param length tokens
/// @param read of how many tokens the results are read; keys and values are made of all
/// @param hidden width of the model
/// @param heads attention heads
/// @param inner width of the feed-forward layer
public record LayerMatmuls(int length, int read, int hidden, int heads, int inner) {
  /// A layer of BERT-base.
  public static LayerMatmuls bertBase(int length) {
    return new LayerMatmuls(length, length, 768, 12, 3072);
  }

  /// A product and how often it occurs.
  public record Entry(MatmulShape shape, int times) {}

  /// The products: projections, scores, context, feed-forward.
  public List<Entry> entries() {
    int head = hidden / heads;
    Map<MatmulShape, Integer> all = new LinkedHashMap<>();
    all.merge(dense(length, hidden, hidden), 2, Integer::sum);
    all.merge(dense(read, hidden, hidden), 2, Integer::sum);
    all.put(new MatmulShape(heads, read, length, head, true, Bias.NONE, Activation.NONE), 1);
    all.put(new MatmulShape(heads, read, head, length, false, Bias.NONE, Activation.NONE), 1);
    all.merge(dense(read, inner, hidden), 1, Integer::sum);
    all.merge(dense(read, hidden, inner), 1, Integer::sum);
    return all.entrySet().stream().map(e -> new Entry(e.getKey(), e.getValue())).toList();
  }

  private static MatmulShape dense(int rows, int cols, int depth) {
    return new MatmulShape(1, rows, cols, depth, false, Bias.ROW, Activation.NONE);
  }

  /// Multiply-accumulates of all products.
  public long macs() {
    return entries().stream().mapToLong(e -> e.times() * e.shape().macs()).sum();
  }

  /// Cycles of all products with the tilings the search chooses, by the cycle model.
  ///
  /// @param latency of main memory, in cycles, at one beat of the bus a cycle
  public long cycles(GemminiParams machine, int latency, TilingCache cache) {
    TilingSearch search = new TilingSearch(machine.withMemory(latency, 1), Semantics.RTL, cache);
    return entries().stream()
        .mapToLong(e -> e.times() * search.wholeCycles(e.shape().kernel()))
        .sum();
  }

  /// The same with the tilings and hardware loops of Gemmini's own library.
  public long libraryCycles(GemminiParams machine, int latency) {
    TilingSearch search =
        new TilingSearch(machine.withMemory(latency, 1), Semantics.RTL, TilingCache.inMemory());
    return entries().stream()
        .mapToLong(e -> e.times() * search.libraryCycles(e.shape().kernel()))
        .sum();
  }

  /// Multiply-accumulates over what the array could do in those cycles.
  public double utilisation(GemminiParams machine, int latency, TilingCache cache) {
    return (double) macs() / machine.peakMacsPerCycle() / cycles(machine, latency, cache);
  }
}
