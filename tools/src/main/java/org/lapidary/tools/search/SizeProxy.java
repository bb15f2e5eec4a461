package org.lapidary.tools.search;

/// For want of data: the share of the supernet's weights in matrix products that are left. It says
/// nothing of accuracy but that more weights are rarely worse.
///
/// @param supernet the whole
/// @param headWidth channels of a head
public record SizeProxy(Genome supernet, int headWidth) implements Quality {
  @Override
  public String name() {
    return "share of weights";
  }

  @Override
  public boolean higherIsBetter() {
    return true;
  }

  @Override
  public double of(Genome genome) {
    return (double) weights(genome) / weights(supernet);
  }

  private long weights(Genome genome) {
    long sum = 0;
    for (Genome.Layer layer : genome.layers()) {
      sum += genome.hidden() * (4L * layer.heads() * headWidth + 2L * layer.neurons());
    }
    return sum;
  }
}
