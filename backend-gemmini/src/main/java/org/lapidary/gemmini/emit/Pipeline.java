package org.lapidary.gemmini.emit;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.lapidary.machine.isa.Instr;
import org.lapidary.machine.isa.Isa;
import org.lapidary.machine.isa.LocalAddr;

/// Interleaves stages. Loads, computes and stores each keep their order; a command of one unit is
/// written among those of the others about where it can start, so that the reservation station,
/// which takes commands in order, holds what each unit needs next. Stores may fall behind the array
/// by several stages; they are written at the latest when somebody needs the rows they read.
final class Pipeline {
  /// Commands from one on belong to a kernel.
  record Mark(int kernel, int from) {}

  private static final int FENCE = Isa.encode(new Instr.Fence()).funct();

  /// Stages without computes that wait for one with.
  private static final int MOST_WAITING = 4;

  /// Stages whose stores are remembered after they are written.
  private static final int REMEMBERED = 8;

  private static final int NO_BANK = -2;

  private final Commands out = new Commands();
  private final List<Mark> marks = new ArrayList<>();
  private final Pace pace;
  private final Deque<Queued> operands = new ArrayDeque<>();
  private final Deque<Queued> sums = new ArrayDeque<>();
  private final Deque<Queued> stores = new ArrayDeque<>();
  private final Deque<Stored> stored = new ArrayDeque<>();
  private @Nullable Stage current;
  private long currentNumber;
  private long accepted;
  private long arrayTime;
  private long loadTime;
  private long storeTime;
  private boolean transposesB;
  private boolean fencePending;

  /// Whether sums are loaded with stride 0, one row many times.
  private boolean repeatsRow;

  /// The accumulator bank that the array adds into: no store can read it meanwhile.
  private int addsInBank = NO_BANK;

  /// Commands of one unit that are not all written yet.
  private static final class Queued {
    final Stage stage;
    final Commands commands;
    final long number;
    long earliest;
    int next;

    Queued(Stage stage, Commands commands, long number) {
      this.stage = stage;
      this.commands = commands;
      this.number = number;
    }
  }

  /// About when rows were free again.
  private record Stored(Stage.Rows rows, long at) {}

  Pipeline(OnChip chip) {
    this.pace = new Pace(chip.machine());
  }

  /// Everything written so far.
  Commands commands() {
    return out;
  }

  List<Mark> marks() {
    return marks;
  }

  /// Takes the next stage; its loads go among the computes of the one before.
  void accept(Stage next) {
    long number = ++accepted;
    load(next, next.early(), number);
    writePendingFence();
    load(next, next.late(), number);
    boolean computes = next.computes().count() > 0;
    if (current != null && (computes || stores.size() >= MOST_WAITING)) {
      run(current);
    }
    enqueue(stores, next, next.stores(), number);
    if (computes) {
      mark(next.kernel());
      writeLoads(next.early().sums().count() + next.late().sums().count() > 0);
      writeStoresFrom(next.rows(), number);
      arrayTime = Math.max(arrayTime, loadTime);
      current = next;
      currentNumber = number;
    } else if (current == null) {
      mark(next.kernel());
      writeLoads(true);
    }
  }

  private void load(Stage stage, Stage.Loading loading, long number) {
    enqueue(operands, stage, loading.operands(), number);
    enqueue(sums, stage, loading.sums(), number);
  }

  private static void enqueue(Deque<Queued> queue, Stage stage, Commands commands, long number) {
    if (commands.count() > 0) {
      queue.add(new Queued(stage, commands, number));
    }
  }

  /// Writes everything accepted so far, and the fence if there is to be one.
  void drain() {
    writeAccepted();
    writePendingFence();
  }

  private void writeAccepted() {
    if (current != null) {
      run(current);
    }
    writeLoads(true);
    while (!stores.isEmpty()) {
      writeStore();
    }
  }

  /// Writes everything accepted so far, and then commands that order themselves.
  void writeAsIs(int kernel, Commands commands) {
    drain();
    mark(kernel);
    out.add(commands, 0, commands.count());
  }

  /// Everything accepted so far has to be done, and main memory consistent, before what follows,
  /// early loads of the next stage apart.
  void fence() {
    fencePending = true;
  }

  /// Whether the next stage comes after a fence.
  boolean isFencePending() {
    return fencePending;
  }

  private void writePendingFence() {
    if (!fencePending) {
      return;
    }
    fencePending = false;
    writeAccepted();
    if (out.count() > 0 && out.funct(out.count() - 1) != FENCE) {
      out.add(new Instr.Fence());
    }
    arrayTime = Math.max(arrayTime, storeTime);
  }

  /// About when the array begins with the last stage accepted.
  long arrayTime() {
    return arrayTime;
  }

  /// Whether loads that the array does not need do not keep it waiting. Only where loads wait for
  /// latency they take so much of its time that they should be spread.
  boolean hasTimeToLoad() {
    return loadTime < arrayTime || !pace.waitsForLatency();
  }

  /// About when the array is done with everything accepted so far.
  private long arrayDone() {
    return arrayTime + (current == null ? 0 : cycles(current));
  }

  /// About when the last store from some rows is done.
  long storesDone(Stage.Rows rows) {
    long time = storeTime;
    long done = 0;
    for (Queued q : stores) {
      time = Math.max(time, q.number == currentNumber ? arrayDone() : q.earliest);
      for (int i = q.next; i < q.commands.count(); i++) {
        time += storeCycles(q.commands, i);
      }
      if (q.stage.rows().overlaps(rows)) {
        done = time;
      }
    }
    return done;
  }

  private long cycles(Stage stage) {
    long cycles = 0;
    Commands computes = stage.computes();
    for (int i = 0; i < computes.count(); i++) {
      int funct = computes.funct(i);
      if (Commands.isCompute(funct)) {
        cycles += pace.compute(computes.rs1(i), Commands.isFresh(funct), transposesB);
      }
    }
    return cycles;
  }

  private void run(Stage stage) {
    mark(stage.kernel());
    // Earlier, a load would meet the array in the bank that it has not left yet.
    loadTime = Math.max(loadTime, arrayTime + pace.lag());
    Commands computes = stage.computes();
    for (int i = 0; i < computes.count(); i++) {
      int funct = computes.funct(i);
      out.add(computes, i, i + 1);
      if (Commands.isCompute(funct)) {
        arrayTime += pace.compute(computes.rs1(i), Commands.isFresh(funct), transposesB);
        writeDue();
      } else if (Commands.isConfig(funct)) {
        transposesB = Commands.transposesB(computes.rs1(i));
      } else {
        boolean adds = new LocalAddr((int) computes.rs2(i)).accumulates();
        addsInBank = adds ? pace.bank(stage.rows()) : NO_BANK;
      }
    }
    addsInBank = NO_BANK;
    for (Queued q : stores) {
      if (q.number == currentNumber) {
        q.earliest = arrayTime + pace.arrayLatency();
      }
    }
    current = null;
    currentNumber = 0;
  }

  /// Writes what can start by now.
  private void writeDue() {
    while (!operands.isEmpty() && loadTime <= arrayTime) {
      writeLoad(false);
    }
    while (loadableSum()
        && Math.max(loadTime, freeSince(sums.element().stage.rows())) <= arrayTime) {
      writeLoad(true);
    }
    while (storable()
        && pace.bank(stores.element().stage.rows()) != addsInBank
        && Math.max(storeTime, stores.element().earliest) <= arrayTime) {
      writeStore();
    }
  }

  /// Writes all loads of operands, and of sums if wanted; and the stores that some must wait for.
  private void writeLoads(boolean ofSums) {
    while (!operands.isEmpty()) {
      writeLoad(false);
    }
    while (ofSums && !sums.isEmpty()) {
      if (!loadableSum()) {
        writeStore();
        loadTime = Math.max(loadTime, storeTime);
      } else if (storable() && Math.max(storeTime, stores.element().earliest) <= loadTime) {
        writeStore();
      } else {
        writeLoad(true);
      }
    }
  }

  /// Whether no earlier store still needs the rows that the next sums overwrite.
  private boolean loadableSum() {
    return !sums.isEmpty() && !isStoredFrom(sums.element().stage.rows(), sums.element().number);
  }

  /// About when the last store from some rows was done, if that is not long ago. A load that is
  /// written before would keep all others waiting.
  private long freeSince(Stage.Rows rows) {
    long since = 0;
    for (Stored one : stored) {
      since = one.rows.overlaps(rows) ? Math.max(since, one.at) : since;
    }
    return since;
  }

  private boolean isStoredFrom(Stage.Rows rows, long before) {
    for (Queued q : stores) {
      if (q.number < before && q.stage.rows().overlaps(rows)) {
        return true;
      }
    }
    return false;
  }

  /// Writes the earlier stores from some rows; the array waits for them.
  private void writeStoresFrom(Stage.Rows rows, long before) {
    while (isStoredFrom(rows, before)) {
      writeStore();
      arrayTime = Math.max(arrayTime, storeTime);
    }
  }

  /// Whether the sums that the next store reads are computed, or loaded.
  private boolean storable() {
    return !stores.isEmpty()
        && stores.element().number != currentNumber
        && (sums.isEmpty() || sums.element().number > stores.element().number);
  }

  private void writeLoad(boolean ofSums) {
    Deque<Queued> queue = ofSums ? sums : operands;
    Queued q = queue.element();
    loadTime = Math.max(loadTime, arrayTime);
    if (Commands.isConfig(q.commands.funct(q.next))) {
      loadTime += pace.config();
      repeatsRow = ofSums && q.commands.rs2(q.next) == 0;
    } else {
      boolean once = repeatsRow && ofSums;
      loadTime += pace.load(q.commands.rs2(q.next), once);
    }
    writeNext(queue);
  }

  private void writeStore() {
    Queued q = stores.element();
    while (!sums.isEmpty() && sums.element().number <= q.number) {
      writeLoad(true); // what it stores; nothing older is left that these could overwrite
    }
    storeTime = Math.max(storeTime, Math.max(arrayTime, q.earliest));
    storeTime += storeCycles(q.commands, q.next);
    writeNext(stores);
    if (q.next == q.commands.count()) {
      stored.add(new Stored(q.stage.rows(), storeTime + pace.arrayLatency()));
      if (stored.size() > REMEMBERED) {
        stored.remove();
      }
    }
  }

  private long storeCycles(Commands commands, int at) {
    return Commands.isConfig(commands.funct(at)) ? pace.config() : pace.store(commands.rs2(at));
  }

  private void writeNext(Deque<Queued> queue) {
    Queued q = queue.element();
    out.add(q.commands, q.next, q.next + 1);
    if (++q.next == q.commands.count()) {
      queue.remove();
    }
  }

  private void mark(int kernel) {
    if (marks.isEmpty() || marks.getLast().kernel() != kernel) {
      marks.add(new Mark(kernel, out.count()));
    }
  }
}
