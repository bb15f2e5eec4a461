package org.lapidary.tools.report;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.lapidary.sim.timing.Activity;
import org.lapidary.sim.timing.CycleModel;
import org.lapidary.sim.timing.Unit;
import org.lapidary.tools.blame.Verdict;
import org.lapidary.tools.page.Chart;
import org.lapidary.tools.page.Chart.Axis;
import org.lapidary.tools.page.Chart.Line;
import org.lapidary.tools.page.Chart.Point;
import org.lapidary.tools.page.Drawing;
import org.lapidary.tools.profile.Profile;
import org.lapidary.tools.report.Block.Cell;
import org.lapidary.tools.report.Block.Row;

/// Where the cycles go, and what accuracy goes with them.
final class CyclesSections {
  private static final int LONGEST = 40;

  private final Subject subject;
  private final Profile profile;

  CyclesSections(Subject subject) {
    this.subject = subject;
    this.profile = subject.profile();
  }

  /// Units of the machine, each with what it worked on and waited for.
  Section units() {
    var error = CycleModel.knownError().overall();
    Map<String, String> kinds = new LinkedHashMap<>();
    List<Block.Bar> bars = new ArrayList<>();
    for (Activity a : Activity.values()) {
      if (Arrays.stream(Unit.values()).anyMatch(u -> profile.unit(u).containsKey(a))) {
        kinds.put(label(a), "a-" + a.key().replace('_', '-'));
      }
    }
    for (Unit unit : Unit.values()) {
      Map<String, Double> shares = new LinkedHashMap<>();
      profile
          .unit(unit)
          .forEach((a, n) -> shares.put(label(a), Figures.percent(n, profile.cycles())));
      bars.add(new Block.Bar(unit.title(), shares));
    }
    List<Block> blocks = new ArrayList<>();
    blocks.add(
        new Block.Text(
            "%s cycles by the model %s; against the RTL its error is %.1f %% in the mean, %.1f %% at the 90th percentile, %.1f %% at worst. The command profile writes the same as a timeline."
                .formatted(
                    Figures.count(profile.cycles()),
                    CycleModel.NAME,
                    error.mean(),
                    error.p90(),
                    error.worst())));
    blocks.add(new Block.Shares("What each unit does with its time", kinds, bars));
    blocks.add(
        new Block.Table(
            "What the array waits for, the longest " + LONGEST,
            List.of("ONNX node", "waits", "cycles", "share"),
            stalls(),
            true));
    return new Section("units", "Where the time goes", blocks);
  }

  private static String label(Activity a) {
    return a.waits() ? "waits " + a.meaning() : a.meaning();
  }

  private List<Row> stalls() {
    return profile.stalls().stream()
        .limit(LONGEST)
        .map(s ->
            new Row(
                s.node(),
                "waits " + s.cause().meaning(),
                List.of(
                    Cell.node(s.node()),
                    Cell.words(s.cause().meaning()),
                    Cell.figure(Figures.count(s.cycles())),
                    Cell.figure(Figures.share(Figures.percent(s.cycles(), profile.cycles()))))))
        .toList();
  }

  /// Node by node: cycles and loss.
  Section nodes() {
    List<String> heads =
        new ArrayList<>(List.of("ONNX node", "cycles", "share", "alone at least", "array works"));
    subject
        .blame()
        .ifPresent(b ->
            heads.addAll(
                List.of(
                    "noise, only it quantized",
                    "noise, only it in float",
                    b.metric().text() + ", only it quantized",
                    "SQNR, dB",
                    "saturated")));
    long most = profile.nodes().stream().mapToLong(Profile.NodeCycles::cycles).max().orElse(1);
    List<Row> rows = new ArrayList<>();
    for (Profile.NodeCycles n : profile.nodes()) {
      List<Cell> cells =
          new ArrayList<>(
              List.of(
                  Cell.node(n.node()),
                  Cell.bar(Figures.count(n.cycles()), Figures.percent(n.cycles(), most)),
                  Cell.figure(Figures.share(Figures.percent(n.cycles(), profile.cycles()))),
                  Cell.figure(Figures.count(n.boundCycles())),
                  Cell.figure(Figures.count(n.work()))));
      if (subject.blame().isPresent()) {
        cells.addAll(loss(subject.verdict(n.node())));
      }
      rows.add(new Row(n.node(), "cycles", cells));
    }
    List<Block> blocks = new ArrayList<>();
    blocks.add(
        new Block.Text(
            "A kernel's cycles stand at its matrix product, or else at its last operation; they run from the end of the kernel before to its own, so that they add up to the whole, and one that hides behind others shows few."
                + (subject.blame().isPresent()
                    ? " Noise is the power of the error of the model's outputs over the power of the outputs."
                    : "")));
    subject
        .blame()
        .ifPresent(b ->
            blocks.add(
                new Block.Text(
                    "All quantized: %s %s, fp32 %s; noise %s. Half of it is reached, from the start on, with %s."
                        .formatted(
                            b.metric().text(),
                            Figures.metric(b.metric(), b.quantized().metric()),
                            Figures.metric(b.metric(), b.fp32().metric()),
                            Figures.decibels(b.quantized().noise()),
                            b.firstGuilty()))));
    blocks.add(new Block.Table("In the order of execution", heads, rows, false));
    if (subject.blame().isPresent()) {
      blocks.add(
          new Block.Table("Nodes without cycles of their own", lossHeads(heads), others(), true));
    }
    return new Section(
        "cycles",
        subject.blame().isPresent() ? "Cycles and loss by node" : "Cycles by node",
        blocks);
  }

  private static List<String> lossHeads(List<String> heads) {
    List<String> loss = new ArrayList<>(List.of("ONNX node"));
    loss.addAll(heads.subList(5, heads.size()));
    return loss;
  }

  private List<Row> others() {
    List<String> timed = profile.nodes().stream().map(Profile.NodeCycles::node).toList();
    List<Row> rows = new ArrayList<>();
    for (Verdict v : subject.blame().orElseThrow().verdicts()) {
      if (!timed.contains(v.suspect().node())) {
        List<Cell> cells = new ArrayList<>(List.of(Cell.node(v.suspect().node())));
        cells.addAll(loss(Optional.of(v)));
        rows.add(new Row(v.suspect().node(), "loss", cells));
      }
    }
    return rows;
  }

  private List<Cell> loss(Optional<Verdict> verdict) {
    return verdict
        .map(v ->
            List.of(
                Cell.figure(Figures.decibels(v.alone().noise())),
                Cell.figure(Figures.decibels(v.without().noise())),
                Cell.figure(
                    Figures.metric(subject.blame().orElseThrow().metric(), v.alone().metric())),
                Cell.figure(Figures.decimal(v.sqnr())),
                Cell.figure(Figures.share(100 * v.saturation()))))
        .orElse(java.util.Collections.nCopies(5, Cell.figure("–")));
  }

  /// How near each node comes to what array and bus allow.
  Section roofline(NodeIndex index) {
    var machine = subject.program().machine();
    double peak = machine.peakMacsPerCycle();
    double knee = peak / machine.busBytes();
    List<Point> points = new ArrayList<>();
    double low = knee / 10;
    double high = knee * 10;
    double slowest = peak / 10;
    for (Profile.NodeCycles n : profile.nodes()) {
      double moved = Math.max(1, Math.max(n.readBytes(), n.writtenBytes()));
      if (n.macs() == 0 || n.arrayCycles() == 0) {
        continue;
      }
      double intensity = n.macs() / moved;
      double speed = (double) n.macs() / n.arrayCycles();
      low = Math.min(low, intensity);
      high = Math.max(high, intensity);
      slowest = Math.min(slowest, speed);
      double size = 3 + 9 * Math.sqrt((double) n.arrayCycles() / profile.cycles());
      String tip =
          "%s: %s MACs per byte, %s per cycle"
              .formatted(n.node(), Figures.decimal(intensity), Figures.decimal(speed));
      String link =
          index.number(n.node()).stream().mapToObj(NodeIndex::anchor).findFirst().orElse("");
      points.add(new Point(intensity, speed, "", tip, link, size));
    }
    double left = Math.pow(10, Math.floor(Math.log10(low)));
    double right = Math.pow(10, Math.ceil(Math.log10(high)));
    double bottom = Math.pow(10, Math.floor(Math.log10(slowest)));
    double entry = Math.max(left, bottom / machine.busBytes());
    List<Line> lines =
        List.of(
            new Line(
                "what array and bus allow",
                true,
                List.of(
                    new Point(entry, entry * machine.busBytes(), ""),
                    new Point(knee, peak, ""),
                    new Point(right, peak, ""))),
            new Line("ONNX nodes, larger where they take longer", false, points));
    Chart chart =
        new Chart.Lines(
            "roofline",
            new Axis("multiply-accumulates per byte moved", true, left, right),
            new Axis("multiply-accumulates per cycle of the array", true, bottom, peak * 1.5),
            lines);
    return new Section(
        "roofline",
        "Roofline",
        List.of(
            new Block.Text(
                "The array does %s multiply-accumulates a cycle, the bus moves %d bytes a cycle each way; the busier way counts. Bytes are those really moved, cycles those of the array, its waits for the node included. A node whose operands came while another computed can stand above the slope."
                    .formatted(Figures.count((long) peak), machine.busBytes())),
            new Block.Figure("Speed over intensity, both logarithmic", Drawing.svg(chart))));
  }
}
