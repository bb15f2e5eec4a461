package org.lapidary.gemmini.emit;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.lapidary.machine.isa.Instr;
import org.lapidary.machine.isa.Isa;

/// Interleaves stages: while the array works on one, the stores of the one before and the loads of
/// the one after are spread among its commands. Loads, computes and stores each keep their order.
/// Source: rtl/README.md, `swp` streams.
final class Pipeline {
  /// Commands from one on belong to a kernel.
  record Mark(int kernel, int from) {}

  private static final int FENCE = Isa.encode(new Instr.Fence()).funct();

  private final Commands out = new Commands();
  private final List<Mark> marks = new ArrayList<>();
  private @Nullable Stage current;
  private Commands undrained = new Commands();

  /// Everything emitted so far.
  Commands commands() {
    return out;
  }

  List<Mark> marks() {
    return marks;
  }

  /// Takes the next stage; its loads go among the computes of the one before.
  void accept(Stage next) {
    if (current == null) {
      mark(next.kernel());
      addAll(next.sums());
      addAll(next.operands());
    } else {
      run(current, next.sums(), next.operands());
    }
    current = next;
  }

  /// Emits everything accepted so far.
  void drain() {
    if (current != null) {
      run(current, new Commands(), new Commands());
      addAll(undrained);
      undrained = new Commands();
      current = null;
    }
  }

  /// Emits everything and waits until main memory is consistent.
  void fence() {
    drain();
    if (out.count() > 0 && out.funct(out.count() - 1) != FENCE) {
      out.add(new Instr.Fence());
    }
  }

  /// The stores of the stage before come in the first half, so that what waits for the same
  /// accumulator rows can follow in the second.
  private void run(Stage stage, Commands sums, Commands operands) {
    mark(stage.kernel());
    Commands computes = stage.computes();
    int total = 0;
    for (int i = 0; i < computes.count(); i++) {
      total += Commands.isCompute(computes.funct(i)) ? 1 : 0;
    }
    int storesDone = 0;
    int sumsDone = 0;
    int operandsDone = 0;
    int done = 0;
    for (int i = 0; i < computes.count(); i++) {
      out.add(computes, i, i + 1);
      if (!Commands.isCompute(computes.funct(i))) {
        continue;
      }
      done++;
      operandsDone = advance(operands, operandsDone, share(operands.count(), done, total));
      storesDone = advance(undrained, storesDone, share(undrained.count(), 2 * done, total));
      if (storesDone == undrained.count()) {
        sumsDone = advance(sums, sumsDone, share(sums.count(), 2 * done - total, total));
      }
    }
    advance(undrained, storesDone, undrained.count());
    advance(sums, sumsDone, sums.count());
    advance(operands, operandsDone, operands.count());
    undrained = stage.stores();
  }

  /// How many of `count` are due after `done` of `total`, rounded up.
  private static int share(int count, int done, int total) {
    long due = ((long) count * Math.clamp(done, 0, total) + total - 1) / total;
    return (int) Math.min(count, due);
  }

  private int advance(Commands from, int done, int due) {
    if (due > done) {
      out.add(from, done, due);
      return due;
    }
    return done;
  }

  private void addAll(Commands all) {
    out.add(all, 0, all.count());
  }

  private void mark(int kernel) {
    if (marks.isEmpty() || marks.getLast().kernel() != kernel) {
      marks.add(new Mark(kernel, out.count()));
    }
  }
}
