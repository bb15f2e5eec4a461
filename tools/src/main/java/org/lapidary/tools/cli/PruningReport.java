package org.lapidary.tools.cli;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.lapidary.passes.prune.Pruned;

/// What pruning took out, for people and for scripts.
final class PruningReport {
  private PruningReport() {}

  /// A table of all branches.
  static String text(Pruned pruned) {
    List<List<String>> rows = new ArrayList<>();
    rows.add(List.of("part", "left", "of", "", "keys, values of each", "error of its fit"));
    for (Pruned.Kept kept : pruned.branches()) {
      rows.add(
          List.of(
              kept.node(),
              Integer.toString(kept.kept()),
              Integer.toString(kept.groups()),
              kept.what(),
              kept.keys() == 0 ? "" : "%d, %d".formatted(kept.keys(), kept.values()),
              Double.isNaN(kept.error()) ? "-" : "%.1f %%".formatted(100 * kept.error())));
    }
    return Output.table(rows)
        + ("pruning: %s; left of all products: %.1f %% of the cycles, %.1f %% of the operations,"
                + " %.1f %% of the weights; relative error of the result %.4f on %d samples%n")
            .formatted(
                pruned.recipe(),
                100 * pruned.cycles().share(),
                100 * pruned.flops().share(),
                100 * pruned.weights().share(),
                pruned.loss(),
                pruned.samples());
  }

  static Map<String, Object> document(Pruned pruned) {
    Map<String, Object> document = new LinkedHashMap<>();
    document.put("recipe", pruned.recipe().toString());
    put(document, "product_cycles", pruned.cycles());
    put(document, "product_flops", pruned.flops());
    put(document, "product_weights", pruned.weights());
    document.put("relative_error", pruned.loss());
    document.put("samples", pruned.samples());
    document.put("branches", pruned.branches().stream().map(PruningReport::branch).toList());
    return document;
  }

  private static void put(Map<String, Object> document, String what, Pruned.Change change) {
    document.put(what + "_before", change.before());
    document.put(what + "_after", change.after());
  }

  private static Map<String, Object> branch(Pruned.Kept kept) {
    Map<String, Object> one = new LinkedHashMap<>();
    one.put("node", kept.node());
    one.put("what", kept.what().toLowerCase(Locale.ROOT));
    one.put("kept", kept.kept());
    one.put("of", kept.groups());
    if (kept.keys() > 0) {
      one.put("key_width", kept.keys());
      one.put("value_width", kept.values());
    }
    if (!Double.isNaN(kept.error())) {
      one.put("error", kept.error());
    }
    return one;
  }
}
