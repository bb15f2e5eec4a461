package org.lapidary.tools.cli;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.Function;
import org.lapidary.sim.timing.CycleModel;
import org.lapidary.tools.reference.quantized.OrtInt8;
import org.lapidary.tools.validate.Engine;
import org.lapidary.tools.validate.Measurement;
import org.lapidary.tools.validate.Metric;
import org.lapidary.tools.validate.Scores;

/// Measurements side by side, a column each.
final class MeasurementTable {
  private MeasurementTable() {}

  static String of(List<Measurement> columns) {
    List<List<String>> rows = new ArrayList<>();
    row(rows, columns, "", Measurement::name);
    row(rows, columns, "samples", m -> Output.count(m.samples()));
    row(rows, columns, "metric", m -> m.metric().text());
    for (Engine engine : Engine.values()) {
      if (columns.stream().anyMatch(m -> m.scores().containsKey(engine))) {
        row(rows, columns, "  " + engine.title(), m -> value(m, engine));
      }
    }
    row(rows, columns, "  agreement of the program with fp32", m -> percent(m.agreement()));
    if (columns.size() == 1) {
      others(rows, columns.getFirst());
    }
    row(
        rows,
        columns,
        "equal to the integer referee, bit for bit",
        m -> m.referees().equal() + " of " + m.referees().checked());
    row(
        rows,
        columns,
        "float referee, largest difference from ONNX Runtime",
        m -> String.format(Locale.ROOT, "%.1e", m.referees().largestDifference()));
    row(rows, columns, "float ops in the accelerated part", m -> Integer.toString(m.floatOps()));
    row(rows, columns, "host steps", m -> Integer.toString(m.hostSteps()));
    row(rows, columns, "instructions", m -> Output.count(m.instructions()));
    row(rows, columns, "estimated cycles per inference", m -> Output.count(m.cycles()));
    row(rows, columns, "  array utilisation", m -> percent(m.utilisation()));
    row(rows, columns, "  lower bound", m -> Output.count(m.boundCycles()));
    row(rows, columns, "float-host baseline, cycles", m -> Output.count(m.baseline().cycles()));
    row(
        rows,
        columns,
        "speed-up over the baseline",
        m -> String.format(Locale.ROOT, "%.1fx", m.speedup()));
    row(rows, columns, "wall time, s", m -> String.format(Locale.ROOT, "%.1f", m.seconds()));
    var error = CycleModel.knownError().overall();
    return Output.table(rows)
        + ortInt8(columns)
        + String.format(
            Locale.ROOT,
            "%nCycles: model %s, known error against the RTL: mean %.1f %%, 90th percentile %.1f %%,"
                + " worst %.1f %%.%n",
            CycleModel.NAME,
            error.mean(),
            error.p90(),
            error.worst());
  }

  private static String value(Measurement m, Engine engine) {
    String text = text(m.metric(), m.value(engine));
    Scores scores = m.scores().get(engine);
    return scores == null || scores.samples() == m.samples()
        ? text
        : "%s, first %s, agreement %s"
            .formatted(text, Output.count(scores.samples()), percent(scores.agreement()));
  }

  private static void row(
      List<List<String>> rows,
      List<Measurement> columns,
      String title,
      Function<Measurement, String> cell) {
    List<String> row = new ArrayList<>();
    row.add(title);
    columns.forEach(c -> row.add(cell.apply(c)));
    rows.add(row);
  }

  /// Metrics beside the headline, and the time of each engine.
  private static void others(List<List<String>> rows, Measurement m) {
    for (Metric metric : m.metrics().subList(1, m.metrics().size())) {
      List<String> values =
          m.scores().keySet().stream().map(e -> text(metric, m.value(e, metric))).toList();
      rows.add(List.of(metric.text() + ", in the same order", String.join(" | ", values)));
    }
    List<String> seconds =
        m.scores().values().stream()
            .map(s -> String.format(Locale.ROOT, "%.1f", s.seconds()))
            .toList();
    rows.add(List.of("seconds, in the same order", String.join(" | ", seconds)));
  }

  private static String ortInt8(List<Measurement> columns) {
    StringBuilder text = new StringBuilder();
    if (columns.stream().anyMatch(m -> m.scores().containsKey(Engine.ORT_STATIC_INT8))) {
      text.append("\nONNX Runtime's int8 ran on ").append(OrtInt8.hostInstructions());
      text.append(", static calibrated on the same samples.\n");
    }
    for (Measurement m : columns) {
      m.missing()
          .forEach((engine, why) ->
              text.append("\n%s: no %s: %s\n".formatted(m.name(), engine.title(), why)));
    }
    return text.toString();
  }

  static String text(Metric metric, double value) {
    return Double.isNaN(value)
        ? "-"
        : metric.isShare() ? percent(value) : String.format(Locale.ROOT, "%.4f", value);
  }

  private static String percent(double share) {
    return String.format(Locale.ROOT, "%.2f %%", 100 * share);
  }
}
