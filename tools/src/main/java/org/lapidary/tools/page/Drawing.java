package org.lapidary.tools.page;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/// Charts as SVG text. Sizes depend on nothing but the figures, so the bytes are the same on every
/// machine, which charting libraries on top of AWT's font metrics cannot promise.
public final class Drawing {
  private static final int WIDTH = 480;
  private static final int LABELS = 132;
  private static final int VALUES = 64;
  private static final int BAR = 11;
  private static final int LINE = 16;
  private static final int LEFT = 50;
  private static final int PLOT = 300;
  private static final int TICKS = 5;

  private final StringBuilder svg = new StringBuilder();

  private Drawing() {}

  /// The SVG element of a chart.
  public static String svg(Chart chart) {
    Drawing drawing = new Drawing();
    return switch (chart) {
      case Chart.Bars bars -> drawing.bars(bars);
      case Chart.Lines lines -> drawing.lines(lines);
    };
  }

  private String bars(Chart.Bars chart) {
    int group = chart.series().size() * BAR + 8;
    int top = legendHeight(chart.series().size()) + 4;
    int height = top + chart.groups().size() * group;
    double most =
        chart.groups().stream()
            .flatMap(g -> g.values().stream())
            .filter(v -> !v.isNaN())
            .mapToDouble(v -> v)
            .max()
            .orElse(1);
    open(height, chart.title());
    if (chart.series().size() > 1) {
      legend(chart.series());
    }
    for (int g = 0; g < chart.groups().size(); g++) {
      Chart.Group bars = chart.groups().get(g);
      double y = top + g * group;
      text(LABELS - 6, y + (group - 8) / 2.0 + 4, "end", "label", bars.label());
      for (int s = 0; s < bars.values().size(); s++) {
        double value = bars.values().get(s);
        double at = y + s * BAR;
        if (Double.isNaN(value)) {
          text(LABELS + 4, at + 9, "start", "value", "–");
          continue;
        }
        double width = Math.max(0.5, value / most * (WIDTH - LABELS - VALUES));
        rect(LABELS, at, width, BAR - 1, s);
        text(LABELS + width + 4, at + 9, "start", "value", number(value) + chart.unit());
      }
    }
    return close();
  }

  private String lines(Chart.Lines chart) {
    int top = legendHeight(chart.lines().size()) + 4;
    open(top + PLOT + 38, chart.title());
    if (chart.lines().size() > 1) {
      legend(chart.lines().stream().map(Chart.Line::name).toList());
    }
    axes(chart, top);
    for (int i = 0; i < chart.lines().size(); i++) {
      Chart.Line line = chart.lines().get(i);
      if (line.joined()) {
        path(chart, line, top, i);
      } else {
        points(chart, line, top, i);
      }
    }
    return close();
  }

  private void axes(Chart.Lines chart, int top) {
    for (double tick : ticks(chart.x())) {
      double x = x(chart, tick);
      rule(x, top, x, top + PLOT);
      text(x, top + PLOT + 14, "middle", "value", number(tick));
    }
    for (double tick : ticks(chart.y())) {
      double y = y(chart, tick, top);
      rule(LEFT, y, WIDTH - 8, y);
      text(LEFT - 5, y + 4, "end", "value", number(tick));
    }
    text((LEFT + WIDTH) / 2.0, top + PLOT + 31, "middle", "label", chart.x().label());
    svg.append(
        "<text class=\"label\" text-anchor=\"middle\" transform=\"translate(11 %s) rotate(-90)\">%s</text>\n"
            .formatted(f(top + PLOT / 2.0), Page.escaped(chart.y().label())));
  }

  private static List<Double> ticks(Chart.Axis axis) {
    List<Double> ticks = new ArrayList<>();
    if (axis.logarithmic()) {
      double at = Math.pow(10, Math.ceil(Math.log10(axis.low()) - 1e-9));
      for (; at <= axis.high() * (1 + 1e-9); at *= 10) {
        ticks.add(at);
      }
    } else {
      for (int i = 0; i <= TICKS; i++) {
        ticks.add(axis.low() + (axis.high() - axis.low()) * i / TICKS);
      }
    }
    return ticks;
  }

  private void path(Chart.Lines chart, Chart.Line line, int top, int colour) {
    StringBuilder d = new StringBuilder();
    for (Chart.Point p : line.points()) {
      d.append(d.isEmpty() ? "M" : "L").append(f(x(chart, p.x())));
      d.append(' ').append(f(y(chart, p.y(), top)));
    }
    svg.append("<path class=\"l%d\" d=\"%s\"/>\n".formatted(colour, d));
  }

  private void points(Chart.Lines chart, Chart.Line line, int top, int colour) {
    for (int i = 0; i < line.points().size(); i++) {
      Chart.Point p = line.points().get(i);
      double x = x(chart, p.x());
      double y = y(chart, p.y(), top);
      svg.append(
          linked(
              p,
              "<circle class=\"s%d\" cx=\"%s\" cy=\"%s\" r=\"%s\">%s</circle>"
                  .formatted(
                      colour,
                      f(x),
                      f(y),
                      f(p.size()),
                      p.tip().isEmpty() ? "" : "<title>" + Page.escaped(p.tip()) + "</title>")));
      if (!p.label().isEmpty()) {
        // Below one another, as neighbours often share a height.
        double under = y + LINE * (i + 1);
        boolean right = x > WIDTH - 130;
        rule(x, y + 4, x, under - 4);
        text(right ? x - 3 : x + 3, under, right ? "end" : "start", "value", p.label());
      }
    }
  }

  private static String linked(Chart.Point point, String drawn) {
    return point.link().isEmpty()
        ? drawn + "\n"
        : "<a href=\"#%s\" aria-label=\"%s\">%s</a>\n"
            .formatted(Page.escaped(point.link()), Page.escaped(point.tip()), drawn);
  }

  private static double x(Chart.Lines chart, double value) {
    return LEFT + chart.x().at(value) * (WIDTH - 8 - LEFT);
  }

  private static double y(Chart.Lines chart, double value, int top) {
    return top + PLOT * (1 - chart.y().at(value));
  }

  /// Two names a row; none for a single one.
  private static int legendHeight(int names) {
    return names > 1 ? LINE * ((names + 1) / 2) + 4 : 0;
  }

  private void legend(List<String> names) {
    double column = WIDTH / 2.0;
    for (int i = 0; i < names.size(); i++) {
      double x = i % 2 * column;
      double y = i / 2 * LINE;
      rect(x, y + 2, 10, 10, i);
      text(x + 15, y + 11, "start", "label", names.get(i));
    }
  }

  private void open(int height, String title) {
    svg.append(
        "<svg viewBox=\"0 0 %d %d\" role=\"img\" aria-label=\"%s\">\n"
            .formatted(WIDTH, height, Page.escaped(title)));
  }

  private String close() {
    return svg.append("</svg>").toString();
  }

  private void rect(double x, double y, double width, double height, int colour) {
    svg.append(
        "<rect class=\"s%d\" x=\"%s\" y=\"%s\" width=\"%s\" height=\"%s\"/>\n"
            .formatted(colour, f(x), f(y), f(width), f(height)));
  }

  private void rule(double x1, double y1, double x2, double y2) {
    svg.append(
        "<line x1=\"%s\" y1=\"%s\" x2=\"%s\" y2=\"%s\"/>\n".formatted(f(x1), f(y1), f(x2), f(y2)));
  }

  private void text(double x, double y, String anchor, String kind, String text) {
    svg.append(
        "<text class=\"%s\" x=\"%s\" y=\"%s\" text-anchor=\"%s\">%s</text>\n"
            .formatted(kind, f(x), f(y), anchor, Page.escaped(text)));
  }

  private static String f(double value) {
    return String.format(Locale.ROOT, "%.1f", value);
  }

  /// A value with as many digits as it needs, three at most.
  private static String number(double value) {
    double size = Math.abs(value);
    String form = size >= 100 || value == Math.rint(value) ? "%,.0f" : size >= 10 ? "%.1f" : "%.2f";
    return String.format(Locale.ROOT, form, value);
  }
}
