package org.lapidary.tools.explore;

import com.samskivert.mustache.Mustache;
import de.siegmar.fastcsv.writer.CsvWriter;
import de.siegmar.fastcsv.writer.LineDelimiter;
import java.io.IOException;
import java.io.InputStream;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.lapidary.sim.timing.CycleModel;

/// The files that tell of an exploration: every point, the fronts, and a page with a chart.
///
/// @param found what they tell of
public record FindingsFiles(Findings found) {
  /// Writes all of them.
  public void write(Path folder) {
    Store.write(folder.resolve("points.csv"), csv(found.points()));
    Store.write(folder.resolve("front.csv"), csv(found.sorted()));
    Store.write(folder.resolve("explore.html"), page(String.valueOf(modelName())));
  }

  /// One line per point.
  String csv(List<Point> points) {
    StringWriter text = new StringWriter();
    try (CsvWriter csv = CsvWriter.builder().lineDelimiter(LineDelimiter.LF).build(text)) {
      List<String> head =
          new ArrayList<>(
              List.of(
                  "hash",
                  found.plan().metric().text(),
                  "samples",
                  "cycles",
                  "sram_bytes",
                  "estimated_energy_uj",
                  "fronts"));
      found.plan().space().axes().forEach(axis -> head.add(axis.name()));
      head.add("command");
      csv.writeRecord(head);
      for (Point point : points) {
        csv.writeRecord(row(point));
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return text.toString();
  }

  private List<String> row(Point point) {
    List<String> row =
        new ArrayList<>(
            List.of(
                point.hash(),
                Double.toString(found.value(point.accuracy())),
                Integer.toString(point.accuracy().samples()),
                Long.toString(point.cost().cycles()),
                Long.toString(point.cost().sramBytes()),
                Double.toString(point.cost().traffic().energyMicrojoules()),
                String.join(" ", found.frontsOf(point))));
    row.addAll(point.settings().byName().values());
    row.add(point.command());
    return row;
  }

  private Path modelName() {
    return Objects.requireNonNullElse(
        Path.of(found.plan().question().words().getFirst()).getFileName(), Path.of("model"));
  }

  /// A page that needs nothing but itself.
  String page(String title) {
    var error = CycleModel.knownError().overall();
    Map<String, Object> values = new LinkedHashMap<>();
    values.put("title", title);
    values.put("model", found.plan().question().words().getFirst());
    values.put("metric", found.plan().metric().text());
    values.put("points", found.points().size());
    values.put("space", found.plan().space().size());
    values.put("seed", found.plan().seed());
    values.put("all", found.plan().allSamples());
    values.put("search", found.plan().searchSamples());
    values.put("refused", found.refused().size());
    values.put("cycleModel", CycleModel.NAME);
    values.put(
        "cycleError",
        "mean %.1f %%, 90th percentile %.1f %%, worst %.1f %%"
            .formatted(error.mean(), error.p90(), error.worst()));
    values.put("energy", Traffic.LABEL);
    // A script must not end inside a string.
    values.put("data", Store.json(found.document()).replace("</", "<\\/"));
    values.put("script", text("explore.js"));
    return Mustache.compiler().compile(text("explore.html.mustache")).execute(values);
  }

  private static String text(String resource) {
    String path = "/org/lapidary/tools/explore/" + resource;
    try (InputStream in = FindingsFiles.class.getResourceAsStream(path)) {
      Objects.requireNonNull(in, path);
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
