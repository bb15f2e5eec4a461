package org.lapidary.tools.study;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.lapidary.machine.GemminiParams;
import org.lapidary.tools.page.Chart;

/// What the models ask for, and what a machine could give at most.
final class WorkloadSections {
  private static final TransformerShape BERT = TransformerShape.BERT_BASE;
  private static final List<Integer> LENGTHS = List.of(128, 256, 512);

  private WorkloadSections() {}

  static Section workload(Map<Integer, Workload> counted) {
    return new Section(
        "workload",
        "What the models ask for",
        List.of(
            "Counted on our own graph of the model: a multiply-accumulate is two FLOPs, every"
                + " operation reads its operands and writes its result once, a byte per element."
                + " The three classes of products agree with the survey's figures to every digit"
                + " it prints.",
            "The class “other” differs in bytes: the rule gives 18 bytes per element of the"
                + " residual stream (two sums of three, two LayerNorms of two, GELU on four"
                + " elements of two), the survey's figures fit 17. Its FLOPs fit 58 per element and"
                + " 4 per score; how those divide among GELU, LayerNorm and sums is our guess."
                + " GPT-2 generates one token after the other with keys and values kept, so every"
                + " step reads every weight and the intensity stays at 2."),
        List.of(byClass(counted), totals(counted), resnet()),
        List.of(intensities(counted)));
  }

  private static Table byClass(Map<Integer, Workload> counted) {
    List<List<String>> rows = new ArrayList<>();
    for (int length : LENGTHS) {
      for (OperatorClass c : OperatorClass.values()) {
        Count ours = counted.getOrDefault(length, Workload.closedForm(BERT, length)).of(c);
        Optional<Published.Figures> theirs =
            Optional.ofNullable(Published.BERT_BASE.getOrDefault(length, Map.of()).get(c));
        rows.add(row(BERT.name() + ", " + length + ", " + c.label(), ours, theirs));
      }
    }
    return new Table("workload_classes", "By class of operation", COLUMNS, rows);
  }

  private static final List<String> COLUMNS =
      List.of("model, length", "GFLOPs", "survey", "GBytes", "survey", "FLOPs per byte", "survey");

  private static List<String> row(String name, Count ours, Optional<Published.Figures> theirs) {
    return List.of(
        name,
        Format.giga(ours.flops()),
        theirs.map(t -> Format.decimal(t.gflops())).orElse("–"),
        Format.giga(ours.bytes()),
        theirs.map(t -> Double.toString(t.gbytes())).orElse("–"),
        Format.decimal(ours.intensity()),
        theirs.map(t -> Format.decimal(t.intensity())).orElse("–"));
  }

  private static Table totals(Map<Integer, Workload> counted) {
    List<List<String>> rows = new ArrayList<>();
    for (int l : LENGTHS) {
      Optional<Published.Figures> theirs = Optional.ofNullable(Published.BERT_BASE_TOTAL.get(l));
      Count graph = counted.getOrDefault(l, Workload.closedForm(BERT, l)).total();
      rows.add(row(BERT.name() + ", " + l + ", on the graph", graph, theirs));
      Count closed = Workload.closedForm(BERT, l).total();
      rows.add(row(BERT.name() + ", " + l + ", closed form", closed, theirs));
    }
    for (int l : LENGTHS) {
      Count ours = Workload.generation(TransformerShape.GPT2, l).total();
      Optional<Published.Figures> theirs = Optional.ofNullable(Published.GPT2_TOTAL.get(l));
      rows.add(row("GPT-2 generating, " + l + ", closed form", ours, theirs));
    }
    return new Table("workload_totals", "Whole models", COLUMNS, rows);
  }

  private static Table resnet() {
    List<ResNet50.Convolution> all = ResNet50.convolutions();
    List<ResNet50.Convolution> theirs = ResNet50.asSurveyed();
    List<List<String>> rows = new ArrayList<>();
    rows.add(row("all convolutions", ResNet50.total(all), Optional.empty()));
    rows.add(
        row(
            "without shortcuts, conv1 behind its pooling",
            ResNet50.total(theirs),
            Optional.of(Published.RESNET50_CONVOLUTIONS)));
    rows.add(
        convolution(
            "one: 1 × 1, 512 to 2048 channels, 7 × 7",
            ResNet50.convolution("conv5_2c").count(),
            Published.RESNET50_LEAST));
    rows.add(
        convolution(
            "one: 3 × 3, 128 channels, 28 × 28",
            ResNet50.convolution("conv3_2b").count(),
            Published.RESNET50_MOST));
    List<String> columns = new ArrayList<>(COLUMNS);
    columns.set(0, "ResNet-50 at 224 × 224");
    return new Table(
        "workload_resnet50",
        "ResNet-50 for comparison: the survey's totals fit the list without the four convolutions on"
            + " shortcuts and a first one of a quarter of its size",
        columns,
        rows);
  }

  private static List<String> convolution(String name, Count ours, double theirs) {
    return List.of(
        name,
        Format.giga(ours.flops()),
        "–",
        Format.giga(ours.bytes()),
        "–",
        Format.decimal(ours.intensity()),
        Format.decimal(theirs));
  }

  private static Chart intensities(Map<Integer, Workload> counted) {
    List<Chart.Group> groups = new ArrayList<>();
    for (int l : LENGTHS) {
      double theirs =
          Optional.ofNullable(Published.BERT_BASE_TOTAL.get(l))
              .map(Published.Figures::intensity)
              .orElse(Double.NaN);
      double ours = counted.getOrDefault(l, Workload.closedForm(BERT, l)).total().intensity();
      groups.add(new Chart.Group(BERT.name() + ", " + l, List.of(ours, theirs)));
    }
    double gpt = Workload.generation(TransformerShape.GPT2, 512).total().intensity();
    groups.add(new Chart.Group("GPT-2, 512", List.of(gpt, 2.0)));
    groups.add(
        new Chart.Group(
            "ResNet-50, convs",
            List.of(
                ResNet50.total(ResNet50.asSurveyed()).intensity(),
                Published.RESNET50_CONVOLUTIONS.intensity())));
    return new Chart.Bars("FLOPs per byte", "", List.of("ours", "survey"), groups);
  }

  static Section roofline(GemminiParams machine, Map<Integer, Workload> counted) {
    double peak = 2.0 * machine.peakMacsPerCycle();
    double bandwidth = (double) machine.busBytes() / machine.memBeatIntervalCycles();
    List<List<String>> rows = new ArrayList<>();
    List<Chart.Point> points = new ArrayList<>();
    for (OperatorClass c : OperatorClass.values()) {
      Count work = counted.getOrDefault(512, Workload.closedForm(BERT, 512)).of(c);
      place("BERT-Base, 512, " + c.label(), work, peak, bandwidth, rows);
      points.add(point(c.label(), work, peak, bandwidth));
    }
    Workload generation = Workload.generation(TransformerShape.GPT2, 512);
    place("GPT-2 generating, 512", generation.total(), peak, bandwidth, rows);
    points.add(point("GPT-2 generating", generation.total(), peak, bandwidth));
    Chart.Axis x = new Chart.Axis("FLOPs per byte", true, 1, 1000);
    Chart.Axis y = new Chart.Axis("FLOPs per cycle", true, 10, 1000);
    List<Chart.Point> roof =
        List.of(
            new Chart.Point(1, bandwidth, ""),
            new Chart.Point(peak / bandwidth, peak, ""),
            new Chart.Point(1000, peak, ""));
    return new Section(
        "roofline",
        "Roofline of the machine “" + machine.name() + "”",
        List.of(
            ("At most %.0f FLOPs per cycle by the array and %.0f bytes per cycle over the bus: work"
                    + " above %.0f FLOPs per byte is bound by the array, the rest by the bus. The"
                    + " intensities are those above, as if local memory were infinite.")
                .formatted(peak, bandwidth, peak / bandwidth)),
        List.of(
            new Table(
                "roofline",
                "Attainable",
                List.of("work", "FLOPs per byte", "FLOPs per cycle", "of the peak", "bound by"),
                rows)),
        List.of(
            new Chart.Lines(
                "roofline of " + machine.name(),
                x,
                y,
                List.of(
                    new Chart.Line("roof", true, roof),
                    new Chart.Line("operator classes at length 512", false, points)))));
  }

  private static double attainable(Count work, double peak, double bandwidth) {
    return Math.min(peak, work.intensity() * bandwidth);
  }

  private static Chart.Point point(String name, Count work, double peak, double bandwidth) {
    return new Chart.Point(work.intensity(), attainable(work, peak, bandwidth), name);
  }

  private static void place(
      String name, Count work, double peak, double bandwidth, List<List<String>> rows) {
    double flops = attainable(work, peak, bandwidth);
    rows.add(
        List.of(
            name,
            Format.decimal(work.intensity()),
            Format.decimal(flops),
            Format.percent(flops / peak),
            flops < peak ? "bus" : "array"));
  }
}
