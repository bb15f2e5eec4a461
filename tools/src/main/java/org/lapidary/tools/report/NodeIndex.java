package org.lapidary.tools.report;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;

/// The ONNX nodes of a model by number, and where the page speaks of each.
final class NodeIndex {
  private final Map<String, Integer> numbers = new LinkedHashMap<>();
  private final List<List<Mention>> mentions = new ArrayList<>();

  /// A place.
  ///
  /// @param anchor its id
  /// @param title what it is about
  record Mention(String anchor, String title) {}

  /// @param names in the order of the model
  NodeIndex(Iterable<String> names) {
    for (String name : names) {
      numbers.put(name, numbers.size());
      mentions.add(new ArrayList<>());
    }
  }

  OptionalInt number(String node) {
    Integer number = numbers.get(node);
    return number == null ? OptionalInt.empty() : OptionalInt.of(number);
  }

  /// Enters a place; returns its anchor.
  String mention(int number, String section, String title) {
    List<Mention> of = mentions.get(number);
    String anchor = "%s-%d-%d".formatted(section, number, of.size());
    of.add(new Mention(anchor, title));
    return anchor;
  }

  /// All nodes, in order, with their places.
  Map<String, List<Mention>> all() {
    Map<String, List<Mention>> all = new LinkedHashMap<>();
    numbers.forEach((name, number) -> all.put(name, mentions.get(number)));
    return all;
  }

  /// The anchor of a node in the index.
  static String anchor(int number) {
    return "node-" + number;
  }
}
