package org.lapidary.tools.cli;

import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import java.io.IOException;
import java.io.PrintWriter;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/// Where a command's results go: text for people, or with `--json` exactly one JSON document.
public final class Output {
  private static final ObjectMapper JSON =
      new ObjectMapper()
          .enable(SerializationFeature.INDENT_OUTPUT)
          .disable(JsonGenerator.Feature.AUTO_CLOSE_TARGET);

  @Spec(Spec.Target.MIXEE)
  CommandSpec spec = CommandSpec.create();

  @Option(names = "--json", description = "Print one JSON document instead of text.")
  boolean json;

  private @Nullable Manifest manifest;

  boolean json() {
    return json;
  }

  PrintWriter out() {
    return spec.commandLine().getOut();
  }

  PrintWriter err() {
    return spec.commandLine().getErr();
  }

  /// What the command was asked for and from what.
  Manifest manifest() {
    if (manifest == null) {
      manifest = Manifest.of(spec); // once: it reads every input
    }
    return manifest;
  }

  void document(Map<String, ?> document) {
    Map<String, Object> whole = new LinkedHashMap<>(document);
    whole.put("manifest", manifest().facts());
    write(whole, out());
  }

  static void write(Object document, PrintWriter out) {
    try {
      JSON.writeValue(out, document); // a piece at a time: listings can be long
      out.println();
    } catch (IOException e) {
      throw new IllegalStateException("a result that is no JSON", e);
    }
  }

  /// A table with aligned columns: numbers to the right, the rest to the left.
  static String table(List<List<String>> rows) {
    int columns = rows.stream().mapToInt(List::size).max().orElse(0);
    int[] width = new int[columns];
    boolean[] right = new boolean[columns];
    java.util.Arrays.fill(right, true);
    for (int r = 0; r < rows.size(); r++) {
      for (int c = 0; c < rows.get(r).size(); c++) {
        String cell = rows.get(r).get(c);
        width[c] = Math.max(width[c], cell.length());
        right[c] &= r == 0 || cell.isEmpty() || cell.matches("[-+]?[0-9].*");
      }
    }
    StringBuilder text = new StringBuilder();
    for (List<String> row : rows) {
      StringBuilder line = new StringBuilder();
      for (int c = 0; c < row.size(); c++) {
        String pad = " ".repeat(width[c] - row.get(c).length());
        line.append(c == 0 ? "" : "  ");
        line.append(right[c] ? pad + row.get(c) : row.get(c) + pad);
      }
      text.append(line.toString().stripTrailing()).append('\n');
    }
    return text.toString();
  }

  /// A count with separators of thousands: `1,234,567`.
  static String count(long n) {
    return String.format(java.util.Locale.ROOT, "%,d", n);
  }
}
