package org.lapidary.tools.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import org.lapidary.ir.Diagnostic;
import org.lapidary.ir.DiagnosticException;
import org.lapidary.sim.timing.CycleModel;
import org.lapidary.tools.reference.quantized.OrtInt8;
import org.lapidary.tools.validate.Engine;
import org.lapidary.tools.validate.Measurement;

/// The accuracy of a list of models: fp32, ONNX Runtime's own int8, our default recipe and our
/// best.
///
/// @param root folder that the paths of the list are relative to
/// @param best the recipe that spares no cycles
/// @param entries the words of a `validate` command line by name
record AccuracyTable(Path root, String best, Map<String, List<String>> entries) {
  /// Folder beside the checkout that not everybody has.
  private static final String BESIDE = "shared/";

  /// One line of the table.
  private record Row(Measurement usual, Measurement best) {}

  /// Reads a list: `best: RECIPE`, then `NAME: arguments of validate`.
  static AccuracyTable read(Path file, Path root) {
    try {
      Map<String, List<String>> entries = new LinkedHashMap<>();
      String best = "";
      for (String line : Files.readAllLines(file)) {
        int colon = line.indexOf(": ");
        if (colon < 0 || line.startsWith("#")) {
          continue;
        }
        String words = line.substring(colon + 2).strip();
        if (line.startsWith("best: ")) {
          best = words;
        } else if (entries.put(line.substring(0, colon), Arrays.asList(words.split("\\s+")))
            != null) {
          throw new DiagnosticException(
              Diagnostic.error(
                  Diagnostic.Code.INVALID_INPUT,
                  file.toString(),
                  "",
                  "two lines are named " + line.substring(0, colon),
                  "a row of the table has its line's name; give each another"));
        }
      }
      return new AccuracyTable(root, best, entries);
    } catch (IOException e) {
      throw new DiagnosticException(
          Diagnostic.error(
              Diagnostic.Code.FILE_NOT_FOUND,
              file.toString(),
              "",
              "the list of models cannot be read",
              "check --list"));
    }
  }

  /// Measures every model that is there and gives the table in Markdown.
  ///
  /// @param limit at most so many samples each, 0 for all
  /// @param told what is being done
  String measure(int limit, int threads, Consumer<String> told) {
    List<String> lines = new ArrayList<>();
    lines.add(
        "| model | metric, samples | fp32, ONNX Runtime | its static int8 | its dynamic int8 |"
            + " Lapidary | agreement | cycles | Lapidary, best | cycles |");
    lines.add("|---|---|---|---|---|---|---|---|---|---|");
    long start = System.nanoTime();
    List<String> absent =
        eachPresent((name, words) -> {
          told.accept(name);
          lines.add(line(name, measure(name, words, limit, threads)));
        });
    lines.add("");
    lines.add(caption((System.nanoTime() - start) / 1e9));
    if (!absent.isEmpty()) {
      lines.add("Not there, hence not measured: " + String.join(", ", absent) + ".");
    }
    return String.join("\n", lines) + "\n";
  }

  /// Does something with every model that is there; gives the names of the others.
  List<String> eachPresent(BiConsumer<String, List<String>> work) {
    List<String> absent = new ArrayList<>();
    entries.forEach((name, given) -> {
      List<String> words = given.stream().map(this::resolved).toList();
      if (Files.exists(Path.of(words.getFirst()))) {
        work.accept(name, words);
      } else {
        absent.add(name);
      }
    });
    return absent;
  }

  private String resolved(String word) {
    if (word.startsWith(BESIDE)) {
      return root.resolveSibling(word).toString();
    }
    Path inside = root.resolve(word);
    return word.contains("/") && Files.exists(inside) ? inside.toString() : word;
  }

  private Row measure(String name, List<String> words, int limit, int threads) {
    Measurement usual = measure(name, command(words, limit, threads));
    ValidateCommand again = command(words, limit, threads);
    again.arguments.recipe = best;
    again.noOrtInt8 = true;
    Measurement refined = measure(name, again);
    return new Row(usual, refined);
  }

  static Measurement measure(String name, ValidateCommand command) {
    try (PreparedTask task = PreparedTask.of(command.model, command.data, command.arguments)) {
      return command.measure(name, task);
    }
  }

  static ValidateCommand command(List<String> words, int limit, int threads) {
    ValidateCommand command = ValidateCommand.parsed(words);
    command.arguments.threads = threads;
    command.nnExamples = 0;
    if (limit > 0) {
      int most = command.data.limit.orElse(Integer.MAX_VALUE);
      command.data.limit = java.util.Optional.of(Math.min(limit, most));
    }
    return command;
  }

  private static String line(String name, Row row) {
    Measurement m = row.usual();
    return "| %s | %s, %s | %s | %s | %s | %s | %.1f %% | %s | %s | %s |"
        .formatted(
            name,
            m.metric().text(),
            Output.count(m.samples()),
            value(m, Engine.FP32),
            value(m, Engine.ORT_STATIC_INT8),
            value(m, Engine.ORT_DYNAMIC_INT8),
            value(m, Engine.INTEGER),
            100 * m.agreement(),
            Output.count(m.cycles()),
            value(row.best(), Engine.INTEGER),
            Output.count(row.best().cycles()));
  }

  private static String value(Measurement m, Engine engine) {
    return MeasurementTable.text(m.metric(), m.value(engine));
  }

  private String caption(double seconds) {
    return String.format(
        Locale.ROOT,
        "Whole data sets but where the list says otherwise, in %.0f s on %d processors (%s, which"
            + " decides what ONNX Runtime's int8 computes). Agreement with fp32 in the task's"
            + " answers. Cycles per inference: model %s, mean error %.1f %%. Best: `--quantize"
            + " '%s'`.",
        seconds,
        Runtime.getRuntime().availableProcessors(),
        OrtInt8.hostInstructions(),
        CycleModel.NAME,
        CycleModel.knownError().overall().mean(),
        best);
  }

  /// Puts text between the two lines of a page that mark the table's place.
  ///
  /// @param which table
  static String between(String page, String which, String text) {
    String begin = "<!-- " + which + " table -->\n";
    String end = "<!-- end of " + which + " table -->";
    int from = page.indexOf(begin);
    int to = page.indexOf(end);
    if (from < 0 || to < from) {
      throw new DiagnosticException(
          Diagnostic.error(
              Diagnostic.Code.INVALID_INPUT,
              "--write",
              "",
              "the page has no place for the table",
              "put the lines '" + begin.strip() + "' and '" + end + "' into it"));
    }
    return page.substring(0, from + begin.length()) + text + page.substring(to);
  }
}
