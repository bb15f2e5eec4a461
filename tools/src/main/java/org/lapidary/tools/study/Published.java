package org.lapidary.tools.study;

import java.util.Map;

/// Figures of the survey, to stand beside ours: Kim et al., "Full Stack Optimization of Transformer
/// Inference: a Survey", arXiv 2302.14017.
public final class Published {
  private Published() {}

  /// Billions of FLOPs and of bytes.
  public record Figures(double gflops, double gbytes, double intensity) {}

  /// BERT-Base by class and length, table 3.
  static final Map<Integer, Map<OperatorClass, Figures>> BERT_BASE =
      Map.of(
          128,
          Map.of(
              OperatorClass.PROJECTIONS, new Figures(7.25, 0.04, 192.00),
              OperatorClass.ACT_TO_ACT, new Figures(0.60, 0.006, 63.62),
              OperatorClass.FFN, new Figures(14.50, 0.07, 211.86),
              OperatorClass.OTHER, new Figures(0.08, 0.02, 3.14)),
          512,
          Map.of(
              OperatorClass.PROJECTIONS, new Figures(28.99, 0.07, 438.86),
              OperatorClass.ACT_TO_ACT, new Figures(9.62, 0.09, 101.95),
              OperatorClass.FFN, new Figures(57.98, 0.10, 558.54),
              OperatorClass.OTHER, new Figures(0.42, 0.16, 2.73)));

  /// BERT-Base in all, table 3 and figures 4 to 6.
  static final Map<Integer, Figures> BERT_BASE_TOTAL =
      Map.of(
          128, new Figures(22.42, 0.14, 159.68),
          256, new Figures(46, 0.2, 215),
          512, new Figures(97.02, 0.42, 231.0));

  /// GPT-2 generating, in all, table 11 and figures 4 to 6.
  static final Map<Integer, Figures> GPT2_TOTAL =
      Map.of(
          128, new Figures(22.12, 11.08, 2.0),
          256, new Figures(45, 22.5, 2),
          512, new Figures(92.15, 46.17, 2.0));

  /// Convolutions of ResNet-50, table 4.
  static final Figures RESNET50_CONVOLUTIONS = new Figures(7.26, 0.04, 183.36);

  /// The least and the largest arithmetic intensity it gives for a convolution, appendix A.5.
  static final double RESNET50_LEAST = 87.53;

  static final double RESNET50_MOST = 664.09;

  /// Shares of the baseline's time at length 512 in per cent, figure 14 left. They add up to 94.
  static final Map<String, Integer> BASELINE_SHARES =
      Map.of(
          "conversions", 49,
          "softmax", 19,
          "residual add", 11,
          "GELU", 10,
          "LayerNorm", 4,
          "matrix products", 1);

  /// Shares after the change to integers at length 512 in per cent, figure 14 middle.
  static final Map<String, Integer> INTEGER_SHARES =
      Map.of("products and GELU", 87, "LayerNorm", 7, "residual add", 4, "softmax", 3);

  /// Latency over the baseline: integers and the other split of SRAM together.
  static final double SPEEDUP = 39.6;

  /// Matrix-product utilisation in per cent by scratchpad and accumulator in KiB, figure 13.
  static int utilisation(int spadKib, int accKib) {
    return switch (accKib) {
      case 64 -> spadKib == 64 ? 66 : spadKib == 128 ? 71 : 69;
      case 128 -> spadKib == 256 ? 88 : 91;
      case 256 -> spadKib == 256 ? 90 : 91;
      default -> throw new IllegalArgumentException("not in figure 13: " + accKib);
    };
  }
}
