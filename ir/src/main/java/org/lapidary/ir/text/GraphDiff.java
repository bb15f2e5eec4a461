package org.lapidary.ir.text;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.lapidary.ir.Graph;
import org.lapidary.ir.Value;
import org.lapidary.ir.op.Op;

/// What is different in two graphs: operations are compared by what they compute and where they
/// came from. Numbers of values, order, locations, the name of the graph and names of constants do
/// not count.
///
/// Values are called as in the second graph; those that only the first has carry a prime: `%12'`.
///
/// @param lines the whole second graph, with what was removed and added
/// @param removed number of operations only the first graph has
/// @param added number of operations only the second graph has
/// @param changed number of operations of both that have other operands, attributes or types
/// @param same number of operations without a difference
public record GraphDiff(List<Line> lines, int removed, int added, int changed, int same) {
  private static final int CONTEXT = 2;

  /// What a line says.
  public enum Kind {
    SAME,
    REMOVED,
    ADDED,
    /// Between two places that differ.
    GAP
  }

  /// One line, for example a statement.
  public record Line(Kind kind, String text) {
    /// Marked as usual: `-`, `+`, space, or `@@`.
    @Override
    public String toString() {
      return switch (kind) {
        case SAME -> "  " + text;
        case REMOVED -> "- " + text;
        case ADDED -> "+ " + text;
        case GAP -> "@@ " + text;
      };
    }
  }

  public GraphDiff {
    lines = List.copyOf(lines);
  }

  /// Compares two graphs.
  public static GraphDiff of(Graph<? extends Op> a, Graph<? extends Op> b) {
    return new Comparison(a, b).diff();
  }

  /// Whether nothing is different, inputs and results included.
  public boolean isEmpty() {
    return lines.stream().allMatch(line -> line.kind() == Kind.SAME);
  }

  /// For example `2 removed, 1 added, 0 changed, 40 the same`.
  public String summary() {
    return "%d removed, %d added, %d changed, %d the same".formatted(removed, added, changed, same);
  }

  /// The lines that differ, with a little of what is around them.
  public List<Line> hunks() {
    boolean[] shown = new boolean[lines.size()];
    for (int i = 0; i < shown.length; i++) {
      if (lines.get(i).kind() != Kind.SAME) {
        for (int j = Math.max(0, i - CONTEXT); j <= Math.min(shown.length - 1, i + CONTEXT); j++) {
          shown[j] = true;
        }
      }
    }
    List<Line> out = new ArrayList<>();
    int hidden = 0;
    for (int i = 0; i < shown.length; i++) {
      if (!shown[i]) {
        hidden++;
        continue;
      }
      if (hidden > 0) {
        out.add(new Line(Kind.GAP, hidden + (hidden == 1 ? " line" : " lines") + " the same"));
        hidden = 0;
      }
      out.add(lines.get(i));
    }
    return out;
  }

  /// Summary and hunks, without colours.
  public String text() {
    StringBuilder s = new StringBuilder(summary()).append('\n');
    hunks().forEach(line -> s.append(line).append('\n'));
    return s.toString();
  }

  /// One comparison at work.
  private static final class Comparison {
    private final Graph<? extends Op> a;
    private final Graph<? extends Op> b;
    private final GraphAlignment alignment;
    private final Map<Value, String> names;
    private final Map<Value, Integer> positions = new HashMap<>();
    private final Function<Value, String> name;
    private final List<Line> lines = new ArrayList<>();
    private int removed;
    private int added;
    private int changed;
    private int same;

    Comparison(Graph<? extends Op> a, Graph<? extends Op> b) {
      this.a = a;
      this.b = b;
      this.alignment = new GraphAlignment(a, b);
      this.names = IrPrinter.names(b);
      Map<Value, String> old = IrPrinter.names(a);
      this.name =
          v -> {
            String partner = names.get(alignment.partner(v));
            return partner != null ? partner : old.getOrDefault(v, "%undefined") + "'";
          };
      for (int i = 0; i < a.nodes().size(); i++) {
        positions.put(alignment.partner(a.nodes().get(i).result()), i);
      }
    }

    GraphDiff diff() {
      ports("input ", a.inputs(), b.inputs(), p -> name.apply(p.value()) + ": " + p.type());
      nodes();
      ports("return ", a.results(), b.results(), p -> IrPrinter.result(p, name) + " : " + p.type());
      return new GraphDiff(lines, removed, added, changed, same);
    }

    private void ports(
        String what, List<Graph.Port> as, List<Graph.Port> bs, Function<Graph.Port, String> text) {
      List<String> before = as.stream().map(text).toList();
      List<String> after = bs.stream().map(text).toList();
      before.stream()
          .filter(t -> !after.contains(t))
          .forEach(t -> lines.add(new Line(Kind.REMOVED, what + t)));
      after.forEach(
          t -> lines.add(new Line(before.contains(t) ? Kind.SAME : Kind.ADDED, what + t)));
    }

    private void nodes() {
      int next = 0;
      int[] following = following();
      for (int i = 0; i < following.length; i++) {
        Graph.Node<? extends Op> node = b.nodes().get(i);
        next = removedBefore(next, following[i]);
        Integer at = positions.get(node.result());
        if (at == null) {
          added++;
          add(Kind.ADDED, node);
          continue;
        }
        Graph.Node<? extends Op> old = a.nodes().get(at);
        if (alignment.isSame(old, node)) {
          same++;
          add(Kind.SAME, node);
        } else {
          changed++;
          add(Kind.REMOVED, old);
          add(Kind.ADDED, node);
        }
      }
      removedBefore(next, a.nodes().size());
    }

    /// For each node of the second graph, where in the first graph it or the next known one is.
    private int[] following() {
      int[] following = new int[b.nodes().size()];
      int at = a.nodes().size();
      for (int i = following.length - 1; i >= 0; i--) {
        at = positions.getOrDefault(b.nodes().get(i).result(), at);
        following[i] = at;
      }
      return following;
    }

    private int removedBefore(int from, int to) {
      for (int i = from; i < to; i++) {
        Graph.Node<? extends Op> node = a.nodes().get(i);
        if (!alignment.isPaired(node.result())) {
          removed++;
          add(Kind.REMOVED, node);
        }
      }
      return Math.max(from, to);
    }

    private void add(Kind kind, Graph.Node<? extends Op> node) {
      lines.add(new Line(kind, IrPrinter.statement(node, name)));
    }
  }
}
