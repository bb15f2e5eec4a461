package org.lapidary.tools.cli;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.lapidary.passes.prune.PruneRecipe;
import org.lapidary.tools.validate.Engine;
import org.lapidary.tools.validate.Measurement;

/// What zeros among the weights cost: the integer program of each model of a list at every
/// sparsity, the zeros chosen by size beside those chosen and made up for by least squares.
///
/// @param list models, as words of a `validate` command line
record SparsityTable(AccuracyTable list) {
  private static final List<Level> LEVELS =
      List.of(
          new Level("30 %", "weights{keep=0.7}"),
          new Level("50 %", "weights{keep=0.5}"),
          new Level("70 %", "weights{keep=0.3}"),
          new Level("2:4", "weights{pattern=2:4}"));

  private record Level(String title, String recipe) {}

  /// Measures every model that is there and gives the table in Markdown.
  ///
  /// @param limit at most so many samples each, 0 for all
  /// @param told what is being done
  String measure(int limit, int threads, Consumer<String> told) {
    List<String> lines = new ArrayList<>();
    StringBuilder head = new StringBuilder("| model | metric, samples | zeros by | none |");
    LEVELS.forEach(level -> head.append(" ").append(level.title()).append(" |"));
    lines.add(head.toString());
    lines.add("|---".repeat(4 + LEVELS.size()) + "|");
    List<String> absent =
        list.eachPresent((name, words) -> {
          told.accept(name);
          Measurement dense = measure(name, words, limit, threads, PruneRecipe.NONE);
          List<String> smallest = new ArrayList<>();
          List<String> fitted = new ArrayList<>();
          for (Level level : LEVELS) {
            told.accept(name + ", " + level.title());
            PruneRecipe recipe = PruneRecipe.parse(level.recipe());
            smallest.add(value(measure(name, words, limit, threads, recipe.byMagnitude())));
            fitted.add(value(measure(name, words, limit, threads, recipe)));
          }
          lines.add(line(name, "magnitude", dense, smallest));
          lines.add(line(name, "least squares", dense, fitted));
        });
    lines.add("");
    lines.add(
        "All values are of integer programs. Zeros are in the products of all residual branches, the"
            + " same share in each.");
    if (!absent.isEmpty()) {
      lines.add("Not there, hence not measured: " + String.join(", ", absent) + ".");
    }
    return String.join("\n", lines) + "\n";
  }

  private static Measurement measure(
      String name, List<String> words, int limit, int threads, PruneRecipe recipe) {
    ValidateCommand command = AccuracyTable.command(words, limit, threads);
    command.arguments.pruning = recipe.toString();
    command.noOrtInt8 = true;
    return AccuracyTable.measure(name, command);
  }

  private static String line(String name, String by, Measurement dense, List<String> thin) {
    return "| %s | %s, %s | %s | %s | %s |"
        .formatted(
            name,
            dense.metric().text(),
            Output.count(dense.samples()),
            by,
            value(dense),
            String.join(" | ", thin));
  }

  private static String value(Measurement m) {
    return MeasurementTable.text(m.metric(), m.value(Engine.INTEGER));
  }
}
