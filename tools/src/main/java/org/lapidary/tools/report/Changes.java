package org.lapidary.tools.report;

import java.util.ArrayList;
import java.util.List;
import org.lapidary.ir.Graph;
import org.lapidary.ir.op.Op;
import org.lapidary.ir.pass.PassRunner;
import org.lapidary.ir.text.GraphDiff;

/// Keeps what every pass changed, of large models the beginning.
public final class Changes implements PassRunner.Dumps {
  private static final int LINES = 240;

  private final List<Change> changes = new ArrayList<>();

  /// What a pass changed.
  ///
  /// @param lines that differ, with a little of what is around them
  /// @param left number of such lines that were not kept
  public record Change(String pass, String summary, List<GraphDiff.Line> lines, int left) {
    public Change {
      lines = List.copyOf(lines);
    }
  }

  /// So far, in order.
  public List<Change> list() {
    return List.copyOf(changes);
  }

  @Override
  public String write(String fileName, String comment, Graph<? extends Op> graph) {
    return "";
  }

  @Override
  public void step(
      int number,
      String name,
      String comment,
      Graph<? extends Op> before,
      Graph<? extends Op> after) {
    if (number == 0) {
      return; // nothing was before the import
    }
    GraphDiff diff = GraphDiff.of(before, after);
    List<GraphDiff.Line> lines = diff.isEmpty() ? List.of() : diff.hunks();
    int kept = Math.min(LINES, lines.size());
    changes.add(new Change(name, diff.summary(), lines.subList(0, kept), lines.size() - kept));
  }
}
