package org.lapidary.tools.validate;

import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.stream.IntStream;
import org.lapidary.tools.validate.Task.Verdict;

/// How well a model did on all examples of a task.
public enum Metric {
  /// Share of the classes, tokens or next tokens that are right.
  ACCURACY(true),
  /// Share of the examples of which everything asked is right.
  EXACT(true),
  /// Mean cross-entropy of what was asked, in nats.
  LOSS(false),
  /// `exp` of the loss.
  PERPLEXITY(false),
  /// Spearman's rank correlation of the model's similarities with the given scores.
  SPEARMAN(true),
  /// Pearson's correlation of the same.
  PEARSON(true),
  /// Mean cosine of the sentence vectors to those of fp32.
  COSINE(true);

  private final boolean higherIsBetter;

  Metric(boolean higherIsBetter) {
    this.higherIsBetter = higherIsBetter;
  }

  /// Name on the command line and in JSON.
  public String text() {
    return name().toLowerCase(Locale.ROOT);
  }

  public boolean higherIsBetter() {
    return higherIsBetter;
  }

  /// Whether it is a share, shown in per cent.
  public boolean isShare() {
    return this == ACCURACY || this == EXACT;
  }

  /// How much worse `value` is than `reference`; negative if it is better.
  public double worse(double reference, double value) {
    return higherIsBetter ? reference - value : value - reference;
  }

  /// The figure over all examples, in their order.
  ///
  /// @param fp32 verdicts on the fp32 model, which [#COSINE] compares with
  public double of(List<Example> examples, List<Verdict> verdicts, List<Verdict> fp32) {
    return switch (this) {
      case ACCURACY -> share(verdicts.stream().mapToLong(Verdict::hits).sum(), items(verdicts));
      case EXACT ->
          share(verdicts.stream().filter(v -> v.hits() == v.items()).count(), verdicts.size());
      case LOSS -> loss(verdicts);
      case PERPLEXITY -> Math.exp(loss(verdicts));
      case SPEARMAN -> pearson(ranks(similarities(verdicts)), ranks(targets(examples)));
      case PEARSON -> pearson(similarities(verdicts), targets(examples));
      case COSINE ->
          IntStream.range(0, verdicts.size())
              .mapToDouble(i -> cosine(verdicts.get(i).vector(), fp32.get(i).vector()))
              .average()
              .orElse(1);
    };
  }

  private static long items(List<Verdict> verdicts) {
    return verdicts.stream().mapToLong(Verdict::items).sum();
  }

  private static double share(long part, long whole) {
    return whole == 0 ? 0 : (double) part / whole;
  }

  private static double loss(List<Verdict> verdicts) {
    double sum = 0;
    for (Verdict v : verdicts) {
      sum += v.loss();
    }
    return sum / Math.max(1, items(verdicts));
  }

  static double[] similarities(List<Verdict> verdicts) {
    return verdicts.stream().mapToDouble(Verdict::similarity).toArray();
  }

  private static double[] targets(List<Example> examples) {
    return examples.stream().mapToDouble(Example::target).toArray();
  }

  static double cosine(double[] a, double[] b) {
    double ab = 0;
    double aa = 0;
    double bb = 0;
    for (int i = 0; i < a.length; i++) {
      ab += a[i] * b[i];
      aa += a[i] * a[i];
      bb += b[i] * b[i];
    }
    return aa == 0 || bb == 0 ? (aa == bb ? 1 : 0) : ab / Math.sqrt(aa * bb);
  }

  static double pearson(double[] a, double[] b) {
    double meanA = Arrays.stream(a).average().orElse(0);
    double meanB = Arrays.stream(b).average().orElse(0);
    return cosine(
        Arrays.stream(a).map(x -> x - meanA).toArray(),
        Arrays.stream(b).map(x -> x - meanB).toArray());
  }

  /// Ranks from 0, the mean of their ranks for equal values.
  static double[] ranks(double[] values) {
    Integer[] order =
        IntStream.range(0, values.length)
            .boxed()
            .sorted((i, j) -> Double.compare(values[i], values[j]))
            .toArray(Integer[]::new);
    double[] ranks = new double[values.length];
    for (int from = 0; from < order.length; ) {
      int to = from;
      while (to < order.length && values[order[to]] == values[order[from]]) {
        to++;
      }
      for (int i = from; i < to; i++) {
        ranks[order[i]] = (from + to - 1) / 2.0;
      }
      from = to;
    }
    return ranks;
  }
}
