package org.lapidary.tools.report;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.lapidary.gemmini.program.Program;
import org.lapidary.ir.Graph;
import org.lapidary.machine.GemminiParams;
import org.lapidary.sim.timing.CycleModel;
import org.lapidary.tools.report.Block.Cell;
import org.lapidary.tools.report.Block.Row;
import org.lapidary.tools.report.Block.Tile;
import org.lapidary.tools.validate.Engine;

/// The model and the outcome at a glance.
final class SummarySection {
  private final Subject subject;
  private final Program program;

  private SummarySection(Subject subject) {
    this.subject = subject;
    this.program = subject.program();
  }

  static Section of(Subject subject) {
    SummarySection section = new SummarySection(subject);
    return new Section(
        "summary",
        "Summary",
        List.of(
            new Block.Tiles(section.tiles()),
            new Block.Table("", List.of("what", "value"), section.facts(), false),
            new Block.Table(
                "Inputs and results", List.of("name", "type", ""), section.ports(), false)));
  }

  private List<Tile> tiles() {
    var error = CycleModel.knownError().overall();
    long cycles = subject.profile().cycles();
    List<Tile> tiles = new ArrayList<>();
    subject
        .accuracy()
        .ifPresent(m ->
            tiles.add(
                new Tile(
                    m.metric().text(),
                    Figures.metric(m.metric(), m.value(Engine.INTEGER)),
                    "fp32 " + Figures.metric(m.metric(), m.value(Engine.FP32)))));
    tiles.add(
        new Tile(
            "cycles per inference",
            Figures.count(cycles),
            String.format(
                Locale.ROOT,
                "%s, mean error %.1f %%, worst %.1f %%",
                CycleModel.NAME,
                error.mean(),
                error.worst())));
    tiles.add(
        new Tile(
            "speed-up",
            Figures.times(subject.speedup()),
            "over a float host beside the same array, an assumption"));
    tiles.add(
        new Tile(
            "of the array's peak",
            Figures.share(
                Figures.percent(program.macs(), cycles * program.machine().peakMacsPerCycle())),
            "for the model's own products"));
    return tiles;
  }

  private List<Row> facts() {
    GemminiParams machine = program.machine();
    List<Row> rows = new ArrayList<>();
    subject
        .compilation()
        .map(c -> c.compiled().imported())
        .ifPresent(i -> {
          rows.add(fact("exporter", i.producer() + ", opset " + i.opset()));
          rows.add(fact("nodes in the file", Figures.count(i.onnxNodes())));
          rows.add(fact("sizes", i.dims().isEmpty() ? "fixed" : i.dims().toString()));
        });
    rows.add(
        fact(
            "machine",
            "%s: %d × %d array, %s scratchpad, %s accumulator"
                .formatted(
                    machine.name(),
                    machine.dim(),
                    machine.dim(),
                    Figures.bytes((long) machine.spadRows() * machine.dim()),
                    Figures.bytes(4L * machine.accRows() * machine.dim()))));
    rows.add(fact("semantics", program.semantics().name().toLowerCase(Locale.ROOT)));
    subject
        .compilation()
        .ifPresent(c -> {
          rows.add(fact("calibration", c.compiled().calibration().description()));
          rows.add(fact("quantization", c.compiled().quantized().recipe().toString()));
        });
    rows.add(fact("multiply-accumulates", Figures.count(program.macs())));
    rows.add(fact("instructions", Figures.count(program.commandCount())));
    rows.add(fact("kernels", Figures.count(program.kernels().size())));
    rows.add(fact("steps of the host", Figures.count(program.hostNodes())));
    rows.add(fact("cycles at least", Figures.count(program.boundCycles())));
    rows.add(fact("float-host baseline", Figures.count(subject.baseline().cycles()) + " cycles"));
    rows.add(fact("constants", Figures.bytes(program.image().contentBytes())));
    rows.add(fact("main memory", Figures.bytes(program.memoryBytes())));
    return rows;
  }

  private List<Row> ports() {
    List<Row> rows = new ArrayList<>();
    program.graph().inputs().forEach(p -> rows.add(port(p, "input")));
    program.graph().results().forEach(p -> rows.add(port(p, "result")));
    return rows;
  }

  private static Row port(Graph.Port port, String kind) {
    return new Row(
        "",
        "",
        List.of(Cell.words(port.name()), Cell.words(port.type().toString()), Cell.words(kind)));
  }

  private static Row fact(String what, String value) {
    return new Row("", "", List.of(Cell.words(what), Cell.words(value)));
  }
}
