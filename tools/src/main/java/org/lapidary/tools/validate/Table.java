package org.lapidary.tools.validate;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.lapidary.ir.Diagnostic;
import org.lapidary.ir.DiagnosticException;
import org.lapidary.ir.Tensor;
import org.lapidary.tools.data.TextEncoder;

/// Tab-separated text whose first line names the columns. A cell may be quoted, as spreadsheets do,
/// if every quote inside is doubled; any other quote is text.
record Table(Path file, TextEncoder encoder, DataOptions options) {
  private static final String[] FIRST = {
    "sentence1", "sentence", "text", "text1", "premise", "question1"
  };
  private static final String[] SECOND = {"sentence2", "text2", "hypothesis", "question2"};
  private static final String[] LABEL = {"label", "score", "labels", "similarity"};

  /// One line below the header.
  record Row(Path file, int line, List<String> header, List<String> cells) {
    boolean has(String... columns) {
      return List.of(columns).stream().anyMatch(header::contains);
    }

    /// The cell of the first of these columns that exists.
    String cell(String... columns) {
      for (String column : columns) {
        int i = header.indexOf(column);
        if (i >= 0 && i < cells.size()) {
          return cells.get(i).strip();
        }
        if (i >= 0) {
          throw at("has only " + cells.size() + " of " + header.size() + " columns");
        }
      }
      throw TaskData.problem(
          Diagnostic.Code.INVALID_INPUT,
          file,
          "has the columns " + header,
          "the first line must name columns: one of " + String.join(", ", columns));
    }

    DiagnosticException at(String message) {
      return TaskData.problem(
          Diagnostic.Code.INVALID_INPUT,
          file,
          "line " + line + " " + message,
          "columns are separated by tabs; see lapidary validate --help");
    }
  }

  List<Row> rows(String text) {
    List<String> lines = text.lines().toList();
    List<String> header = lines.isEmpty() ? List.of() : cells(lines.getFirst());
    List<Row> rows = new ArrayList<>();
    for (int i = 1; i < lines.size() && rows.size() < options.limit(); i++) {
      if (!lines.get(i).isBlank()) {
        rows.add(new Row(file, i + 1, header, cells(lines.get(i))));
      }
    }
    return rows;
  }

  private static List<String> cells(String line) {
    return List.of(line.split("\t", -1)).stream().map(Table::unquoted).toList();
  }

  private static String unquoted(String cell) {
    String s = cell.strip();
    if (s.length() < 2 || s.charAt(0) != '"' || s.charAt(s.length() - 1) != '"') {
      return s;
    }
    String inside = s.substring(1, s.length() - 1);
    return inside.replace("\"\"", "").contains("\"") ? s : inside.replace("\"\"", "\"");
  }

  List<Sample> samples(String text, Task task) {
    return rows(text).stream().map(row -> sample(row, task)).toList();
  }

  /// The inputs of all inferences.
  ///
  /// @param joined whether two sentences go into one sequence
  List<Map<String, Tensor>> unlabelled(String text, boolean joined) {
    return rows(text).stream().flatMap(row -> inferences(row, joined).stream()).toList();
  }

  /// Whether it is a table of texts to be continued.
  boolean hasPrompts(String text) {
    return text.lines().findFirst().filter(header -> cells(header).contains("prompt")).isPresent();
  }

  private List<Map<String, Tensor>> inferences(Row row, boolean joined) {
    String first = row.cell(FIRST);
    if (!row.has(SECOND)) {
      return List.of(single(first));
    }
    String second = row.cell(SECOND);
    return joined
        ? List.of(Sample.row(encoder.encode(first, second)))
        : List.of(single(first), single(second));
  }

  private Sample sample(Row row, Task task) {
    if (task == Task.STS) {
      row.cell(SECOND);
    }
    List<Map<String, Tensor>> inferences = inferences(row, task.joins(options.pairsJoined()));
    int[] labels = task == Task.CLASSIFY ? new int[] {label(row)} : new int[0];
    boolean scores = task == Task.STS || (task == Task.EMBED && row.has(LABEL));
    return new Sample(inferences, labels, scores ? score(row) : 0);
  }

  private Map<String, Tensor> single(String text) {
    return Sample.row(encoder.encode(text));
  }

  private int label(Row row) {
    return LabelledWords.label(row.cell(LABEL), options.labelNames(), row::at);
  }

  private static double score(Row row) {
    String cell = row.cell(LABEL);
    try {
      double score = Double.parseDouble(cell);
      if (Double.isFinite(score)) {
        return score;
      }
    } catch (NumberFormatException e) {
      // no number at all, as reported below
    }
    throw row.at("has '" + cell + "' where a score is due");
  }
}
