package org.lapidary.tools.study;

import de.siegmar.fastcsv.writer.CsvWriter;
import de.siegmar.fastcsv.writer.LineDelimiter;
import java.io.IOException;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.lapidary.tools.page.Chart;
import org.lapidary.tools.page.Drawing;
import org.lapidary.tools.page.Page;

/// Chapters of figures as one HTML page and as one CSV file.
///
/// @param title of the page
/// @param summary under the title
/// @param sections in order
public record Report(String title, List<String> summary, List<Section> sections) {
  private static final String TEMPLATE = "report.html.mustache";

  public Report {
    summary = List.copyOf(summary);
    sections = List.copyOf(sections);
  }

  /// A page that needs nothing but itself.
  public String html() {
    return Page.of(Report.class, TEMPLATE, page());
  }

  private Map<String, Object> page() {
    return Map.of(
        "title", title, "summary", summary, "sections", sections.stream().map(Report::of).toList());
  }

  private static Map<String, Object> of(Section section) {
    return Map.of(
        "id", section.id(),
        "title", section.title(),
        "text", section.text(),
        "charts", section.charts().stream().map(Report::of).toList(),
        "tables", section.tables().stream().map(Report::of).toList());
  }

  private static Map<String, Object> of(Chart chart) {
    return Map.of("title", chart.title(), "svg", Drawing.svg(chart));
  }

  private static Map<String, Object> of(Table table) {
    List<Map<String, Object>> rows =
        table.rows().stream()
            .map(row ->
                Map.<String, Object>of(
                    "name",
                    row.getFirst(),
                    "cells",
                    row.subList(1, row.size()).stream().map(Report::cell).toList()))
            .toList();
    return Map.of(
        "title",
        table.title(),
        "first",
        table.columns().getFirst(),
        "columns",
        IntStream.range(1, table.columns().size()).mapToObj(c -> heading(table, c)).toList(),
        "rows",
        rows);
  }

  /// A heading stands as its column does.
  private static Map<String, Object> heading(Table table, int column) {
    boolean figures = table.rows().stream().allMatch(row -> isFigure(row.get(column)));
    return Map.of("value", table.columns().get(column), "kind", figures ? "figure" : "words");
  }

  /// Figures stand to the right, words to the left.
  private static Map<String, Object> cell(String text) {
    return Map.of("value", text, "kind", isFigure(text) ? "figure" : "words");
  }

  private static boolean isFigure(String text) {
    return text.matches("[-+–]|[-+]?[0-9][0-9.,]*( %|×)?");
  }

  /// Every cell of every table on a line of its own: section, table, row, column, value.
  public String csv() {
    StringWriter text = new StringWriter();
    try (var csv = CsvWriter.builder().lineDelimiter(LineDelimiter.LF).build(text)) {
      csv.writeRecord("section", "table", "row", "column", "value");
      for (Section section : sections) {
        for (Table table : section.tables()) {
          for (List<String> row : table.rows()) {
            for (int c = 1; c < row.size(); c++) {
              csv.writeRecord(
                  section.id(), table.id(), row.getFirst(), table.columns().get(c), row.get(c));
            }
          }
        }
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return text.toString();
  }
}
