package org.lapidary.tools.report;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import org.lapidary.ir.pass.PassRunner;
import org.lapidary.passes.quant.RangeSummary;
import org.lapidary.tools.compile.Compiled;
import org.lapidary.tools.report.Block.Cell;
import org.lapidary.tools.report.Block.Row;

/// How the program was made: passes, what each changed, and that no integer overflows.
final class MakingSections {
  private final Subject.Compilation compilation;
  private final Compiled compiled;

  MakingSections(Subject.Compilation compilation) {
    this.compilation = compilation;
    this.compiled = compilation.compiled();
  }

  Section passes() {
    List<Row> rows = new ArrayList<>();
    for (PassRunner.Step s : compiled.steps()) {
      String summary =
          compilation.changes().stream()
              .filter(c -> c.pass().equals(s.name()))
              .map(Changes.Change::summary)
              .findFirst()
              .orElse("");
      rows.add(
          new Row(
              "",
              "",
              List.of(
                  Cell.words(s.name()),
                  Cell.figure(Figures.count(s.opsBefore())),
                  Cell.figure(Figures.count(s.opsAfter())),
                  Cell.words(summary))));
    }
    List<Block> blocks = new ArrayList<>();
    blocks.add(
        new Block.Table(
            "", List.of("step", "operations before", "after", "operations"), rows, false));
    List<Row> hits = new ArrayList<>();
    compiled
        .outcome()
        .hits()
        .forEach((rule, n) ->
            hits.add(new Row("", "", List.of(Cell.words(rule), Cell.figure(Figures.count(n))))));
    blocks.add(new Block.Table("How often each rule fired", List.of("rule", "times"), hits, true));
    for (Changes.Change c : compilation.changes()) {
      if (!c.lines().isEmpty()) {
        blocks.add(new Block.Diff(c.pass() + ": " + c.summary(), c.lines(), c.left()));
      }
    }
    return new Section("passes", "What each pass changed", blocks);
  }

  Section ranges() {
    RangeSummary ranges = compiled.quantized().ranges();
    List<RangeSummary.Entry> order = new ArrayList<>(ranges.entries());
    order.sort(
        Comparator.comparing((RangeSummary.Entry e) -> e.verdict())
            .reversed()
            .thenComparingDouble(RangeSummary.Entry::margin));
    List<Row> rows =
        order.stream()
            .map(e ->
                new Row(
                    e.node(),
                    "range of " + e.op(),
                    List.of(
                        Cell.node(e.node()),
                        Cell.words(e.op()),
                        Cell.words(e.verdict().name().toLowerCase(Locale.ROOT).replace('_', ' ')),
                        Cell.figure(String.format(Locale.ROOT, "%,.0f", e.largest())),
                        Cell.figure(Figures.decimal(e.margin())),
                        Cell.words(e.what()))))
            .toList();
    return new Section(
        "ranges",
        "Range proof",
        List.of(
            new Block.Text(
                "Of %d integer operations %d are proved not to overflow whatever the input, %d were only observed not to, and %d can. A margin is the width over the largest value."
                    .formatted(
                        rows.size(), ranges.proved(), ranges.observed(), ranges.canOverflow())),
            new Block.Table(
                "Every integer operation, the least certain first",
                List.of("ONNX node", "operation", "verdict", "largest", "margin", "of what"),
                rows,
                true)));
  }
}
