package org.lapidary.tools.explore;

import java.util.List;

/// One thing that can be chosen.
///
/// @param name as the option of the command line is called, without dashes; or of a machine's part
/// @param part what the choice has an influence on
/// @param values as on the command line, the usual one first
public record Axis(String name, Part part, List<String> values) {
  /// What a choice can change.
  public enum Part {
    /// The graph, what is observed of it, the numbers, the cycles.
    GRAPH,
    /// The numbers that are computed, and the cycles.
    NUMBERS,
    /// The commands of the program: its cycles only.
    PROGRAM,
    /// A piece of the machine: cycles only.
    MACHINE
  }

  public Axis {
    values = values.stream().distinct().toList();
    if (values.isEmpty()) {
      throw new IllegalArgumentException("nothing to choose from for " + name);
    }
  }
}
