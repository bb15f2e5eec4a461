package org.lapidary.tools.study;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.lapidary.sim.timing.CycleModel;
import org.lapidary.tools.page.Chart;

/// What tiles, memories and fusion decide.
final class MappingSections {
  private MappingSections() {}

  static Section limits(SurveyResults results) {
    List<List<String>> rows = new ArrayList<>();
    results
        .layerMatmulCycles()
        .forEach((key, cycles) ->
            rows.add(
                List.of(
                    "products of a layer, default, " + key,
                    Format.count(cycles),
                    Format.percent(results.matmulUtilisation(key)))));
    Waterfall w = results.headline();
    results
        .encoderUtilisation()
        .forEach((machine, share) ->
            rows.add(
                List.of(
                    "whole encoder, " + machine + ", 512@20",
                    Format.count(Math.round(w.arrayBound() / share)),
                    Format.percent(share))));
    return new Section(
        "limits",
        "How close to the array's limit",
        List.of(
            "Length@latency of main memory in cycles. A layer's products are four projections, two"
                + " products for each of twelve heads and two of the feed-forward part. The encoder"
                + " is all twelve layers with softmax, GELU, LayerNorm and residual sums;"
                + " utilisation counts the model's multiply-accumulates only."),
        List.of(
            new Table(
                "limits",
                "BERT-Base on 256 multiply-accumulates a cycle",
                List.of("what", "cycles", "utilisation"),
                rows)),
        List.of());
  }

  static Section grid(SramGrid grid) {
    List<List<String>> rows = new ArrayList<>();
    List<Chart.Group> groups = new ArrayList<>();
    for (SramGrid.Cell cell : grid.cells()) {
      int theirs = Published.utilisation(cell.spadKib(), cell.accKib());
      rows.add(
          List.of(
              "%d + %d KiB".formatted(cell.spadKib(), cell.accKib()),
              Format.percent(cell.library()),
              Format.percent(cell.librarySlow()),
              Format.percent(theirs / 100.0),
              Format.percent(cell.searched()),
              Format.percent(cell.searchedSlow())));
      groups.add(
          new Chart.Group(
              "%d + %d KiB".formatted(cell.spadKib(), cell.accKib()),
              List.of(100 * cell.librarySlow(), (double) theirs, 100 * cell.searchedSlow())));
    }
    return new Section(
        "grid",
        "Scratchpad against accumulator",
        List.of(
            "Utilisation by the products of a BERT-Base layer at length %d (the survey does not give"
                    .formatted(grid.length())
                + " its length), each product alone, on a memory that answers after 20 and after 100"
                + " cycles. The survey's system had caches, other traffic and a host that feeds"
                + " commands; none of that is in ours.",
            "After 100 cycles the survey's finding appears: with 64 KiB of accumulator the library's"
                + " tiles lose 15 to 30 % of the array, 128 KiB win it back, and more brings nothing."
                + " The library's tile of the sum grows with half the accumulator, and a larger tile"
                + " loads each operand less often. Searched tiles do not need the larger accumulator:"
                + " they load wider blocks and divide the scratchpad by what each operand needs."),
        List.of(
            new Table(
                "grid",
                "Scratchpad + accumulator",
                List.of(
                    "machine",
                    "library's tiles, @20",
                    "library's tiles, @100",
                    "survey",
                    "searched, @20",
                    "searched, @100"),
                rows)),
        List.of(
            new Chart.Bars(
                "utilisation by scratchpad + accumulator, memory answering after 100 cycles",
                " %",
                List.of("library's tiles", "survey", "searched"),
                groups)));
  }

  static Section spread(List<MappingSpread> spreads) {
    List<List<String>> rows = new ArrayList<>();
    List<Chart.Line> lines = new ArrayList<>();
    double most = 10;
    for (MappingSpread s : spreads) {
      rows.add(
          List.of(
              s.operator(),
              Integer.toString(s.cycles().size()),
              Format.count(s.best()),
              Format.times(s.overBest(0)),
              Format.times(s.overBest(0.1)),
              Format.times(s.overBest(0.5)),
              Format.times(s.worstOverBest()),
              Format.percent(s.withinThreeTimes())));
      List<Chart.Point> points = new ArrayList<>();
      for (int percent = 0; percent <= 100; percent++) {
        points.add(new Chart.Point(percent, Math.max(1, s.overBest(percent / 100.0)), ""));
      }
      lines.add(new Chart.Line(s.operator(), true, points));
      most = Math.max(most, s.worstOverBest());
    }
    return new Section(
        "mapspace",
        "How far random mappings spread",
        List.of(
            "Length 512, machine “default”. Drawn with a fixed seed from everything that fits: size of"
                + " a piece of the sum, depth of a stage, order of the pieces, width of loads and"
                + " stores. Each is judged by the cycle model on the beginning of its stream.",
            "The survey found up to four orders of magnitude in energy times delay, the tenth"
                + " percentile at 9.4 times the best and 1.7 % within three times, for the same"
                + " projection. Ours is latency alone, of mappings that all keep the array"
                + " weight-stationary, load under compute and avoid bank conflicts: what Timeloop"
                + " may get wrong our emitter does not offer. So most of the spread is gone before a"
                + " search begins; what is left is tiles too small to be used again."),
        List.of(
            new Table(
                "mapspace",
                "Latency over that of the mapping the search takes",
                List.of(
                    "operator",
                    "mappings",
                    "cycles, searched",
                    "fastest",
                    "10 %",
                    "median",
                    "slowest",
                    "within 3×"),
                rows)),
        List.of(
            new Chart.Lines(
                "latency over the best, mappings in order",
                new Chart.Axis("mappings, %", false, 0, 100),
                new Chart.Axis("latency over the best", true, 1, most),
                lines)));
  }

  static Section fusion(List<FusionPair> pairs) {
    List<List<String>> rows = new ArrayList<>();
    for (FusionPair p : pairs) {
      rows.add(
          List.of(
              "%s, %d".formatted(p.name(), p.length()),
              p.accKib() + " KiB",
              Format.count(p.apart()),
              Format.count(p.together()),
              Format.change(p.change()),
              Format.change(p.published()),
              p.chosen() <= Math.min(p.apart(), p.together()) ? "the faster" : "the slower"));
    }
    return new Section(
        "fusion",
        "Fusing a product with the normalisation of its sum",
        List.of(
            "Scratchpad 256 KiB. Apart: one after the other, 32-bit sums go through main memory."
                + " Together: sums are normalised in the accumulator, so that a piece must be as wide"
                + " as the matrix."
                + " As in the survey's own block, LayerNorm follows the product directly; the"
                + " compiler's LayerNorm follows the residual sum.",
            "The survey's latencies are an analytical model's (Timeloop), ours those of a cycle model"
                + " of the RTL. Softmax gains less here, because its three passes over the accumulator"
                + " take longer than the product of depth 64 they could hide behind. The large losses"
                + " of LayerNorm do not appear: a piece one row of tiles high loads all weights again"
                + " for every 16 rows, but over a bus that brings them about as fast as the array"
                + " takes them. So for LayerNorm it is a matter of a few per cent either way, and the"
                + " decision is left to a rule that estimates costs; the last column says where it"
                + " is mistaken."),
        List.of(
            new Table(
                "fusion",
                "Latency together against apart",
                List.of(
                    "pair, length",
                    "accumulator",
                    "apart",
                    "together",
                    "change",
                    "survey",
                    "our rule takes"),
                rows)),
        List.of());
  }

  static Section method() {
    var error = CycleModel.knownError();
    List<List<String>> rows = new ArrayList<>();
    rows.add(
        List.of(
            "all",
            Integer.toString(error.overall().rows()),
            Format.decimal(error.overall().mean()),
            Format.decimal(error.overall().p90()),
            Format.decimal(error.overall().worst())));
    for (Map.Entry<String, org.lapidary.sim.timing.ErrorSummary> e : error.families().entrySet()) {
      rows.add(
          List.of(
              e.getKey(),
              Integer.toString(e.getValue().rows()),
              Format.decimal(e.getValue().mean()),
              Format.decimal(e.getValue().p90()),
              Format.decimal(e.getValue().worst())));
    }
    return new Section(
        "method",
        "How it was measured",
        List.of(
            "Every count of cycles is a prediction of the cycle model "
                + CycleModel.NAME
                + " for the accelerator alone, on a memory that answers after 20 cycles with 16 bytes"
                + " a cycle unless said otherwise. Its error against the RTL is known:",
            "A model is its first two layers: they are built as a graph, quantized, compiled and"
                + " timed, and every further layer takes as long as the second. Weights and the"
                + " calibration input are random with a fixed seed; cycles do not depend on them,"
                + " but for the int8 pieces that LayerNorm's factors need. There is no file to be"
                + " read, and the same command writes the same bytes on every machine."),
        List.of(
            new Table(
                "cycle_model",
                "Error of " + CycleModel.NAME + " in per cent",
                List.of("workloads", "rows", "mean", "90th percentile", "worst"),
                rows)),
        List.of());
  }
}
