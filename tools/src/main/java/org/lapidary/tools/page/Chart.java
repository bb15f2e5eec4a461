package org.lapidary.tools.page;

import java.util.List;

/// A drawing of figures; [Drawing] makes SVG of it.
public sealed interface Chart {
  /// What it shows.
  String title();

  /// Horizontal bars, one per series and group.
  ///
  /// @param unit behind each value
  /// @param series names, at most three
  /// @param groups a label and a value per series; NaN where there is none
  record Bars(String title, String unit, List<String> series, List<Group> groups) implements Chart {
    public Bars {
      series = List.copyOf(series);
      groups = List.copyOf(groups);
    }
  }

  /// Bars that belong together.
  record Group(String label, List<Double> values) {
    public Group {
      values = List.copyOf(values);
    }
  }

  /// Lines or points over logarithmic or linear axes.
  record Lines(String title, Axis x, Axis y, List<Line> lines) implements Chart {
    public Lines {
      lines = List.copyOf(lines);
    }
  }

  /// An axis from `low` to `high`.
  record Axis(String label, boolean logarithmic, double low, double high) {
    /// Where a value is, 0 at the low end, 1 at the high end.
    double at(double value) {
      return logarithmic
          ? Math.log(value / low) / Math.log(high / low)
          : (value - low) / (high - low);
    }
  }

  /// Points, joined or each with its label.
  ///
  /// @param name in the legend
  /// @param joined whether a line goes through them
  record Line(String name, boolean joined, List<Point> points) {
    public Line {
      points = List.copyOf(points);
    }
  }

  /// A point.
  ///
  /// @param label written beside it, if anything
  /// @param tip shown when pointed at, if anything
  /// @param link where a click leads on the same page, if anywhere
  /// @param size radius
  record Point(double x, double y, String label, String tip, String link, double size) {
    private static final double SIZE = 3.5;

    /// With a label, or without if it is empty.
    public Point(double x, double y, String label) {
      this(x, y, label, "", "", SIZE);
    }
  }
}
