package org.lapidary.tools.report;

import java.util.List;
import java.util.Map;
import org.lapidary.ir.text.GraphDiff;

/// A part of a section.
sealed interface Block {
  /// A paragraph.
  record Text(String text) implements Block {}

  /// Figures that stand out.
  record Tiles(List<Tile> tiles) implements Block {}

  /// A figure that stands out.
  ///
  /// @param remark below it
  record Tile(String title, String value, String remark) {}

  /// A drawing.
  ///
  /// @param svg an SVG element
  record Figure(String title, String svg) implements Block {}

  /// Bars that show what a whole consists of.
  ///
  /// @param kinds of shares in the order of the legend, with the class that colours them
  record Shares(String title, Map<String, String> kinds, List<Bar> bars) implements Block {}

  /// One whole.
  ///
  /// @param shares of each kind, in per cent
  record Bar(String title, Map<String, Double> shares) {}

  /// Rows under heads.
  ///
  /// @param folded whether it is shown on demand only
  record Table(String title, List<String> columns, List<Row> rows, boolean folded)
      implements Block {}

  /// A row.
  ///
  /// @param node the ONNX node it is about, or empty
  /// @param mention what the index calls it, or empty to leave it out there
  record Row(String node, String mention, List<Cell> cells) {}

  /// A cell.
  ///
  /// @param bar a share in per cent that is drawn behind a figure; 0 for none
  record Cell(String text, Kind kind, double bar) {
    static Cell words(String text) {
      return new Cell(text, Kind.WORDS, 0);
    }

    static Cell node(String name) {
      return new Cell(name, Kind.NODE, 0);
    }

    static Cell figure(String text) {
      return new Cell(text, Kind.FIGURE, 0);
    }

    static Cell bar(String text, double percent) {
      return new Cell(text, Kind.FIGURE, percent);
    }
  }

  /// What a cell holds.
  enum Kind {
    WORDS,
    FIGURE,
    NODE
  }

  /// What changed from one graph to the next.
  ///
  /// @param left number of lines that are not shown
  record Diff(String title, List<GraphDiff.Line> lines, int left) implements Block {}
}
