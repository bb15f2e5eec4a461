package org.lapidary.tools.cli;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.lapidary.gemmini.cost.Bound;
import org.lapidary.gemmini.search.LayerMatmuls;
import org.lapidary.gemmini.search.MapperSweep;
import org.lapidary.gemmini.search.MatmulShape;
import org.lapidary.machine.GemminiParams;
import org.lapidary.sim.timing.CycleModel;

/// What the search for tilings takes and finds, shape by shape, cold; the library's choice is
/// judged right after each search, by the same model.
///
/// @param sweep all shapes instead of one model's
/// @param length tokens of that model
record MapperMeasurement(GemminiParams machine, boolean sweep, int length) {
  int report(Output output) {
    List<MatmulShape> shapes =
        sweep
            ? MapperSweep.all()
            : LayerMatmuls.bertBase(length).entries().stream()
                .map(LayerMatmuls.Entry::shape)
                .toList();
    List<MapperSweep.Row> rows = new ArrayList<>();
    for (MatmulShape shape : shapes) {
      if (machine.hasNormalizations() || shape.activation() != MatmulShape.Activation.GELU) {
        rows.add(MapperSweep.row(shape, machine));
      }
    }
    if (output.json()) {
      output.document(document(rows));
    } else {
      output.out().print(Output.table(table(rows)));
      output.out().println(summary(rows));
    }
    return rows.stream().anyMatch(MapperSweep.Row::isSlower) ? 1 : 0;
  }

  private List<List<String>> table(List<MapperSweep.Row> rows) {
    List<List<String>> table = new ArrayList<>();
    table.add(List.of("heads x rows x cols x depth", "tiling", "cycles", "library", "bound", "ms"));
    for (MapperSweep.Row r : rows) {
      table.add(
          List.of(
              text(r.shape()),
              r.choice().tiling().text(),
              Output.count(r.choice().cycles()),
              Output.count(r.libraryCycles()),
              Output.count(bound(r.shape())),
              String.format(Locale.ROOT, "%.1f", r.nanos() / 1e6)));
    }
    return table;
  }

  private String summary(List<MapperSweep.Row> rows) {
    return String.format(
        Locale.ROOT,
        "%d shapes on %s, memory latency %d: %d slower than the library, geometric mean %.3f times"
            + " as fast; %.2f s of search (processor time). Cycles: model %s, mean error %.1f %%.",
        rows.size(),
        machine.name(),
        machine.memLatencyCycles(),
        rows.stream().filter(MapperSweep.Row::isSlower).count(),
        geometricMean(rows),
        seconds(rows),
        CycleModel.NAME,
        CycleModel.knownError().overall().mean());
  }

  private static double geometricMean(List<MapperSweep.Row> rows) {
    return Math.exp(
        rows.stream()
            .mapToDouble(r -> Math.log((double) r.libraryCycles() / r.choice().cycles()))
            .average()
            .orElse(0));
  }

  private static double seconds(List<MapperSweep.Row> rows) {
    return rows.stream().mapToLong(MapperSweep.Row::nanos).sum() / 1e9;
  }

  private Map<String, Object> document(List<MapperSweep.Row> rows) {
    List<Map<String, Object>> list = new ArrayList<>();
    for (MapperSweep.Row r : rows) {
      Map<String, Object> one = new LinkedHashMap<>();
      one.put("shape", text(r.shape()));
      one.put("tiling", r.choice().tiling().text());
      one.put("cycles", r.choice().cycles());
      one.put("library_cycles", r.libraryCycles());
      one.put("bound_cycles", bound(r.shape()));
      one.put("seconds", r.nanos() / 1e9);
      list.add(one);
    }
    Map<String, Object> model = new LinkedHashMap<>();
    model.put("name", CycleModel.NAME);
    model.put("mean_error_percent", CycleModel.knownError().overall().mean());
    Map<String, Object> document = new LinkedHashMap<>();
    document.put("machine", machine.name());
    document.put("cycle_model", model);
    document.put("shapes", rows.size());
    document.put("slower_than_library", rows.stream().filter(MapperSweep.Row::isSlower).count());
    document.put("speedup_over_library", geometricMean(rows));
    document.put("seconds", seconds(rows));
    document.put("rows", list);
    return document;
  }

  private long bound(MatmulShape shape) {
    return Bound.of(shape.kernel(), machine).cycles();
  }

  private static String text(MatmulShape s) {
    return String.format(
            Locale.ROOT,
            "%d x %d x %d x %d%s %s %s",
            s.heads(),
            s.rows(),
            s.cols(),
            s.depth(),
            s.transposedB() ? " transposed" : "",
            "bias " + s.bias().name().toLowerCase(Locale.ROOT),
            s.activation() == MatmulShape.Activation.NONE
                ? ""
                : s.activation().name().toLowerCase(Locale.ROOT))
        .strip();
  }
}
