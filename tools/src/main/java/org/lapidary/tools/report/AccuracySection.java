package org.lapidary.tools.report;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.DoubleStream;
import org.lapidary.gemmini.cost.HostWork;
import org.lapidary.tools.page.Chart;
import org.lapidary.tools.page.Chart.Axis;
import org.lapidary.tools.page.Chart.Line;
import org.lapidary.tools.page.Chart.Point;
import org.lapidary.tools.page.Drawing;
import org.lapidary.tools.reference.quantized.OrtInt8;
import org.lapidary.tools.report.Block.Cell;
import org.lapidary.tools.report.Block.Row;
import org.lapidary.tools.validate.Engine;
import org.lapidary.tools.validate.Measurement;
import org.lapidary.tools.validate.Metric;
import org.lapidary.tools.validate.Scores;

/// What the integers cost in accuracy and what they won in cycles.
final class AccuracySection {
  private AccuracySection() {}

  static Section of(Subject subject) {
    List<Block> blocks = new ArrayList<>();
    if (subject.accuracy().isEmpty()) {
      blocks.add(
          new Block.Text(
              "Not measured: no task was given. The speed-up is %s over the float-host baseline."
                  .formatted(Figures.times(subject.speedup()))));
    } else {
      Measurement m = subject.accuracy().get();
      blocks.add(
          new Block.Text(
              "Metric: %s, task %s, %s samples. ONNX Runtime has no cycles on this machine, so its engines are lines."
                  .formatted(m.metric().text(), m.task().text(), Figures.count(m.samples()))));
      blocks.add(
          new Block.Figure(
              m.metric().text() + " versus speed-up", Drawing.svg(tradeOff(subject, m))));
      blocks.add(new Block.Table("Engines side by side", heads(m), engines(m), false));
      blocks.add(new Block.Text(checks(m)));
    }
    blocks.add(
        new Block.Table(
            "The float-host baseline, cycles: an assumption, not a measurement",
            List.of("work", "elements", "cycles each", "cycles"),
            baseline(subject),
            true));
    return new Section("accuracy", "Accuracy versus speed-up", blocks);
  }

  private static Chart tradeOff(Subject subject, Measurement m) {
    Metric metric = m.metric();
    double scale = metric.isShare() ? 100 : 1;
    double bound = (double) m.baseline().cycles() / subject.program().boundCycles();
    double right = Math.pow(10, Math.ceil(Math.log10(bound * 1.2)));
    double left = Math.pow(10, Math.min(0, Math.floor(Math.log10(m.speedup()))));
    List<Double> values =
        m.scores().keySet().stream().map(e -> scale * m.value(e)).filter(v -> !v.isNaN()).toList();
    double low = values.stream().mapToDouble(v -> v).min().orElse(0);
    double high = values.stream().mapToDouble(v -> v).max().orElse(1);
    double ceiling = metric.isShare() ? 100 : Double.POSITIVE_INFINITY;
    List<Line> lines = new ArrayList<>();
    for (Engine engine : Engine.values()) {
      double value = scale * m.value(engine);
      if (beside(engine) && !Double.isNaN(value)) {
        lines.add(
            new Line(
                engine.title(),
                true,
                List.of(new Point(left, value, ""), new Point(right, value, ""))));
      }
    }
    String label =
        "%s at %s"
            .formatted(Figures.metric(metric, m.value(Engine.INTEGER)), Figures.times(m.speedup()));
    lines.add(
        new Line(
            Engine.INTEGER.title(),
            false,
            List.of(new Point(m.speedup(), scale * m.value(Engine.INTEGER), label, label, "", 6))));
    return new Chart.Lines(
        metric.text() + " versus speed-up",
        new Axis("speed-up over the float-host baseline", true, left, right),
        around(metric.text() + (metric.isShare() ? ", %" : ""), low, high, ceiling),
        lines);
  }

  /// What the program is compared with; the float referee's line would lie on fp32's.
  private static boolean beside(Engine engine) {
    return engine != Engine.INTEGER && engine != Engine.NN;
  }

  /// A linear axis around values, in five steps of a round size.
  private static Axis around(String label, double low, double high, double ceiling) {
    double least = Math.max(Math.max(high - low, Math.abs(high) / 50), 1e-3) * 1.4 / 5;
    double power = Math.pow(10, Math.floor(Math.log10(least)));
    double step =
        power * DoubleStream.of(1, 2, 2.5, 5, 10).filter(n -> least <= n * power).min().orElse(10);
    double middle = (low + high) / 2;
    double top = Math.min(ceiling, Math.rint(middle / step + 2.5) * step);
    double bottom = low >= 0 ? Math.max(0, top - 5 * step) : top - 5 * step;
    return new Axis(label, false, bottom, top);
  }

  private static List<String> heads(Measurement m) {
    List<String> heads = new ArrayList<>(List.of("engine"));
    m.metrics().forEach(metric -> heads.add(metric.text()));
    heads.add("agreement with fp32");
    return heads;
  }

  private static List<Row> engines(Measurement m) {
    List<Row> rows = new ArrayList<>();
    for (Engine engine : Engine.values()) {
      Scores scores = m.scores().get(engine);
      if (scores != null) {
        String some =
            scores.samples() == m.samples() ? "" : ", first " + Figures.count(scores.samples());
        List<Cell> cells = new ArrayList<>(List.of(Cell.words(engine.title() + some)));
        m.metrics()
            .forEach(
                metric -> cells.add(Cell.figure(Figures.metric(metric, m.value(engine, metric)))));
        double agreement = 100 * scores.agreement();
        cells.add(Cell.figure(Double.isNaN(agreement) ? "–" : Figures.share(agreement)));
        rows.add(new Row("", "", cells));
      }
    }
    return rows;
  }

  private static String checks(Measurement m) {
    StringBuilder text = new StringBuilder();
    text.append(
        String.format(
            Locale.ROOT,
            "On %d of %d checked samples the program equals the integer referee bit for bit; the float"
                + " referee differs from ONNX Runtime by at most %.1e. Float operations in the"
                + " accelerated part: %d.",
            m.referees().equal(),
            m.referees().checked(),
            m.referees().largestDifference(),
            m.floatOps()));
    if (m.scores().containsKey(Engine.ORT_STATIC_INT8)) {
      text.append(" ONNX Runtime's int8 depends on the host, here ");
      text.append(OrtInt8.hostInstructions()).append('.');
    }
    m.missing()
        .forEach((engine, why) ->
            text.append(" No ").append(engine.title()).append(": ").append(why).append('.'));
    return text.toString();
  }

  private static List<Row> baseline(Subject subject) {
    var baseline = subject.baseline();
    List<Row> rows = new ArrayList<>();
    rows.add(
        new Row(
            "",
            "",
            List.of(
                Cell.words("matrix products on the accelerator"),
                Cell.figure(""),
                Cell.figure(""),
                Cell.figure(Figures.count(baseline.matmulCycles())))));
    for (Map.Entry<HostWork, Long> e : baseline.elements().entrySet()) {
      rows.add(
          new Row(
              "",
              "",
              List.of(
                  Cell.words(e.getKey().label()),
                  Cell.figure(Figures.count(e.getValue())),
                  Cell.figure(Figures.count(e.getKey().cyclesPerElement())),
                  Cell.figure(Figures.count(baseline.cycles(e.getKey()))))));
    }
    return rows;
  }
}
