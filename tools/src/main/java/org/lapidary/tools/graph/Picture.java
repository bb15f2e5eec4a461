package org.lapidary.tools.graph;

import java.util.List;
import java.util.Map;

/// Boxes and lines with their places, ready to be drawn. Lengths are CSS pixels.
///
/// @param groups frames around the boxes of a repeated stretch, outer ones first
record Picture(double width, double height, List<Box> boxes, List<Line> lines, List<Group> groups) {

  /// An operation, an input or a result.
  ///
  /// @param id of the operation; its repetitions have one in common
  /// @param kind for its colour
  /// @param lines of text, the first one its title
  /// @param details what there is to know, for each repetition
  record Box(
      int id,
      String kind,
      List<String> lines,
      List<Map<String, String>> details,
      double x,
      double y,
      double width,
      double height) {
    Box at(double newX, double newY) {
      return new Box(id, kind, lines, details, newX, newY, width, height);
    }
  }

  /// Where a value flows; alternately x and y of its corners.
  record Line(int from, int to, List<Double> points) {}

  /// A frame.
  record Group(String title, double x, double y, double width, double height) {}
}
