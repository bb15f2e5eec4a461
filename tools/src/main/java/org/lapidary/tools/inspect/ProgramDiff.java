package org.lapidary.tools.inspect;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import org.lapidary.gemmini.program.MemoryImage;
import org.lapidary.gemmini.program.Program;
import org.lapidary.ir.Graph;
import org.lapidary.ir.op.Op;
import org.lapidary.ir.op.OpInfo;
import org.lapidary.ir.text.GraphDiff;
import org.lapidary.ir.text.GraphDiff.Kind;
import org.lapidary.ir.text.GraphDiff.Line;
import org.lapidary.machine.ParamsText;

/// What is different in two programs: machine, graph, placement, the commands of kernels that
/// compute the same ONNX nodes, and the constants in memory.
public final class ProgramDiff {
  private static final int SHOWN_COMMANDS = 8;

  private final Program a;
  private final Program b;
  private final List<Line> lines = new ArrayList<>();

  private ProgramDiff(Program a, Program b) {
    this.a = a;
    this.b = b;
  }

  /// The lines that say what is different; none if nothing is.
  public static List<Line> of(Program a, Program b) {
    ProgramDiff diff = new ProgramDiff(a, b);
    diff.section("machine", machine(a), machine(b));
    GraphDiff graphs = GraphDiff.of(a.graph(), b.graph());
    if (!graphs.isEmpty()) {
      diff.lines.add(new Line(Kind.GAP, "graph: " + graphs.summary()));
      diff.lines.addAll(graphs.hunks());
    }
    diff.section("placement", placement(a), placement(b));
    diff.kernels();
    diff.memory();
    return diff.lines;
  }

  private static List<String> machine(Program p) {
    List<String> lines = new ArrayList<>(ParamsText.print(p.machine()).lines().toList());
    lines.add("semantics = " + p.semantics());
    return lines;
  }

  private static List<String> placement(Program p) {
    return p.placements().stream()
        .map(x -> "%s %s %s: %s".formatted(x.where().text(), x.op(), x.node(), x.reason()))
        .toList();
  }

  /// Lines that are in one list only.
  private void section(String title, List<String> before, List<String> after) {
    List<Line> found = new ArrayList<>();
    only(before, after).forEach(t -> found.add(new Line(Kind.REMOVED, t)));
    only(after, before).forEach(t -> found.add(new Line(Kind.ADDED, t)));
    if (!found.isEmpty()) {
      lines.add(new Line(Kind.GAP, title));
      lines.addAll(found);
    }
  }

  private static List<String> only(List<String> these, List<String> those) {
    Map<String, Integer> left = new HashMap<>();
    those.forEach(t -> left.merge(t, 1, Integer::sum));
    return these.stream().filter(t -> left.merge(t, -1, Integer::sum) < 0).toList();
  }

  private void kernels() {
    ProgramListing before = new ProgramListing("", a, Optional.empty());
    ProgramListing after = new ProgramListing("", b, Optional.empty());
    Map<String, Integer> olds = byOrigin(a, before);
    Map<String, Integer> news = byOrigin(b, after);
    Set<String> names = new HashSet<>(olds.keySet());
    names.addAll(news.keySet());
    for (String name : names.stream().sorted().toList()) {
      List<String> x = olds.containsKey(name) ? before.commands(olds.get(name)) : List.of();
      List<String> y = news.containsKey(name) ? after.commands(news.get(name)) : List.of();
      if (!x.equals(y)) {
        lines.add(
            new Line(
                Kind.GAP, "kernel %s: %d, now %d commands".formatted(name, x.size(), y.size())));
        commands(x, y);
      }
    }
  }

  /// Kernels by what they compute; the second of one name carries a number.
  private static Map<String, Integer> byOrigin(Program p, ProgramListing listing) {
    Map<String, Integer> byName = new TreeMap<>();
    for (int k : listing.kernels()) {
      Set<String> parts = new java.util.LinkedHashSet<>();
      for (int n : p.kernels().get(k).nodes()) {
        Graph.Node<Op> node = p.graph().nodes().get(n);
        parts.add(OpInfo.of(node.op()).name() + " " + node.loc().node());
      }
      String name = String.join(" + ", parts);
      String unique = name;
      for (int i = 2; byName.containsKey(unique); i++) {
        unique = name + " (" + i + ")";
      }
      byName.put(unique, k);
    }
    return byName;
  }

  /// The first commands that differ, after a common beginning and before a common end.
  private void commands(List<String> x, List<String> y) {
    int from = 0;
    int shorter = Math.min(x.size(), y.size());
    while (from < shorter && x.get(from).equals(y.get(from))) {
      from++;
    }
    int end = 0;
    while (end < shorter - from && x.get(x.size() - 1 - end).equals(y.get(y.size() - 1 - end))) {
      end++;
    }
    commands(Kind.REMOVED, x.subList(from, x.size() - end));
    commands(Kind.ADDED, y.subList(from, y.size() - end));
  }

  private void commands(Kind kind, List<String> differing) {
    int shown = Math.min(SHOWN_COMMANDS, differing.size());
    differing.subList(0, shown).forEach(c -> lines.add(new Line(kind, c)));
    if (shown < differing.size()) {
      lines.add(new Line(kind, "… " + (differing.size() - shown) + " more"));
    }
  }

  private void memory() {
    section("memory", extent(a.image()), extent(b.image()));
    if (!Arrays.equals(digest(a.image()), digest(b.image()))) {
      lines.add(new Line(Kind.GAP, "the constants in memory differ"));
      lines.add(new Line(Kind.REMOVED, java.util.HexFormat.of().formatHex(digest(a.image()))));
      lines.add(new Line(Kind.ADDED, java.util.HexFormat.of().formatHex(digest(b.image()))));
    }
  }

  private static List<String> extent(MemoryImage image) {
    return List.of(
        "base 0x%x, %d bytes of which %d constant"
            .formatted(image.base(), image.bytes(), image.contentBytes()));
  }

  private static byte[] digest(MemoryImage image) {
    try {
      var sha = java.security.MessageDigest.getInstance("SHA-256");
      image.segments().forEach(s -> sha.update(s.content().get()));
      return sha.digest();
    } catch (java.security.NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java has SHA-256", e);
    }
  }
}
