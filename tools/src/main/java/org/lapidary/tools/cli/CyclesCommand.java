package org.lapidary.tools.cli;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import org.lapidary.sim.timing.CycleModel;
import org.lapidary.sim.timing.CycleTable;
import org.lapidary.sim.timing.ErrorSummary;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/// Holds the cycle model against measured cycles.
@Command(
    name = "cycles",
    mixinStandardHelpOptions = true,
    description = {
      "Runs the cycle model on every row of a table of measured streams and prints",
      "predicted and measured cycles, then the absolute error in per cent."
    },
    footer = {
      "",
      "Columns: config, workload, stream (relative to the table), mem_latency, beat_interval,",
      "cmd_gap, cycles, …",
      "Example: lapidary cycles rtl/cycles.csv"
    })
final class CyclesCommand implements Callable<Integer> {
  @Parameters(paramLabel = "TABLE.csv", description = "Measured streams.")
  Path table = Path.of("");

  @Mixin Output output = new Output();

  @Override
  public Integer call() {
    CycleTable result = CycleTable.predict(table);
    if (output.json()) {
      output.document(document(result));
      return 0;
    }
    List<List<String>> rows = new ArrayList<>();
    rows.add(List.of("workload", "config", "mem_latency", "measured", "predicted", "error %"));
    for (CycleTable.Row row : result.rows()) {
      rows.add(
          List.of(
              row.workload(),
              row.config(),
              Integer.toString(row.memory().latency()),
              Output.count(row.measured()),
              Output.count(row.predicted()),
              percent(row.errorPercent())));
    }
    output.out().println(Output.table(rows));
    List<List<String>> errors = new ArrayList<>();
    errors.add(List.of("family", "rows", "mean %", "p90 %", "worst %"));
    result.families().forEach((family, e) -> errors.add(line(family, e)));
    errors.add(line("all", result.overall()));
    output.out().print(Output.table(errors));
    output.out().println("cycle model " + CycleModel.NAME);
    return 0;
  }

  private static List<String> line(String family, ErrorSummary e) {
    return List.of(
        family,
        Integer.toString(e.rows()),
        percent(e.mean()),
        percent(e.p90()),
        percent(e.worst()));
  }

  private static Map<String, Object> document(CycleTable result) {
    List<Map<String, Object>> rows = new ArrayList<>();
    for (CycleTable.Row row : result.rows()) {
      Map<String, Object> one = new LinkedHashMap<>();
      one.put("workload", row.workload());
      one.put("config", row.config());
      one.put("mem_latency", row.memory().latency());
      one.put("measured", row.measured());
      one.put("predicted", row.predicted());
      rows.add(one);
    }
    Map<String, Object> families = new LinkedHashMap<>();
    result
        .families()
        .forEach((family, e) -> {
          Map<String, Object> one = summary(e);
          one.put("rows", e.rows());
          families.put(family, one);
        });
    Map<String, Object> document = new LinkedHashMap<>();
    document.put("cycle_model", CycleModel.NAME);
    document.put("rows", rows);
    document.put("error_percent", summary(result.overall()));
    document.put("families", families);
    return document;
  }

  private static Map<String, Object> summary(ErrorSummary e) {
    Map<String, Object> one = new LinkedHashMap<>();
    one.put("mean", e.mean());
    one.put("p90", e.p90());
    one.put("worst", e.worst());
    return one;
  }

  private static String percent(double value) {
    return String.format(Locale.ROOT, "%.2f", value);
  }
}
