package org.lapidary.tools.report;

import java.util.ArrayList;
import java.util.List;
import org.lapidary.gemmini.map.Placement;
import org.lapidary.ir.pass.PassContext.WhyNot;
import org.lapidary.tools.report.Block.Cell;
import org.lapidary.tools.report.Block.Row;

/// What runs where, and what was not recognized.
final class PlacementSections {
  private PlacementSections() {}

  static Section placement(Subject subject) {
    List<Placement> all = subject.program().placements();
    List<Block> blocks = new ArrayList<>();
    blocks.add(
        new Block.Text(
            "Where each operation of the integer graph runs, and why. Addressing costs nothing: it is another way of looking at bytes that are there."));
    for (Placement.Where where : Placement.Where.values()) {
      List<Row> rows = all.stream().filter(p -> p.where() == where).map(p -> row(p)).toList();
      if (!rows.isEmpty()) {
        blocks.add(
            new Block.Table(
                "%s: %s operations".formatted(where.text(), Figures.count(rows.size())),
                List.of("ONNX node", "operation", "why"),
                rows,
                true));
      }
    }
    return new Section("placement", "Placement", blocks);
  }

  private static Row row(Placement p) {
    return new Row(
        p.node(),
        p.op() + ", " + p.where().text(),
        List.of(Cell.node(p.node()), Cell.words(p.op()), Cell.words(p.reason())));
  }

  static Section whyNot(Subject.Compilation compilation) {
    List<WhyNot> all = new ArrayList<>(compilation.compiled().outcome().whyNots());
    all.addAll(compilation.compiled().quantized().whyNots());
    List<Row> rows =
        all.stream()
            .map(w ->
                new Row(
                    w.node(),
                    "why not " + w.pattern(),
                    List.of(
                        Cell.node(w.node()), Cell.words(w.pattern()), Cell.words(w.condition()))))
            .toList();
    List<Block> blocks = new ArrayList<>();
    blocks.add(
        new Block.Text(
            rows.isEmpty()
                ? "Everything was recognized: no pattern came close and failed, nothing amid the accelerated part runs on the host."
                : "Where a pattern nearly matched, or the accelerator nearly did something, and the condition that failed."));
    if (!rows.isEmpty()) {
      blocks.add(
          new Block.Table("", List.of("ONNX node", "pattern", "what is missing"), rows, false));
    }
    return new Section("why-not", "Why not", blocks);
  }
}
