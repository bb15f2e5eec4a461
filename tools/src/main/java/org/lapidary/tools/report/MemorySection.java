package org.lapidary.tools.report;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import org.lapidary.gemmini.program.CacheSlot;
import org.lapidary.gemmini.program.Program;
import org.lapidary.gemmini.program.Region;
import org.lapidary.ir.Graph;
import org.lapidary.ir.op.Op;
import org.lapidary.ir.op.OpInfo;
import org.lapidary.tools.page.Page;
import org.lapidary.tools.report.Block.Cell;
import org.lapidary.tools.report.Block.Row;

/// The memories: what is where, and which kernel touches it.
final class MemorySection {
  private static final int HIGHEST = 480;
  private static final int TOP = 16;

  private final Program program;
  private final MemoryAccess access;
  private final NodeIndex index;

  private MemorySection(Subject subject, NodeIndex index) {
    this.index = index;
    this.program = subject.program();
    this.access = subject.access();
  }

  static Section of(Subject subject, NodeIndex index) {
    MemorySection section = new MemorySection(subject, index);
    List<Block> blocks = new ArrayList<>();
    blocks.add(
        new Block.Text(
            "Kernels from top to bottom, addresses or rows from left to right, as the program's commands touch them. Private memories are filled from several places at a time, so that loads hide behind the array."));
    blocks.add(
        new Block.Figure(
            "Main memory: constants, then activations",
            section.map(section.access.main(), section.constantsEnd())));
    blocks.add(
        new Block.Figure(
            "Scratchpad, %s rows".formatted(Figures.count(section.access.scratchpad().size())),
            section.map(section.access.scratchpad(), -1)));
    blocks.add(
        new Block.Figure(
            "Accumulator, %s rows".formatted(Figures.count(section.access.accumulator().size())),
            section.map(section.access.accumulator(), -1)));
    blocks.add(
        new Block.Table(
            "Areas of main memory", List.of("what", "from", "bytes"), section.areas(), false));
    blocks.add(
        new Block.Table(
            "What host and accelerator exchange",
            List.of("ONNX node or input", "value", "address", "type", "byte strides"),
            section.regions(),
            true));
    return new Section("memory", "Memory map", blocks);
  }

  private long constantsEnd() {
    return program.image().base() + program.image().contentBytes();
  }

  /// Rows of cells, neighbours with the same use joined to one stroke.
  private String map(MemoryAccess.Extent extent, long mark) {
    List<Integer> kernels = access.kernels();
    int width = MemoryAccess.Extent.CELLS;
    double high = Math.clamp((double) HIGHEST / Math.max(1, kernels.size()), 0.5, 6);
    StringBuilder[] paths = {new StringBuilder(), new StringBuilder(), new StringBuilder()};
    for (int row = 0; row < kernels.size(); row++) {
      byte[] cells = extent.touched()[kernels.get(row)];
      for (int c = 0; c < width; ) {
        int end = c + 1;
        while (end < width && cells[end] == cells[c]) {
          end++;
        }
        if (cells[c] != 0) {
          paths[cells[c] - 1].append(
              String.format(
                  Locale.ROOT, "M%d %.1fh%d", 2 * c, TOP + (row + 0.5) * high, 2 * (end - c)));
        }
        c = end;
      }
    }
    double height = TOP + kernels.size() * high;
    StringBuilder svg = new StringBuilder();
    svg.append(
        String.format(
            Locale.ROOT,
            "<svg class=\"map\" viewBox=\"0 0 %d %.0f\" role=\"img\" aria-label=\"kernels by place in memory\">",
            2 * width,
            height));
    svg.append(legend());
    svg.append(
        String.format(
            Locale.ROOT,
            "<rect class=\"ground\" x=\"0\" y=\"%d\" width=\"%d\" height=\"%.1f\"/>",
            TOP,
            2 * width,
            height - TOP));
    String[] kind = {"read", "written", "both"};
    for (int i = 0; i < kind.length; i++) {
      svg.append(
          String.format(
              Locale.ROOT,
              "<path class=\"%s\" stroke-width=\"%.1f\" d=\"%s\"/>",
              kind[i],
              high,
              paths[i]));
    }
    if (mark >= 0) {
      int x = 2 * extent.cell(mark);
      svg.append("<line x1=\"%d\" x2=\"%d\" y1=\"%d\" y2=\"%.0f\"/>".formatted(x, x, TOP, height));
    }
    for (int row = 0; row < kernels.size(); row++) {
      svg.append(hit(program.mainNode(kernels.get(row)), TOP + row * high, 2 * width, high));
    }
    return svg.append("</svg>").toString();
  }

  /// A row that tells its node when pointed at and leads there when clicked; by keyboard the tables
  /// lead there.
  private String hit(String node, double y, int width, double high) {
    String rect =
        String.format(
            Locale.ROOT,
            "<rect class=\"hit\" y=\"%.1f\" width=\"%d\" height=\"%.1f\"><title>%s</title></rect>",
            y,
            width,
            high,
            Page.escaped(node));
    return index.number(node).stream()
        .mapToObj(n ->
            "<a href=\"#%s\" tabindex=\"-1\" aria-hidden=\"true\">%s</a>"
                .formatted(NodeIndex.anchor(n), rect))
        .findFirst()
        .orElse(rect);
  }

  private static String legend() {
    StringBuilder svg = new StringBuilder();
    String[] names = {"read", "written", "both"};
    for (int i = 0; i < names.length; i++) {
      int x = 4 + 70 * i;
      svg.append(
          "<path class=\"%s\" stroke-width=\"9\" d=\"M%d 6h10\"/><text class=\"label\" x=\"%d\" y=\"10\">%s</text>"
              .formatted(names[i], x, x + 14, Page.escaped(names[i])));
    }
    return svg.toString();
  }

  private List<Row> areas() {
    List<Row> rows = new ArrayList<>();
    for (CacheSlot cache : program.caches()) {
      rows.add(area("cache " + cache.input(), cache.address(), cache.bytes()));
    }
    rows.add(area("constants", program.image().base(), program.image().contentBytes()));
    rows.add(
        area(
            "activations, which take over the place of those nobody reads any more",
            constantsEnd(),
            program.image().base() + program.image().bytes() - constantsEnd()));
    return rows;
  }

  private static Row area(String what, long from, long bytes) {
    return new Row(
        "",
        "",
        List.of(
            Cell.words(what),
            Cell.figure("0x" + Long.toHexString(from)),
            Cell.figure(Figures.count(bytes))));
  }

  private List<Row> regions() {
    List<Row> rows = new ArrayList<>();
    int inputs = program.graph().inputs().size();
    for (Map.Entry<Integer, Region> e : new TreeMap<>(program.regions()).entrySet()) {
      Region region = e.getValue();
      String node = "";
      String value;
      if (e.getKey() < inputs) {
        value = "input " + program.graph().inputs().get(e.getKey()).name();
      } else {
        Graph.Node<Op> of = program.graph().nodes().get(e.getKey() - inputs);
        node = of.loc().node();
        value = OpInfo.of(of.op()).name();
      }
      rows.add(
          new Row(
              node,
              "memory of " + value,
              List.of(
                  Cell.node(node),
                  Cell.words(value),
                  Cell.figure("0x" + Long.toHexString(region.address())),
                  Cell.words(region.dtype().text() + region.dims()),
                  Cell.words(region.stridesBytes().toString()))));
    }
    return rows;
  }
}
