package org.lapidary.tools.search;

import java.util.List;
import java.util.stream.IntStream;

/// The sizes among which sub-networks are sought; heads and neurons in each layer for itself.
///
/// @param layers numbers of layers, rising
/// @param hidden widths of the residual stream
/// @param heads heads of a layer
/// @param neurons feed-forward neurons of a layer
public record SearchSpace(
    List<Integer> layers, List<Integer> hidden, List<Integer> heads, List<Integer> neurons) {
  public SearchSpace {
    layers = List.copyOf(layers);
    hidden = List.copyOf(hidden);
    heads = List.copyOf(heads);
    neurons = List.copyOf(neurons);
  }

  /// The survey's space in its own proportions: layers and width from a half, heads from a third,
  /// neurons from a quarter of the supernet's; widths in steps that are multiples of the array.
  ///
  /// @param dim of the array
  public static SearchSpace of(Genome largest, int dim) {
    int heads = largest.layers().stream().mapToInt(Genome.Layer::heads).min().orElseThrow();
    int neurons = largest.layers().stream().mapToInt(Genome.Layer::neurons).min().orElseThrow();
    return new SearchSpace(
        range(ceil(largest.layers().size(), 2), largest.layers().size(), 1),
        range(largest.hidden() / 2, largest.hidden(), step(largest.hidden(), 8, dim)),
        range(ceil(heads, 3), heads, Math.max(1, heads / 6)),
        range(neurons / 4, neurons, step(neurons, 24, dim)));
  }

  /// How many genomes there are.
  public double size() {
    double perLayer = (double) heads.size() * neurons.size();
    return hidden.size() * layers.stream().mapToDouble(n -> Math.pow(perLayer, n)).sum();
  }

  /// The largest sub-network.
  public Genome largest() {
    return Genome.uniform(hidden.getLast(), heads.getLast(), neurons.getLast(), layers.getLast());
  }

  /// The smallest sub-network.
  public Genome smallest() {
    return Genome.uniform(
        hidden.getFirst(), heads.getFirst(), neurons.getFirst(), layers.getFirst());
  }

  private static int step(int size, int parts, int dim) {
    return ceil(ceil(size, parts), dim) * dim;
  }

  /// From the top downwards, so that the supernet itself is always among them.
  private static List<Integer> range(int low, int high, int step) {
    return IntStream.rangeClosed(0, (high - Math.max(1, low)) / step)
        .map(i -> high - i * step)
        .sorted()
        .boxed()
        .toList();
  }

  private static int ceil(int value, int unit) {
    return (value + unit - 1) / unit;
  }
}
