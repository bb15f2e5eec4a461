package org.lapidary.tools.cli;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.Function;
import org.lapidary.sim.timing.CycleModel;
import org.lapidary.tools.validate.Measurement;
import org.lapidary.tools.validate.Task;

/// Measurements side by side, a column each.
final class MeasurementTable {
  private MeasurementTable() {}

  static String of(List<Measurement> columns) {
    List<List<String>> rows = new ArrayList<>();
    row(rows, columns, "", Measurement::name);
    row(rows, columns, "samples", m -> Output.count(m.samples()));
    row(rows, columns, "metric", m -> m.task().metric());
    row(rows, columns, "  fp32, ONNX Runtime", m -> metric(m.task(), m.fp32()));
    row(rows, columns, "  integer program", m -> metric(m.task(), m.integer()));
    row(rows, columns, "  agreement of the two", m -> percent(m.agreement()));
    row(
        rows,
        columns,
        "equal to the integer referee, bit for bit",
        m -> m.refereeEqual() + " of " + m.refereeChecked());
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
    var error = CycleModel.knownError().overall();
    return Output.table(rows)
        + String.format(
            Locale.ROOT,
            "%nCycles: model %s, known error against the RTL: mean %.1f %%, 90th percentile %.1f %%,"
                + " worst %.1f %%.%n",
            CycleModel.NAME,
            error.mean(),
            error.p90(),
            error.worst());
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

  private static String metric(Task task, double value) {
    return switch (task) {
      case CLASSIFY, TOKEN_CLASSIFY -> percent(value);
      case LM, STS, EMBED -> String.format(Locale.ROOT, "%.4f", value);
    };
  }

  private static String percent(double share) {
    return String.format(Locale.ROOT, "%.2f %%", 100 * share);
  }
}
