package org.lapidary.tools.study;

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

  /// A point and what is written beside it, if anything.
  record Point(double x, double y, String label) {}
}
