package org.lapidary.sim.timing;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.zip.GZIPInputStream;
import org.jspecify.annotations.Nullable;
import org.lapidary.machine.GemminiParams;

/// Predicted against measured cycles for every workload of a table with the columns of
/// `rtl/cycles.csv`: streams of raw commands, a machine configuration and a memory each.
///
/// @param rows the workloads, in the order of the table
public record CycleTable(List<Row> rows) {
  /// One workload.
  ///
  /// @param workload its name, which says shape, variant and kind of stream
  /// @param config machine configuration; `l2` is `default` behind a cache
  /// @param memory the memory it ran on
  /// @param measured cycles of the table
  /// @param predicted cycles of the model
  /// @param measuredAgain cycles when run a second time without a reset, 0 where the table has none
  /// @param predictedAgain the model's, 0 likewise
  public record Row(
      String workload,
      String config,
      MemoryTiming memory,
      long measured,
      long predicted,
      long measuredAgain,
      long predictedAgain) {
    /// Absolute error in per cent of the measured cycles.
    public double errorPercent() {
      return 100.0 * Math.abs(predicted - measured) / measured;
    }

    /// The family the workload belongs to, from its name.
    public String family() {
      return Family.of(workload);
    }
  }

  /// A table or stream that cannot be used; the message says where and why.
  public static final class TableException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    TableException(String message) {
      super(message);
    }
  }

  private static final String CACHED = "l2";

  /// Reads the table and predicts every row.
  ///
  /// @throws TableException when the table or a stream is missing or malformed
  public static CycleTable predict(Path table) {
    List<String> lines = lines(table);
    if (lines.isEmpty()) {
      throw new TableException(table + ": empty, expected a header line");
    }
    Columns columns = new Columns(table, lines.get(0).split(",", -1));
    Path base = table.toAbsolutePath().getParent();
    Map<String, long[]> streams = new HashMap<>();
    List<Row> rows = new ArrayList<>();
    for (int n = 1; n < lines.size(); n++) {
      if (!lines.get(n).isBlank()) {
        rows.add(row(columns, n + 1, lines.get(n).split(",", -1), base, streams));
      }
    }
    return new CycleTable(List.copyOf(rows));
  }

  private static Row row(
      Columns columns, int line, String[] field, @Nullable Path base, Map<String, long[]> streams) {
    String config = columns.text(field, line, "config");
    boolean cached = config.equals(CACHED);
    String stream = columns.text(field, line, "stream");
    long[] commands =
        streams.computeIfAbsent(
            stream, s -> CommandTrace.read(base == null ? Path.of(s) : base.resolve(s)));
    var memory =
        new MemoryTiming(
            (int) columns.number(field, line, "mem_latency"),
            (int) columns.number(field, line, "beat_interval"),
            (int) columns.number(field, line, "cmd_gap"),
            cached);
    var model = new CycleModel(GemminiParams.load(cached ? "default" : config), memory);
    long first = CommandTrace.run(commands, model);
    long measuredAgain = columns.optional(field, line, "cycles_second_run");
    long second = measuredAgain > 0 ? CommandTrace.run(commands, model) - first : 0;
    return new Row(
        columns.text(field, line, "workload"),
        config,
        memory,
        columns.number(field, line, "cycles"),
        first,
        measuredAgain,
        second);
  }

  /// Errors over all rows.
  public ErrorSummary overall() {
    return summary(rows);
  }

  /// Errors per family, in alphabetical order.
  public Map<String, ErrorSummary> families() {
    Map<String, List<Row>> grouped = new TreeMap<>();
    for (Row row : rows) {
      grouped.computeIfAbsent(row.family(), f -> new ArrayList<>()).add(row);
    }
    Map<String, ErrorSummary> result = new TreeMap<>();
    grouped.forEach((family, members) -> result.put(family, summary(members)));
    return result;
  }

  private static ErrorSummary summary(List<Row> rows) {
    return ErrorSummary.of(rows.stream().mapToDouble(Row::errorPercent).toArray());
  }

  private static List<String> lines(Path file) {
    if (!Files.isReadable(file)) {
      throw new TableException(file + ": no such file");
    }
    try (InputStream in = Files.newInputStream(file);
        var reader =
            new BufferedReader(
                new InputStreamReader(
                    file.toString().endsWith(".gz") ? new GZIPInputStream(in) : in,
                    StandardCharsets.UTF_8))) {
      return reader.lines().toList();
    } catch (IOException e) {
      throw new TableException(file + ": " + e.getMessage());
    }
  }

  private record Columns(Path table, Map<String, Integer> index) {
    Columns(Path table, String[] names) {
      this(table, new HashMap<>());
      for (int i = 0; i < names.length; i++) {
        index.put(names[i].strip(), i);
      }
    }

    String text(String[] field, int line, String name) {
      Integer i = index.get(name);
      if (i == null) {
        throw new TableException(
            table + ": no column " + name + ", has " + new ArrayList<>(index.keySet()));
      }
      if (i >= field.length) {
        throw new TableException(table + ":" + line + ": only " + Arrays.toString(field));
      }
      return field[i].strip();
    }

    long number(String[] field, int line, String name) {
      String text = text(field, line, name);
      try {
        return Long.parseLong(text);
      } catch (NumberFormatException e) {
        throw new TableException(table + ":" + line + ": " + name + " is not a number: " + text);
      }
    }

    long optional(String[] field, int line, String name) {
      return index.containsKey(name) && !text(field, line, name).isEmpty()
          ? number(field, line, name)
          : 0;
    }
  }
}
