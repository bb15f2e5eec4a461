package org.lapidary.tools.study;

import java.util.List;

/// A table of a report.
///
/// @param id short and stable, for the CSV
/// @param title what it shows
/// @param columns heads; the first one is of the rows' names
/// @param rows cells as printed
public record Table(String id, String title, List<String> columns, List<List<String>> rows) {
  public Table {
    columns = List.copyOf(columns);
    rows = rows.stream().map(List::copyOf).toList();
    for (List<String> row : rows) {
      if (row.size() != columns.size()) {
        throw new IllegalArgumentException(id + ": " + row + " under " + columns);
      }
    }
  }
}
