package org.lapidary.tools.search;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/// The sizes of a sub-network. As text `80:5x224,4x96,6x256`: the width of the residual stream,
/// then heads × feed-forward neurons of each layer.
///
/// @param hidden channels of the residual stream
/// @param layers from the first to the last
public record Genome(int hidden, List<Layer> layers) {
  private static final Pattern TEXT =
      Pattern.compile("(\\d{1,6}):(\\d{1,6}x\\d{1,6}(?:,\\d{1,6}x\\d{1,6})*)");

  /// The sizes of one layer.
  public record Layer(int heads, int neurons) {
    @Override
    public String toString() {
      return heads + "x" + neurons;
    }
  }

  public Genome {
    layers = List.copyOf(layers);
  }

  /// Reads what [#toString] writes.
  ///
  /// @throws IllegalArgumentException if it is something else
  public static Genome parse(String text) {
    Matcher matcher = TEXT.matcher(text.strip().toLowerCase(Locale.ROOT));
    if (!matcher.matches()) {
      throw new IllegalArgumentException(
          "'" + text + "' is no genome; write HIDDEN:HEADSxNEURONS,… as in 80:5x224,4x96");
    }
    List<Layer> layers = new ArrayList<>();
    for (String layer : matcher.group(2).split(",", -1)) {
      int times = layer.indexOf('x');
      layers.add(
          new Layer(
              Integer.parseInt(layer.substring(0, times)),
              Integer.parseInt(layer.substring(times + 1))));
    }
    return new Genome(Integer.parseInt(matcher.group(1)), layers);
  }

  /// The same layer several times.
  static Genome uniform(int hidden, int heads, int neurons, int layers) {
    return new Genome(hidden, java.util.Collections.nCopies(layers, new Layer(heads, neurons)));
  }

  @Override
  public String toString() {
    return hidden + ":" + layers.stream().map(Layer::toString).collect(Collectors.joining(","));
  }
}
