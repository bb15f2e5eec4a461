package org.lapidary.tools.report;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalInt;
import org.lapidary.gemmini.map.Placement;
import org.lapidary.ir.text.GraphDiff;
import org.lapidary.tools.page.Page;

/// Everything there is to know about a compiled model on one page that needs nothing but itself.
/// Equal subjects give equal bytes.
public final class ModelReport {
  private final Subject subject;
  private final NodeIndex index;
  private final List<Section> sections = new ArrayList<>();

  /// A report.
  public ModelReport(Subject subject) {
    this.subject = subject;
    this.index = new NodeIndex(subject.nodes());
    CyclesSections cycles = new CyclesSections(subject);
    sections.add(SummarySection.of(subject));
    sections.add(AccuracySection.of(subject));
    sections.add(cycles.units());
    sections.add(cycles.nodes());
    sections.add(cycles.roofline(index));
    sections.add(PlacementSections.placement(subject));
    subject.compilation().ifPresent(c -> sections.add(PlacementSections.whyNot(c)));
    sections.add(MemorySection.of(subject, index));
    subject
        .compilation()
        .ifPresent(c -> {
          MakingSections making = new MakingSections(c);
          sections.add(making.passes());
          sections.add(making.ranges());
        });
  }

  /// The page.
  public String html() {
    Map<String, Object> page = new HashMap<>();
    page.put("title", subject.name());
    page.put("machine", subject.program().machine().name());
    page.put("css", Page.resource(ModelReport.class, "report.css"));
    page.put("script", Page.resource(ModelReport.class, "report.js"));
    page.put("sections", sections.stream().map(this::content).toList());
    page.put("nodes", nodes()); // last: now every place is known
    return Page.of(ModelReport.class, "report.html.mustache", page);
  }

  /// The keys that scripts read.
  public Map<String, Object> document() {
    Map<String, Object> d = subject.profile().document();
    d.put("model", subject.name());
    d.put("baseline_cycles", subject.baseline().cycles());
    d.put("speedup", subject.speedup());
    Map<String, Long> places = new LinkedHashMap<>();
    for (Placement.Where where : Placement.Where.values()) {
      places.put(
          where.text(),
          subject.program().placements().stream().filter(p -> p.where() == where).count());
    }
    d.put("placement", places);
    d.put("sections", sections.stream().map(Section::id).toList());
    return d;
  }

  private List<Map<String, Object>> nodes() {
    List<Map<String, Object>> nodes = new ArrayList<>();
    index
        .all()
        .forEach((name, mentions) ->
            nodes.add(
                Map.of(
                    "anchor", NodeIndex.anchor(nodes.size()),
                    "number", Integer.toString(nodes.size()),
                    "name", name,
                    "mentions", mentions.stream().map(ModelReport::mention).toList())));
    return nodes;
  }

  private static Map<String, String> mention(NodeIndex.Mention m) {
    return Map.of("anchor", m.anchor(), "title", m.title());
  }

  private Map<String, Object> content(Section section) {
    return Map.of(
        "id",
        section.id(),
        "title",
        section.title(),
        "blocks",
        section.blocks().stream().map(b -> content(section, b)).toList());
  }

  /// A block under its kind's name, which the template asks for.
  private Map<String, Object> content(Section section, Block block) {
    return switch (block) {
      case Block.Text(String text) -> Map.of("text", text);
      case Block.Tiles(List<Block.Tile> tiles) ->
          Map.of(
              "tiles",
              Map.of(
                  "all",
                  tiles.stream()
                      .map(
                          t -> Map.of("title", t.title(), "value", t.value(), "remark", t.remark()))
                      .toList()));
      case Block.Figure(String title, String svg) ->
          Map.of("figure", Map.of("title", title, "svg", svg));
      case Block.Shares shares -> Map.of("shares", shares(shares));
      case Block.Table table -> Map.of(table.folded() ? "folded" : "table", table(section, table));
      case Block.Diff diff -> Map.of("diff", diff(diff));
    };
  }

  private static Map<String, Object> shares(Block.Shares shares) {
    List<Map<String, Object>> bars = new ArrayList<>();
    for (Block.Bar bar : shares.bars()) {
      List<Map<String, String>> parts = new ArrayList<>();
      shares
          .kinds()
          .forEach((kind, css) -> {
            double share = bar.shares().getOrDefault(kind, 0.0);
            if (share > 0) {
              parts.add(
                  Map.of(
                      "css",
                      css,
                      "width",
                      String.format(Locale.ROOT, "%.3f", share),
                      "text",
                      kind + " " + Figures.share(share)));
            }
          });
      bars.add(Map.of("title", bar.title(), "parts", parts));
    }
    return Map.of(
        "title", shares.title(),
        "bars", bars,
        "legend",
            shares.kinds().entrySet().stream()
                .map(e -> Map.of("title", e.getKey(), "css", e.getValue()))
                .toList());
  }

  private Map<String, Object> table(Section section, Block.Table table) {
    List<Map<String, Object>> heads = new ArrayList<>();
    for (int c = 0; c < table.columns().size(); c++) {
      boolean figure = !table.rows().isEmpty();
      for (Block.Row row : table.rows()) {
        figure &= row.cells().get(c).kind() == Block.Kind.FIGURE;
      }
      heads.add(Map.of("title", table.columns().get(c), "css", figure ? "figure" : "words"));
    }
    return Map.of(
        "title",
        table.title(),
        "region",
        table.title().isEmpty() ? section.title() : table.title(),
        "heads",
        heads,
        "rows",
        table.rows().stream().map(r -> row(section, r)).toList());
  }

  private Map<String, Object> row(Section section, Block.Row row) {
    OptionalInt number = index.number(row.node());
    Map<String, Object> content = new HashMap<>();
    content.put("cells", row.cells().stream().map(c -> cell(c, number)).toList());
    content.put("anchor", false);
    if (number.isPresent()) {
      content.put("anchor", index.mention(number.getAsInt(), section.id(), row.mention()));
      content.put("number", Integer.toString(number.getAsInt()));
    }
    return content;
  }

  private static Map<String, Object> cell(Block.Cell cell, OptionalInt node) {
    Map<String, Object> content = new HashMap<>();
    boolean linked = cell.kind() == Block.Kind.NODE && node.isPresent();
    content.put("text", cell.text());
    content.put("css", cell.kind().name().toLowerCase(Locale.ROOT));
    content.put("link", linked ? NodeIndex.anchor(node.getAsInt()) : false);
    content.put("bar", cell.bar() > 0 ? String.format(Locale.ROOT, "%.1f", cell.bar()) : false);
    return content;
  }

  private static Map<String, Object> diff(Block.Diff diff) {
    List<Map<String, String>> lines = new ArrayList<>();
    for (GraphDiff.Line line : diff.lines()) {
      lines.add(
          Map.of("css", line.kind().name().toLowerCase(Locale.ROOT), "text", line.toString()));
    }
    return Map.of(
        "title",
        diff.title(),
        "lines",
        lines,
        "left",
        diff.left() == 0 ? false : Figures.count(diff.left()));
  }
}
