package org.lapidary.passes.fuse;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Predicate;
import org.lapidary.ir.Value;
import org.lapidary.ir.op.NnOp;
import org.lapidary.ir.op.OpInfo;
import org.lapidary.passes.canon.Definitions;

/// The few operations above an expression, nearest first.
final class Cone {
  private Cone() {}

  /// The values an operation depends on through at most `depth` operations that `through` lets
  /// pass; the last ones, through which one does not look, included.
  static List<Value> above(NnOp op, int depth, Predicate<NnOp> through, Definitions defs) {
    Set<Value> seen = new LinkedHashSet<>(OpInfo.operands(op));
    Deque<Value> level = new ArrayDeque<>(seen);
    for (int d = 1; d < depth && !level.isEmpty(); d++) {
      Deque<Value> next = new ArrayDeque<>();
      for (Value value : level) {
        NnOp def = defs.def(value);
        if (def != null && through.test(def)) {
          for (Value operand : OpInfo.operands(def)) {
            if (seen.add(operand)) {
              next.add(operand);
            }
          }
        }
      }
      level = next;
    }
    return new ArrayList<>(seen);
  }
}
