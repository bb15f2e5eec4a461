package org.lapidary.gemmini.cost;

/// What the host does in the float-host baseline, and how many cycles an element of it takes: an
/// assumption, since nobody published these. They follow from the latency shares in arXiv
/// 2302.14017, §3.4.2 and figure 14, for BERT-Base at length 512:
///
/// * 48.3 G multiply-accumulates at 256 a cycle and 69 % utilisation are 273.5 M cycles, which are
///   3.4 % of the whole, hence 8.04 G cycles in all. (The 3.4 % is the published end result undone:
///   87 % of 1/39.6 is left for products after they became 36 % faster.)
/// * A share of 8.04 G cycles over the number of elements is the cost of one.
///
/// | work | share | elements | cycles each |
/// | --- | --- | --- | --- |
/// | softmax | 19 % | 37.7 M scores | 40 |
/// | GELU | 10 % | 18.9 M | 43 |
/// | LayerNorm | 4 % | 9.4 M | 34 |
/// | residual add | 11 % | 9.4 M | 94 |
/// | conversions | 49 % | 84.9 M to float, 70.8 M to int8 | 25 |
public enum HostWork {
  SOFTMAX("softmax", 40),
  GELU("GELU", 43),
  LAYERNORM("LayerNorm", 34),
  RESIDUAL("residual add", 94),
  DEQUANTIZE("dequantise", 25),
  QUANTIZE("quantise", 25);

  private final String label;
  private final int cyclesPerElement;

  HostWork(String label, int cyclesPerElement) {
    this.label = label;
    this.cyclesPerElement = cyclesPerElement;
  }

  /// For people.
  public String label() {
    return label;
  }

  /// The assumed cost.
  public int cyclesPerElement() {
    return cyclesPerElement;
  }
}
