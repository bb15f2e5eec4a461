package org.lapidary.tools.search;

import de.siegmar.fastcsv.writer.CsvWriter;
import de.siegmar.fastcsv.writer.LineDelimiter;
import java.io.IOException;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Consumer;
import org.lapidary.gemmini.program.WholeDirectory;
import org.lapidary.sim.timing.CycleModel;
import org.lapidary.tools.explore.Traffic;
import org.lapidary.tools.page.Chart;
import org.lapidary.tools.study.Report;
import org.lapidary.tools.study.Section;
import org.lapidary.tools.study.Table;

/// A search as a page, as CSV files and as JSON.
///
/// @param model the supernet's file
/// @param machine as the user names it
public record SearchReport(String model, String machine, SearchResult result) {
  private static final List<String> FILES =
      List.of("search.html", "candidates.csv", "front.csv", "table.csv", WholeDirectory.ORIGIN);
  private static final List<List<String>> PUBLISHED =
      List.of(List.of("1.4×", "1.6×", "2.2×"), List.of("2.4×", "4.4×", "10.6×"));

  /// The result table: what each concession gains over the supernet.
  public Table results() {
    List<List<String>> rows = new ArrayList<>();
    rows.add(row("supernet", result.reference()));
    for (SearchResult.Choice choice : result.choices()) {
      rows.add(row(concession(choice), choice));
    }
    return new Table(
        "results",
        "The cheapest sub-networks; gains over the supernet, of compiled programs",
        List.of(
            "given up",
            result.quality().name(),
            "held out",
            "cycles",
            "µJ",
            "latency",
            "energy",
            "EDP",
            "genome"),
        rows);
  }

  private List<String> row(String name, SearchResult.Choice choice) {
    SearchResult.Gain gain = result.gain(choice);
    Cost cost = choice.found().compiled();
    return List.of(
        name,
        figure(choice.quality()),
        Double.isNaN(choice.heldOut()) ? "–" : figure(choice.heldOut()),
        String.format(Locale.ROOT, "%,d", cost.cycles()),
        String.format(Locale.ROOT, "%.1f", cost.microjoules()),
        times(gain.latency()),
        times(gain.energy()),
        times(gain.edp()),
        choice.genome().toString());
  }

  private String concession(SearchResult.Choice choice) {
    String sign = result.quality().higherIsBetter() ? "−" : "+";
    return sign + String.format(Locale.ROOT, "%s", choice.givenUp());
  }

  /// Lines that say how the figures came about.
  public List<String> notes() {
    var error = CycleModel.knownError().overall();
    Map.Entry<Double, Double> off = result.tableError();
    return List.of(
        "%s on machine %s: %,d of %.3g sub-networks judged in %d generations of %d, seed %d"
            .formatted(
                model,
                machine,
                result.all().size(),
                result.space().size(),
                result.settings().generations(),
                result.settings().population(),
                result.settings().seed()),
        String.format(
            Locale.ROOT,
            "cycles: model %s, mean error %.1f %%; compiled programs. The table of operations that"
                + " guided the search is off by %.2f %% on average, %.2f %% at worst (%d compiled)",
            CycleModel.NAME,
            error.mean(),
            off.getKey(),
            off.getValue(),
            result.front().size() + 1),
        "energy: " + Traffic.LABEL + "; EDP is energy times cycles",
        "weights are inherited from the supernet, nothing is trained; quality in fp32");
  }

  /// The page.
  public Report page() {
    Table published =
        new Table(
            "published",
            "The survey's, for a 6-layer model on WikiText-2 (arXiv 2302.14017, §6.4)",
            List.of("given up", "latency", "energy", "EDP"),
            List.of(
                prepended("+0.1 perplexity", PUBLISHED.get(0)),
                prepended("+1 perplexity", PUBLISHED.get(1))));
    return new Report(
        "Architecture search",
        notes(),
        List.of(
            new Section(
                "results",
                "What a concession gains",
                List.of("lapidary search --slice GENOME writes a sub-network as an ONNX file."),
                List.of(results(), published),
                List.of()),
            new Section("front", "The front", List.of(), List.of(frontTable()), List.of(chart()))));
  }

  private static List<String> prepended(String first, List<String> rest) {
    List<String> all = new ArrayList<>(List.of(first));
    all.addAll(rest);
    return all;
  }

  private Table frontTable() {
    List<List<String>> rows = new ArrayList<>();
    for (SearchResult.Found f : result.front()) {
      rows.add(
          List.of(
              f.candidate().genome().toString(),
              figure(f.candidate().quality()),
              String.format(Locale.ROOT, "%,d", f.compiled().cycles()),
              String.format(Locale.ROOT, "%.1f", f.compiled().microjoules()),
              String.format(Locale.ROOT, "%.2f", f.errorPercent())));
    }
    return new Table(
        "front",
        "No sub-network found is better and has a smaller energy-delay product",
        List.of("genome", result.quality().name(), "cycles", "µJ", "table off by %"),
        rows);
  }

  private Chart chart() {
    List<Chart.Point> tried = new ArrayList<>();
    result.all().forEach(c -> tried.add(new Chart.Point(c.cost().cycles(), c.quality(), "")));
    List<Chart.Point> front = new ArrayList<>();
    result
        .front()
        .forEach(
            f -> front.add(new Chart.Point(f.compiled().cycles(), f.candidate().quality(), "")));
    double[] y = tried.stream().mapToDouble(Chart.Point::y).sorted().toArray();
    double most = tried.stream().mapToDouble(Chart.Point::x).max().orElse(1);
    double room = 0.03 * (y[y.length - 1] - y[0]) + 1e-9;
    return new Chart.Lines(
        result.quality().name() + " against cycles",
        new Chart.Axis("cycles", false, 0, most * 1.03),
        new Chart.Axis(result.quality().name(), false, y[0] - room, y[y.length - 1] + room),
        List.of(new Chart.Line("judged", false, tried), new Chart.Line("front", true, front)));
  }

  /// Writes everything, or nothing.
  ///
  /// @param origin what it was made from
  public void write(Path directory, String origin) {
    WholeDirectory.write(
        directory,
        names -> !names.isEmpty() && FILES.containsAll(names),
        "the results of a search",
        target -> {
          Files.writeString(target.resolve("search.html"), page().html());
          Files.writeString(target.resolve("candidates.csv"), csv(this::candidates));
          Files.writeString(target.resolve("front.csv"), csv(this::front));
          Files.writeString(target.resolve("table.csv"), csv(this::table));
          Files.writeString(target.resolve(WholeDirectory.ORIGIN), origin);
        });
  }

  private void candidates(CsvWriter csv) {
    csv.writeRecord(
        "genome", result.quality().name(), "table_cycles", "table_microjoules", "table_edp");
    for (Candidate c : result.all()) {
      csv.writeRecord(
          c.genome().toString(),
          Double.toString(c.quality()),
          Long.toString(c.cost().cycles()),
          exact(c.cost().microjoules()),
          exact(c.cost().edp()));
    }
  }

  private void front(CsvWriter csv) {
    csv.writeRecord(
        "genome", result.quality().name(), "cycles", "microjoules", "edp", "table_cycles");
    for (SearchResult.Found f : result.front()) {
      csv.writeRecord(
          f.candidate().genome().toString(),
          Double.toString(f.candidate().quality()),
          Long.toString(f.compiled().cycles()),
          exact(f.compiled().microjoules()),
          exact(f.compiled().edp()),
          Long.toString(f.candidate().cost().cycles()));
    }
  }

  private void table(CsvWriter csv) {
    csv.writeRecord("block", "hidden", "heads_or_neurons", "operation", "cycles", "microjoules");
    result
        .table()
        .entries()
        .forEach((key, operations) -> {
          for (CostTable.Operation o : operations) {
            csv.writeRecord(
                key.block(),
                Integer.toString(key.hidden()),
                Integer.toString(key.size()),
                o.name(),
                Long.toString(o.cost().cycles()),
                exact(o.cost().microjoules()));
          }
        });
  }

  private static String csv(Consumer<CsvWriter> rows) {
    StringWriter text = new StringWriter();
    try (CsvWriter csv = CsvWriter.builder().lineDelimiter(LineDelimiter.LF).build(text)) {
      rows.accept(csv);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return text.toString();
  }

  /// The keys that scripts read.
  public Map<String, Object> document() {
    Map<String, Object> cycleModel = new LinkedHashMap<>();
    cycleModel.put("name", CycleModel.NAME);
    cycleModel.put("mean_error_percent", CycleModel.knownError().overall().mean());
    Map<String, Object> error = new LinkedHashMap<>();
    error.put("mean", result.tableError().getKey());
    error.put("worst", result.tableError().getValue());
    Map<String, Object> d = new LinkedHashMap<>();
    d.put("machine", machine);
    d.put("cycle_model", cycleModel);
    d.put("energy_model", Traffic.LABEL);
    d.put("metric", result.quality().name());
    d.put("judged", result.all().size());
    d.put("table_error_percent", error);
    d.put("supernet", document(result.reference()));
    d.put("choices", result.choices().stream().map(this::document).toList());
    d.put("front", result.front().stream().map(SearchReport::document).toList());
    return d;
  }

  private Map<String, Object> document(SearchResult.Choice choice) {
    Map<String, Object> d = new LinkedHashMap<>();
    d.put("given_up", choice.givenUp());
    d.putAll(document(choice.found()));
    d.put("held_out", Double.isNaN(choice.heldOut()) ? null : choice.heldOut());
    SearchResult.Gain gain = result.gain(choice);
    d.put("latency_gain", gain.latency());
    d.put("energy_gain", gain.energy());
    d.put("edp_gain", gain.edp());
    return d;
  }

  private static Map<String, Object> document(SearchResult.Found found) {
    Map<String, Object> d = new LinkedHashMap<>();
    d.put("genome", found.candidate().genome().toString());
    d.put("metric", found.candidate().quality());
    d.put("cycles", found.compiled().cycles());
    d.put("microjoules", found.compiled().microjoules());
    d.put("table_cycles", found.candidate().cost().cycles());
    return d;
  }

  private static String exact(double value) {
    return String.format(Locale.ROOT, "%.3f", value);
  }

  private static String figure(double value) {
    return String.format(Locale.ROOT, "%.4f", value);
  }

  private static String times(double factor) {
    return String.format(Locale.ROOT, "%.2f×", factor);
  }
}
