package org.lapidary.tools.validate;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.IntStream;
import org.lapidary.ir.Tensor;
import org.lapidary.tools.data.Tensors;

/// What a model is asked to do, and how well it did.
public enum Task {
  /// One class per sample; accuracy.
  CLASSIFY("accuracy"),
  /// One class per token; accuracy over labelled tokens.
  TOKEN_CLASSIFY("token accuracy"),
  /// Similarity of two sentences; Spearman's rank correlation.
  STS("spearman"),
  /// The next token; perplexity.
  LM("perplexity"),
  /// One vector per sample, without labels; mean cosine to the fp32 vector.
  EMBED("cosine");

  private final String metric;

  Task(String metric) {
    this.metric = metric;
  }

  /// Name on the command line: `token-classify`.
  public String text() {
    return name().toLowerCase(Locale.ROOT).replace('_', '-');
  }

  /// Name of the metric.
  public String metric() {
    return metric;
  }

  /// What one engine said about one example.
  ///
  /// @param score sum of the per-item scores: hits, negative log-likelihoods, or one similarity
  /// @param items number of items scored
  /// @param answers discrete answers for agreement; empty where there are none
  /// @param vector embedding for agreement; empty where there are discrete answers
  public record Verdict(double score, int items, int[] answers, double[] vector) {}

  /// Judges the outputs of one example (two inferences for [#STS]).
  public Verdict judge(Example example, List<Map<String, Tensor>> outputs) {
    Tensor first = outputs.getFirst().values().iterator().next();
    return switch (this) {
      case CLASSIFY -> {
        int answer = Tensors.argMax(first, 0, first.type().dim(-1));
        yield new Verdict(
            answer == example.labels()[0] ? 1 : 0, 1, new int[] {answer}, new double[0]);
      }
      case TOKEN_CLASSIFY -> perToken(first, example);
      case LM -> nextToken(first, example);
      case STS -> {
        double[] a = embedding(first, example.tokens().get(0));
        double[] b = embedding(outputs.get(1).values().iterator().next(), example.tokens().get(1));
        yield new Verdict(cosine(a, b), 1, new int[0], a);
      }
      case EMBED -> new Verdict(1, 1, new int[0], embedding(first, example.tokens().get(0)));
    };
  }

  /// The metric over all examples, in their order.
  public double metric(List<Example> examples, List<Verdict> verdicts) {
    double score = 0;
    long items = 0;
    for (Verdict v : verdicts) {
      score += v.score();
      items += v.items();
    }
    double mean = items == 0 ? 0 : score / items;
    return switch (this) {
      case CLASSIFY, TOKEN_CLASSIFY, EMBED -> mean;
      case LM -> Math.exp(mean);
      case STS ->
          spearman(
              verdicts.stream().mapToDouble(Verdict::score).toArray(),
              examples.stream().mapToDouble(Example::target).toArray());
    };
  }

  /// Share of equal answers, or mean cosine of the vectors where there are no discrete answers.
  public static double agreement(List<Verdict> a, List<Verdict> b) {
    double same = 0;
    long all = 0;
    for (int i = 0; i < a.size(); i++) {
      int[] x = a.get(i).answers();
      int[] y = b.get(i).answers();
      if (x.length == 0) {
        same += cosine(a.get(i).vector(), b.get(i).vector());
        all++;
      }
      for (int j = 0; j < x.length; j++) {
        same += x[j] == y[j] ? 1 : 0;
        all++;
      }
    }
    return all == 0 ? 1 : same / all;
  }

  private static Verdict perToken(Tensor logits, Example example) {
    int classes = logits.type().dim(-1);
    List<Integer> answers = new ArrayList<>();
    int hits = 0;
    for (int t = 0; t < example.labels().length; t++) {
      if (example.labels()[t] >= 0) {
        int answer = Tensors.argMax(logits, t * classes, classes);
        answers.add(answer);
        hits += answer == example.labels()[t] ? 1 : 0;
      }
    }
    return new Verdict(hits, answers.size(), array(answers), new double[0]);
  }

  private static Verdict nextToken(Tensor logits, Example example) {
    int classes = logits.type().dim(-1);
    List<Integer> answers = new ArrayList<>();
    double loss = 0;
    for (int t = 0; t < example.labels().length; t++) {
      if (example.labels()[t] >= 0) {
        int from = t * classes;
        int answer = Tensors.argMax(logits, from, classes);
        double max = logits.asDouble(from + answer);
        double sum = 0;
        for (int c = 0; c < classes; c++) {
          sum += Math.exp(logits.asDouble(from + c) - max);
        }
        loss += max + Math.log(sum) - logits.asDouble(from + example.labels()[t]);
        answers.add(answer);
      }
    }
    return new Verdict(loss, answers.size(), array(answers), new double[0]);
  }

  /// A sentence vector: the output itself if it has one row, else the mean over the real tokens.
  private static double[] embedding(Tensor output, int tokens) {
    int width = output.type().dim(-1);
    int rows = Math.min(output.elements() / width, Math.max(1, tokens));
    if (output.type().rank() < 3) {
      rows = 1;
    }
    double[] mean = new double[width];
    for (int r = 0; r < rows; r++) {
      for (int c = 0; c < width; c++) {
        mean[c] += output.asDouble(r * width + c) / rows;
      }
    }
    return mean;
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

  /// Pearson's correlation of average ranks.
  static double spearman(double[] a, double[] b) {
    return pearson(ranks(a), ranks(b));
  }

  private static double pearson(double[] a, double[] b) {
    double meanA = java.util.Arrays.stream(a).average().orElse(0);
    double meanB = java.util.Arrays.stream(b).average().orElse(0);
    return cosine(
        java.util.Arrays.stream(a).map(x -> x - meanA).toArray(),
        java.util.Arrays.stream(b).map(x -> x - meanB).toArray());
  }

  private static double[] ranks(double[] values) {
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

  private static int[] array(List<Integer> list) {
    return list.stream().mapToInt(Integer::intValue).toArray();
  }
}
