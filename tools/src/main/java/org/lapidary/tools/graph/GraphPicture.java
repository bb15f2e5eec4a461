package org.lapidary.tools.graph;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.lapidary.ir.Diagnostic;
import org.lapidary.ir.DiagnosticException;
import org.lapidary.ir.Graph;
import org.lapidary.ir.op.Op;
import org.lapidary.tools.page.Page;

/// A graph as one file that needs no other: an SVG, or a page in which boxes can be clicked,
/// repetitions unfolded and the view moved. Equal graphs give equal bytes.
public final class GraphPicture {
  private static final int LARGEST_UNFOLDED = 2500;
  private static final int LARGEST_FOLDED = 4000;

  private final Graph<? extends Op> graph;
  private final List<Repeats.Block> blocks;
  private final Details details;

  /// A picture of a graph.
  ///
  /// @param remark where an operation runs, or nothing
  /// @throws DiagnosticException if there is too much to draw
  public GraphPicture(
      Graph<? extends Op> graph, Function<Graph.Node<? extends Op>, String> remark) {
    this.graph = graph;
    this.blocks = Repeats.of(graph);
    this.details = new Details(graph, remark);
    int boxes = blocks.stream().mapToInt(b -> b.repetitions().getFirst().size()).sum();
    if (boxes > LARGEST_FOLDED) {
      throw new DiagnosticException(
          Diagnostic.error(
              Diagnostic.Code.DOES_NOT_FIT,
              graph.name(),
              "",
              boxes + " operations are left when repeated layers are folded, too many to draw",
              "draw the graph after a later pass, --after fold-scales"));
    }
  }

  /// A stretch of operations that repeats.
  ///
  /// @param operations in one repetition
  /// @param first ONNX node of its first operation
  public record Folded(int times, int operations, String first) {}

  /// What repeats, in order.
  public List<Folded> folded() {
    return blocks.stream()
        .filter(b -> b.count() > 1)
        .map(b -> {
          List<Graph.Node<? extends Op>> one = b.repetitions().getFirst();
          return new Folded(b.count(), one.size(), one.getFirst().loc().node());
        })
        .toList();
  }

  /// Number of operations, constants aside.
  public int operations() {
    return blocks.stream().mapToInt(b -> b.count() * b.repetitions().getFirst().size()).sum();
  }

  /// One SVG, repeated stretches folded; pointing at a box shows what there is to know.
  public String svg() {
    return "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
        + svg(
            GraphLayout.of(graph, blocks, details, true),
            "<style>" + Page.resource(GraphPicture.class, "graph.css") + "</style>",
            "arrow");
  }

  /// A page.
  public String html() {
    Picture folded = GraphLayout.of(graph, blocks, details, true);
    boolean unfolds = !folded().isEmpty() && operations() <= LARGEST_UNFOLDED;
    Optional<Picture> unfolded =
        unfolds ? Optional.of(GraphLayout.of(graph, blocks, details, false)) : Optional.empty();
    String repeats =
        folded().stream()
            .map(f -> "%d × %d operations".formatted(f.times(), f.operations()))
            .collect(Collectors.joining(", "));
    return Page.resource(GraphPicture.class, "graph.html")
        .replace("{{title}}", Page.escaped(graph.name()))
        .replace(
            "{{summary}}",
            operations() + " operations" + (repeats.isEmpty() ? "" : ", folded " + repeats))
        .replace("{{css}}", Page.resource(GraphPicture.class, "graph.css"))
        .replace("{{unfold}}", unfolds ? "" : "hidden")
        .replace("{{details}}", json(folded))
        .replace("{{more}}", unfolded.map(GraphPicture::json).orElse("[]"))
        .replace("{{script}}", Page.resource(GraphPicture.class, "graph.js"))
        .replace("{{folded}}", svg(folded, "", "arrow"))
        .replace("{{unfolded}}", unfolded.map(p -> svg(p, "", "unfolded-arrow")).orElse(""));
  }

  private static String json(Picture picture) {
    try {
      List<List<Map<String, String>>> all =
          picture.boxes().stream().map(Picture.Box::details).toList();
      return new ObjectMapper().writeValueAsString(all).replace("<", "\\u003c");
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("maps of strings are JSON", e);
    }
  }

  private static String svg(Picture picture, String style, String arrow) {
    StringBuilder s = new StringBuilder();
    s.append(
        format(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %s %s\" width=\"%s\""
                + " height=\"%s\">",
            picture.width(), picture.height(), picture.width(), picture.height()));
    s.append(style);
    s.append(
            "<defs><marker id=\""
                + arrow
                + "\" markerUnits=\"userSpaceOnUse\" viewBox=\"0 0 8 8\" refX=\"7\" refY=\"4\"")
        .append(" markerWidth=\"8\" markerHeight=\"8\" orient=\"auto\">")
        .append("<path d=\"M0 0L8 4L0 8z\"/></marker></defs>\n");
    for (Picture.Group g : picture.groups()) {
      s.append(
          format(
              "<g class=\"group\"><rect x=\"%s\" y=\"%s\" width=\"%s\" height=\"%s\" rx=\"10\"/>",
              g.x(), g.y(), g.width(), g.height()));
      s.append(
          format(
              "<text x=\"%s\" y=\"%s\">%s</text></g>\n",
              g.x() + 12, g.y() + 20, Page.escaped(g.title())));
    }
    picture.lines().forEach(line -> s.append(path(line, arrow)));
    picture.boxes().forEach(box -> s.append(box(box)));
    return s.append("</svg>\n").toString();
  }

  private static String path(Picture.Line line, String arrow) {
    StringBuilder d = new StringBuilder();
    for (int i = 0; i + 1 < line.points().size(); i += 2) {
      d.append(i == 0 ? "M" : "L")
          .append(format("%s %s", line.points().get(i), line.points().get(i + 1)));
    }
    return "<path class=\"line\" marker-end=\"url(#%s)\" data-from=\"%d\" data-to=\"%d\" d=\"%s\"/>\n"
        .formatted(arrow, line.from(), line.to(), d);
  }

  private static String box(Picture.Box box) {
    StringBuilder s = new StringBuilder();
    s.append("<g class=\"box %s\" data-id=\"%d\">".formatted(box.kind(), box.id()));
    String tip =
        box.details().getFirst().entrySet().stream()
            .map(e -> e.getKey() + ": " + e.getValue())
            .collect(Collectors.joining("\n"));
    s.append("<title>").append(Page.escaped(tip)).append("</title>");
    s.append(
        format(
            "<rect x=\"%s\" y=\"%s\" width=\"%s\" height=\"%s\" rx=\"5\"/>",
            box.x(), box.y(), box.width(), box.height()));
    double y = box.y() + 20;
    for (int i = 0; i < box.lines().size(); i++, y += 15) {
      s.append(
          format(
              "<text class=\"%s\" x=\"%s\" y=\"%s\">%s</text>",
              i == 0 ? "name" : "note",
              box.x() + box.width() / 2,
              y,
              Page.escaped(box.lines().get(i))));
    }
    return s.append("</g>\n").toString();
  }

  /// Numbers with one decimal at most, the same everywhere.
  private static String format(String text, Object... values) {
    Object[] rounded = new Object[values.length];
    for (int i = 0; i < values.length; i++) {
      rounded[i] =
          values[i] instanceof Double d
              ? String.format(Locale.ROOT, "%.1f", d).replace(".0", "")
              : values[i];
    }
    return text.formatted(rounded);
  }
}
