package org.lapidary.tools.study;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.lapidary.gemmini.cost.Baseline;
import org.lapidary.gemmini.cost.HostWork;
import org.lapidary.tools.page.Chart;

/// Where the time goes: before, step by step, after.
final class LatencySections {
  private LatencySections() {}

  static Section baseline(Waterfall waterfall) {
    Baseline baseline = waterfall.baseline();
    List<List<String>> rows = new ArrayList<>();
    for (HostWork work : HostWork.values()) {
      rows.add(
          List.of(
              work.label(),
              Format.count(baseline.elements().getOrDefault(work, 0L)),
              Integer.toString(work.cyclesPerElement()),
              Format.count(baseline.cycles(work)),
              Format.percent((double) baseline.cycles(work) / baseline.cycles())));
    }
    rows.add(
        List.of(
            "matrix products, accelerator",
            "–",
            "–",
            Format.count(baseline.matmulCycles()),
            Format.percent((double) baseline.matmulCycles() / baseline.cycles())));
    rows.add(List.of("all", "–", "–", Format.count(baseline.cycles()), Format.percent(1)));
    return new Section(
        "baseline",
        "The float-host baseline",
        List.of(
            "%s at length %d: the products on the accelerator as Gemmini's library maps them (machine"
                    .formatted(waterfall.shape().name(), waterfall.length())
                + " “default”), everything else in float on the scalar host, which converts every"
                + " product to float and every input it computed back to int8. The two take turns.",
            "What an element costs the host is an assumption; nobody published it. It follows from"
                + " the survey's latency shares: 48.3 G multiply-accumulates at 69 % utilisation are"
                + " 273.5 M cycles; undoing the published end result (39.6× faster, of which 87 % is"
                + " products that had become 36 % faster) makes them 3.4 % of 8.04 G cycles; a share"
                + " of those over the number of elements is the cost of one.",
            "The survey's figures can be read in other ways, which exclude each other; below is what"
                + " each makes of the baseline, of what no schedule can beat, and of our result. Ours"
                + " is the sum of terms that can be checked one by one. It is 0.4 G below the whole"
                + " pie, since the labels leave 3.6 % out (289 M), our products take less than at"
                + " 69 % (81 M), and cycles per element are whole numbers (55 M).",
            BaselineReading.reaching(50, waterfall)
                + " The label of 1 % contradicts the survey's own text. The first reading is the"
                + " one used everywhere else, because each of its terms can be checked by itself."),
        List.of(
            new Table(
                "baseline",
                "Terms",
                List.of("work", "elements", "cycles each", "cycles", "share"),
                rows),
            readings(waterfall)),
        List.of(shares(baseline)));
  }

  private static Table readings(Waterfall w) {
    return new Table(
        "baseline_readings",
        "Readings of the survey's shares",
        List.of(
            "reading",
            "how",
            "G cycles",
            "array never waiting",
            "after fusion",
            "without unread rows",
            "the host without them, too"),
        BaselineReading.of(w).stream()
            .map(r ->
                List.of(
                    r.name(),
                    r.derivation(),
                    Format.giga(Math.round(r.cycles())),
                    Format.times(r.limit(w)),
                    Format.times(r.speedup(w, "fusion")),
                    Format.times(r.speedup(w, "unread")),
                    Format.times(r.readSpeedup(w))))
            .toList());
  }

  private static Chart shares(Baseline baseline) {
    Map<String, Long> ours = new LinkedHashMap<>();
    ours.put(
        "conversions", baseline.cycles(HostWork.DEQUANTIZE) + baseline.cycles(HostWork.QUANTIZE));
    for (HostWork work :
        List.of(HostWork.SOFTMAX, HostWork.RESIDUAL, HostWork.GELU, HostWork.LAYERNORM)) {
      ours.put(work.label(), baseline.cycles(work));
    }
    ours.put("matrix products", baseline.matmulCycles());
    List<Chart.Group> groups = new ArrayList<>();
    ours.forEach((name, cycles) ->
        groups.add(
            new Chart.Group(
                name,
                List.of(
                    100.0 * cycles / baseline.cycles(),
                    Published.BASELINE_SHARES.getOrDefault(name, 0).doubleValue()))));
    return new Chart.Bars("shares of the baseline's time", " %", List.of("ours", "survey"), groups);
  }

  static Section waterfall(SurveyResults results) {
    Waterfall headline = results.headline();
    long bound = headline.arrayBound();
    List<List<String>> rows = new ArrayList<>();
    for (Waterfall w : results.waterfalls()) {
      String name = w.name();
      rows.add(row(name, "float-host baseline", w.baseline().cycles(), 1));
      for (Waterfall.Step step : w.steps()) {
        rows.add(row(name, step.what(), step.cycles(), w.speedup(step)));
      }
      long limit = w.arrayBound();
      rows.add(
          row(
              name,
              "array never waiting, all rows",
              limit,
              (double) w.baseline().cycles() / limit));
    }
    return new Section(
        "waterfall",
        "Step by step",
        List.of(
            "Each step keeps those before it. Speed-ups are in latency alone, over the baseline"
                + " of the next chapter; host steps before and after the layers are in neither.",
            ("No schedule that computes all rows of the unpruned model can beat %s over this"
                    + " baseline: the array needs %s cycles for its products, and the baseline is %s."
                    + " Without the rows that nobody reads it needs %s, %s. The survey's 39.6× is the"
                    + " first two steps together; its 88.7× multiplies that by a gain in energy times"
                    + " delay of another model, and is no latency.")
                .formatted(
                    Format.times((double) headline.baseline().cycles() / bound),
                    Format.count(bound),
                    Format.count(headline.baseline().cycles()),
                    Format.count(headline.readBound()),
                    Format.times((double) headline.baseline().cycles() / headline.readBound())),
            Kept.WHY_UNREAD,
            Kept.WHY,
            "What the accumulator's size and the tiles are worth depends on the memory: after 20"
                + " cycles it answers quickly enough for the library's tiles to hide it, after 100"
                + " it does not (length@latency; the survey's system behaves like the latter, see the grid"
                + " below). GPT-2 stands for reading a prompt of that length with causal attention;"
                + " the array computes the masked half too."),
        List.of(
            new Table(
                "waterfall",
                "Cycles of the whole model",
                List.of("model, length@latency", "after", "cycles", "speed-up"),
                rows)),
        List.of(steps(headline)));
  }

  private static List<String> row(String model, String what, long cycles, double speedup) {
    return List.of(model, what, Format.count(cycles), Format.times(speedup));
  }

  private static Chart steps(Waterfall w) {
    List<Chart.Group> groups = new ArrayList<>();
    groups.add(new Chart.Group("baseline", List.of(1.0)));
    w.steps().forEach(s -> groups.add(new Chart.Group(s.key(), List.of(w.speedup(s)))));
    long bound = w.arrayBound();
    groups.add(new Chart.Group("array's limit", List.of((double) w.baseline().cycles() / bound)));
    groups.add(new Chart.Group("survey, two steps", List.of(Published.SPEEDUP)));
    return new Chart.Bars(
        "speed-up of %s at length %d".formatted(w.shape().name(), w.length()),
        "×",
        List.of("speed-up"),
        groups);
  }

  static Section after(Waterfall w) {
    LayerTiming layer = w.step("fusion").layer();
    List<List<String>> rows = new ArrayList<>();
    layer
        .kernels()
        .forEach((name, cycles) ->
            rows.add(
                List.of(
                    name,
                    Format.count(cycles),
                    Format.percent((double) cycles / layer.secondLayer()))));
    rows.add(List.of("the layer", Format.count(layer.secondLayer()), Format.percent(1)));
    long ideal = w.shape().layerMacs(w.length()) / Waterfall.MACS_PER_CYCLE;
    rows.add(
        List.of(
            "array never waiting",
            Format.count(ideal),
            Format.percent((double) ideal / layer.secondLayer())));
    Map<String, Double> ours = classes(layer);
    List<Chart.Group> groups = new ArrayList<>();
    ours.forEach((name, share) ->
        groups.add(
            new Chart.Group(
                name,
                List.of(share, Published.INTEGER_SHARES.getOrDefault(name, 0).doubleValue()))));
    return new Section(
        "after",
        "Where a layer's cycles go afterwards",
        List.of(
            "One layer of %s at length %d after fusion, from the end of the"
                    .formatted(w.shape().name(), w.length())
                + " kernel before to the end of the kernel itself. What is computed together has one"
                + " row, so a share of LayerNorm or softmax here is only what no product hides."),
        List.of(new Table("after", "Kernels", List.of("kernel", "cycles", "share"), rows)),
        List.of(
            new Chart.Bars(
                "shares of the time after the change to integers",
                " %",
                List.of("ours", "survey"),
                groups)));
  }

  /// The survey's classes: a kernel with a product in it belongs to the products.
  private static Map<String, Double> classes(LayerTiming layer) {
    Map<String, Double> shares = new LinkedHashMap<>();
    for (String name : List.of("products and GELU", "LayerNorm", "residual add", "softmax")) {
      shares.put(name, 0.0);
    }
    layer
        .kernels()
        .forEach((kernel, cycles) ->
            shares.merge(surveyClass(kernel), 100.0 * cycles / layer.secondLayer(), Double::sum));
    return shares;
  }

  private static String surveyClass(String kernel) {
    boolean product =
        java.util.Arrays.stream(Part.values())
            .filter(p -> OperatorClass.of(p) != OperatorClass.OTHER)
            .anyMatch(p -> kernel.contains(p.label()));
    if (product || kernel.contains("GELU")) {
      return "products and GELU";
    }
    return kernel.contains("LayerNorm")
        ? "LayerNorm"
        : kernel.contains("softmax") ? "softmax" : "residual add";
  }
}
