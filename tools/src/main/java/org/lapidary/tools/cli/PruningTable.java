package org.lapidary.tools.cli;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Consumer;
import org.lapidary.passes.prune.PruneRecipe;
import org.lapidary.sim.timing.CycleModel;
import org.lapidary.tools.validate.Engine;
import org.lapidary.tools.validate.Measurement;

/// What pruning costs and gains on a list of models: the integer program as it is, pruned by a
/// recipe, and pruned by the same recipe going by the size of weights.
///
/// @param list models with a recipe each, as words of a `validate` command line
record PruningTable(AccuracyTable list) {

  /// Measures every model that is there and gives the table in Markdown.
  ///
  /// @param limit at most so many samples each, 0 for all
  /// @param told what is being done
  String measure(int limit, int threads, Consumer<String> told) {
    Map<List<String>, Measurement> whole = new HashMap<>();
    List<String> lines = new ArrayList<>();
    lines.add(
        "| model, recipe | metric, samples | whole | pruned | points lost | by magnitude | points lost |"
            + " cycles, whole | pruned | fewer | by magnitude |");
    lines.add("|---|---|---|---|---|---|---|---|---|---|---|");
    List<String> absent =
        list.eachPresent((name, words) -> {
          ValidateCommand pruned = AccuracyTable.command(words, limit, threads);
          PruneRecipe recipe = PruneRecipe.parse(pruned.arguments.pruning);
          told.accept(name + ", " + recipe);
          List<String> usual = new ArrayList<>(words);
          int at = usual.indexOf("--prune");
          usual.subList(at, at + 2).clear();
          Measurement before =
              whole.computeIfAbsent(
                  usual, w -> measure(name, AccuracyTable.command(w, limit, threads), "none"));
          Measurement after = measure(name, pruned, recipe.toString());
          Measurement yardstick =
              measure(
                  name,
                  AccuracyTable.command(words, limit, threads),
                  recipe.byMagnitude().toString());
          lines.add(
              line(
                  name + ", `" + words.get(words.indexOf("--prune") + 1) + "`",
                  before,
                  after,
                  yardstick));
        });
    lines.add("");
    lines.add(caption());
    if (!absent.isEmpty()) {
      lines.add("Not there, hence not measured: " + String.join(", ", absent) + ".");
    }
    return String.join("\n", lines) + "\n";
  }

  private static Measurement measure(String name, ValidateCommand command, String recipe) {
    command.arguments.pruning = recipe;
    command.noOrtInt8 = true;
    return AccuracyTable.measure(name, command);
  }

  private static String line(
      String name, Measurement before, Measurement after, Measurement yardstick) {
    return "| %s | %s, %s | %s | %s | %s | %s | %s | %s | %s | %.2fx | %s |"
        .formatted(
            name,
            before.metric().text(),
            Output.count(before.samples()),
            value(before),
            value(after),
            lost(before, after),
            value(yardstick),
            lost(before, yardstick),
            Output.count(before.cycles()),
            Output.count(after.cycles()),
            (double) before.cycles() / after.cycles(),
            Output.count(yardstick.cycles()));
  }

  /// Of a share in hundredths of one, of anything else in hundredths of what it was.
  private static String lost(Measurement before, Measurement after) {
    double whole = before.value(Engine.INTEGER);
    double worse = before.metric().worse(whole, after.value(Engine.INTEGER));
    double points = 100 * (before.metric().isShare() ? worse : worse / Math.abs(whole));
    return String.format(Locale.ROOT, "%.2f", points + 0.0);
  }

  private static String value(Measurement m) {
    return MeasurementTable.text(m.metric(), m.value(Engine.INTEGER));
  }

  private static String caption() {
    return String.format(
        Locale.ROOT,
        "All columns are integer programs. By magnitude: the same recipe, heads, their channels, neurons and branches"
            + " chosen by the size of their weights, nothing refitted. A point is a"
            + " hundredth of the answers, or of the perplexity. Cycles per inference: model %s,"
            + " mean error %.1f %%.",
        CycleModel.NAME,
        CycleModel.knownError().overall().mean());
  }
}
