package org.lapidary.tools.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import org.lapidary.ir.Diagnostic;
import org.lapidary.ir.DiagnosticException;
import org.lapidary.tools.data.TextEncoder;
import org.lapidary.tools.validate.DataOptions;
import org.lapidary.tools.validate.Metric;
import org.lapidary.tools.validate.Scored;
import org.lapidary.tools.validate.Task;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Option;
import picocli.CommandLine.TypeConversionException;

/// The options of every command that runs a task on data.
final class DataArguments {
  /// What files may look like, for `--help`.
  static final String FORMATS =
      """

      DATA is one of
        .npz, or a directory of .npy   arrays named like the model's inputs, the first axis counting
                                       the samples, and 'labels' ([N] classes, [N,S] per token or
                                       next token, -1 or -100 for none; [N] scores for embed)
        .npy                           token ids: [N,S] samples, or [L] running text (lm)
        .tsv with a header             classify: sentence (or sentence1, sentence2) and label
                                       sts: sentence1, sentence2, score; embed: the same, or sentence
                                       lm: prompt and answer (only the answer is scored), or text
        text, a word per line          token-classify: WORD<tab>LABEL, an empty line after each
                                       sentence; a word's first piece carries its label
        text                           lm: windows of --length tokens, or --lines
      Cells may be quoted, quotes inside doubled. Labels are numbers, or names with --labels.
      """;

  @Option(
      names = "--task",
      required = true,
      converter = TaskName.class,
      description = "classify, token-classify, sts, lm or embed.")
  Task task = Task.CLASSIFY;

  @Option(names = "--data", required = true, paramLabel = "FILE", description = "The samples.")
  Path data = Path.of("");

  @Option(names = "--limit", paramLabel = "N", description = "Use only the first N samples.")
  Optional<Integer> limit = Optional.empty();

  @Option(
      names = "--length",
      paramLabel = "N",
      description =
          "Sequence length; default: the longest sample, rounded up to 16 if they differ.")
  Optional<Integer> length = Optional.empty();

  @Option(
      names = "--metric",
      converter = MetricName.class,
      paramLabel = "NAME",
      description =
          "The headline: accuracy, exact, loss, perplexity, spearman, pearson or cosine;"
              + " default: the task's first.")
  Optional<Metric> metric = Optional.empty();

  @Option(
      names = "--score",
      converter = ScoredName.class,
      paramLabel = "WHERE",
      description = "Positions that count: all (default), second-half, or from:N (token N on).")
  Scored scored = Scored.ALL;

  @Option(names = "--lines", description = "lm: each line is a sample of its own.")
  boolean lines;

  @Option(
      names = "--tail",
      paramLabel = "SHARE",
      description = "lm: only the end of a running text; 0.05 is its last 5 %%.")
  double tail = 1;

  @Option(names = "--start", paramLabel = "ID", description = "lm: token put before each sample.")
  Optional<Long> start = Optional.empty();

  @Option(names = "--end", paramLabel = "ID", description = "lm: token put after each sample.")
  Optional<Long> end = Optional.empty();

  @Option(
      names = "--pad",
      paramLabel = "ID",
      description = "Token that fills up samples of ids; never a target.")
  Optional<Long> pad = Optional.empty();

  @Option(
      names = "--ids",
      paramLabel = "NAME",
      description = "Array that holds token ids, if not named input_ids.")
  Optional<String> ids = Optional.empty();

  @Option(
      names = "--labels",
      paramLabel = "FILE",
      description = "Names of the classes: one per line, or a config.json with id2label.")
  Optional<Path> labels = Optional.empty();

  /// Reads `token-classify` and the like.
  static final class TaskName implements ITypeConverter<Task> {
    @Override
    public Task convert(String text) {
      for (Task t : Task.values()) {
        if (t.text().equals(text)) {
          return t;
        }
      }
      throw new TypeConversionException(
          "'" + text + "' is no task; there are classify, token-classify, sts, lm, embed");
    }
  }

  /// Reads `accuracy` and the like.
  static final class MetricName implements ITypeConverter<Metric> {
    @Override
    public Metric convert(String text) {
      for (Metric m : Metric.values()) {
        if (m.text().equals(text)) {
          return m;
        }
      }
      throw new TypeConversionException(
          "'" + text + "' is no metric; there are " + List.of(Metric.values()));
    }
  }

  /// Reads `from:7` and the like.
  static final class ScoredName implements ITypeConverter<Scored> {
    @Override
    public Scored convert(String text) {
      try {
        return Scored.parse(text);
      } catch (IllegalArgumentException e) {
        throw new TypeConversionException(e.getMessage());
      }
    }
  }

  /// Everything but the task.
  ///
  /// @param windowLength tokens per window of running text
  DataOptions options(Optional<Path> tokenizer, int windowLength, boolean pairsJoined) {
    if (!(tail > 0 && tail <= 1)) {
      throw new DiagnosticException(
          Diagnostic.error(
              Diagnostic.Code.INVALID_INPUT,
              "--tail",
              "",
              tail + " is no share of a text",
              "give a number above 0, at most 1"));
    }
    return new DataOptions(
        tokenizer.map(TextEncoder::open),
        limit.orElse(Integer.MAX_VALUE),
        length.orElse(windowLength),
        lines,
        tail,
        optional(start),
        optional(end),
        optional(pad),
        ids,
        labels.map(DataArguments::labelNames).orElse(List.of()),
        pairsJoined,
        scored);
  }

  private static OptionalLong optional(Optional<Long> id) {
    return id.map(OptionalLong::of).orElse(OptionalLong.empty());
  }

  private static List<String> labelNames(Path file) {
    try {
      if (!file.toString().endsWith(".json")) {
        return Files.readAllLines(file).stream()
            .map(String::strip)
            .filter(l -> !l.isEmpty())
            .toList();
      }
      JsonNode names = new ObjectMapper().readTree(file.toFile()).path("id2label");
      List<String> labels = new ArrayList<>();
      while (names.has(Integer.toString(labels.size()))) {
        labels.add(names.get(Integer.toString(labels.size())).asText());
      }
      if (!labels.isEmpty()) {
        return labels;
      }
    } catch (IOException e) {
      // reported below
    }
    throw new DiagnosticException(
        Diagnostic.error(
            Diagnostic.Code.INVALID_INPUT,
            file.toString(),
            "",
            "holds no names of classes",
            "give a text with one name per line, or a config.json with id2label"));
  }
}
