package org.lapidary.tools.study;

import java.util.List;
import org.lapidary.tools.page.Chart;

/// A chapter of a report.
///
/// @param id short and stable
/// @param title its heading
/// @param text paragraphs that say what was done and what differs
/// @param tables the figures
/// @param charts the same, drawn
public record Section(
    String id, String title, List<String> text, List<Table> tables, List<Chart> charts) {
  public Section {
    text = List.copyOf(text);
    tables = List.copyOf(tables);
    charts = List.copyOf(charts);
  }
}
