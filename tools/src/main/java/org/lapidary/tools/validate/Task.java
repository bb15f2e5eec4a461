package org.lapidary.tools.validate;

import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.IntStream;
import org.lapidary.ir.Diagnostic;
import org.lapidary.ir.DiagnosticException;
import org.lapidary.ir.Tensor;
import org.lapidary.tools.data.Tensors;

/// What a model is asked to do.
public enum Task {
  /// One class per sample.
  CLASSIFY(Metric.ACCURACY, Metric.LOSS),
  /// One class per token, where there is a label.
  TOKEN_CLASSIFY(Metric.ACCURACY, Metric.EXACT, Metric.LOSS),
  /// Similarity of two sentences: the model's single output for the pair, or the cosine of the two
  /// sentence vectors.
  STS(Metric.SPEARMAN, Metric.PEARSON),
  /// The next token.
  LM(Metric.PERPLEXITY, Metric.LOSS, Metric.ACCURACY, Metric.EXACT),
  /// One vector per sentence; with scored pairs their similarity, too.
  EMBED(Metric.SPEARMAN, Metric.PEARSON, Metric.COSINE);

  private final List<Metric> metrics;

  Task(Metric... metrics) {
    this.metrics = List.of(metrics);
  }

  /// Name on the command line: `token-classify`.
  public String text() {
    return name().toLowerCase(Locale.ROOT).replace('_', '-');
  }

  /// Whether its text is sentences, not words or running text.
  boolean readsSentences() {
    return switch (this) {
      case CLASSIFY, STS, EMBED -> true;
      case TOKEN_CLASSIFY, LM -> false;
    };
  }

  /// Whether two sentences of a line go into one sequence.
  ///
  /// @param scored whether a scored pair does, see [DataOptions#pairsJoined()]
  boolean joins(boolean scored) {
    return this == CLASSIFY || (this == STS && scored);
  }

  /// What can be measured on these examples, the most important first.
  public List<Metric> metrics(List<Example> examples) {
    boolean pairs = examples.getFirst().inputs().size() > 1;
    return this == EMBED && !pairs ? List.of(Metric.COSINE) : metrics;
  }

  /// What one engine said about one example.
  ///
  /// @param loss sum of the cross-entropies of the items
  /// @param hits items that are right
  /// @param items number of items asked
  /// @param answers discrete answers for agreement; empty where there are none
  /// @param vector sentence vectors, one after the other; empty where there are discrete answers
  /// @param similarity of a sentence pair
  @SuppressWarnings("ArrayRecordComponent") // made and read once
  public record Verdict(
      double loss, int hits, int items, int[] answers, double[] vector, double similarity) {}

  /// Judges the outputs of one example, of one inference or of two for sentence pairs.
  public Verdict judge(Example example, List<Map<String, Tensor>> outputs) {
    return switch (this) {
      case CLASSIFY, TOKEN_CLASSIFY, LM -> classes(logits(outputs.getFirst()), example.labels());
      case STS, EMBED -> vectors(example, outputs);
    };
  }

  private static Tensor logits(Map<String, Tensor> outputs) {
    return named(outputs, "logits");
  }

  /// The output whose name says so, else the first.
  private static Tensor named(Map<String, Tensor> outputs, String word) {
    return outputs.entrySet().stream()
        .filter(e -> e.getKey().contains(word))
        .map(Map.Entry::getValue)
        .findFirst()
        .orElseGet(() -> outputs.values().iterator().next());
  }

  /// Row `i` of the logits answers label `i`, if that is not negative.
  private static Verdict classes(Tensor logits, int[] labels) {
    int classes = logits.type().dim(-1);
    int rows = logits.elements() / classes;
    int[] asked =
        IntStream.range(0, Math.min(rows, labels.length)).filter(i -> labels[i] >= 0).toArray();
    int[] answers = new int[asked.length];
    double loss = 0;
    int hits = 0;
    for (int i = 0; i < asked.length; i++) {
      int label = labels[asked[i]];
      requireClass(label, Math.max(2, classes));
      int from = asked[i] * classes;
      answers[i] = classes == 1 ? sign(logits, from) : Tensors.argMax(logits, from, classes);
      loss += classes == 1 ? binary(logits, from, label) : crossEntropy(logits, from, label);
      hits += answers[i] == label ? 1 : 0;
    }
    return new Verdict(loss, hits, asked.length, answers, new double[0], 0);
  }

  private static void requireClass(int label, int classes) {
    if (label >= classes) {
      throw new DiagnosticException(
          Diagnostic.error(
              Diagnostic.Code.INVALID_INPUT,
              "",
              "",
              "the data holds label " + label + ", but the model has classes 0 to " + (classes - 1),
              "give labels as the model numbers its classes, or --labels with their names"));
    }
  }

  private static int sign(Tensor logits, int at) {
    return logits.asDouble(at) > 0 ? 1 : 0;
  }

  private static double binary(Tensor logits, int at, int label) {
    double x = label == 1 ? logits.asDouble(at) : -logits.asDouble(at);
    return x > 0 ? Math.log1p(Math.exp(-x)) : Math.log1p(Math.exp(x)) - x;
  }

  private static double crossEntropy(Tensor logits, int from, int label) {
    int classes = logits.type().dim(-1);
    double max = logits.asDouble(from + Tensors.argMax(logits, from, classes));
    double sum = 0;
    for (int c = 0; c < classes; c++) {
      sum += Math.exp(logits.asDouble(from + c) - max);
    }
    return max + Math.log(sum) - logits.asDouble(from + label);
  }

  private Verdict vectors(Example example, List<Map<String, Tensor>> outputs) {
    double[] a = embedding(outputs.get(0), example.tokens().get(0));
    if (outputs.size() == 1) {
      return new Verdict(0, 1, 1, new int[0], a, a[0]);
    }
    double[] b = embedding(outputs.get(1), example.tokens().get(1));
    double[] both = java.util.Arrays.copyOf(a, a.length + b.length);
    System.arraycopy(b, 0, both, a.length, b.length);
    return new Verdict(0, 1, 1, new int[0], both, Metric.cosine(a, b));
  }

  /// A sentence vector of length 1: the output itself if it has one row per sample, else the mean
  /// over the real tokens. A single number stays what it is.
  private static double[] embedding(Map<String, Tensor> outputs, int tokens) {
    Tensor output = named(outputs, "embedding");
    int width = output.type().dim(-1);
    int rows =
        output.type().rank() < 3 ? 1 : Math.min(output.elements() / width, Math.max(1, tokens));
    double[] mean = new double[width];
    for (int r = 0; r < rows; r++) {
      for (int c = 0; c < width; c++) {
        mean[c] += output.asDouble(r * width + c) / rows;
      }
    }
    double norm = Math.sqrt(java.util.Arrays.stream(mean).map(x -> x * x).sum());
    return width == 1 || norm == 0
        ? mean
        : java.util.Arrays.stream(mean).map(x -> x / norm).toArray();
  }

  /// Share of equal answers; where there are none, mean cosine of the vectors, or the correlation
  /// of the similarities where a vector is a single number.
  public static double agreement(List<Verdict> a, List<Verdict> b) {
    if (a.stream().allMatch(v -> v.vector().length == 1)) {
      return Metric.pearson(Metric.similarities(a), Metric.similarities(b));
    }
    double same = 0;
    long all = 0;
    for (int i = 0; i < a.size(); i++) {
      int[] x = a.get(i).answers();
      int[] y = b.get(i).answers();
      if (a.get(i).vector().length > 0) {
        same += Metric.cosine(a.get(i).vector(), b.get(i).vector());
        all++;
      }
      for (int j = 0; j < x.length; j++) {
        same += x[j] == y[j] ? 1 : 0;
        all++;
      }
    }
    return all == 0 ? 1 : same / all;
  }
}
