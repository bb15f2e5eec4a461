package org.lapidary.tools.parallel;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.LongConsumer;
import java.util.function.Supplier;

/// Items handed out one by one to workers on threads of their own, each with a state that only it
/// touches: a simulator, a session, a sum.
public final class Workers {
  private Workers() {}

  /// What a worker makes of one item.
  @FunctionalInterface
  public interface Mapping<W, R> {
    R apply(W worker, int item);
  }

  /// What a worker does with one item.
  @FunctionalInterface
  public interface Step<W> {
    void accept(W worker, int item);
  }

  /// One result per item, in the order of the items.
  ///
  /// @param progress told the number of finished items, rising, from one thread at a time
  public static <W, R> List<R> map(
      int items,
      int threads,
      Supplier<? extends W> workers,
      Mapping<? super W, ? extends R> mapping,
      LongConsumer progress) {
    List<R> results = new ArrayList<>(java.util.Collections.nCopies(items, null));
    Workers.<W>fold(
        items,
        threads,
        workers,
        (worker, item) -> results.set(item, mapping.apply(worker, item)),
        progress);
    return List.copyOf(results);
  }

  /// The states of all workers after the last item; which of them saw which item is left to chance,
  /// so they must be merged by something that does not care.
  ///
  /// @param progress told the number of finished items, rising, from one thread at a time
  public static <W> List<W> fold(
      int items,
      int threads,
      Supplier<? extends W> workers,
      Step<? super W> step,
      LongConsumer progress) {
    AtomicInteger next = new AtomicInteger();
    Progress done = new Progress(progress);
    int count = Math.max(1, Math.min(threads, items));
    try (ExecutorService pool = Executors.newFixedThreadPool(count)) {
      List<Future<W>> futures = new ArrayList<>();
      for (int t = 0; t < count; t++) {
        futures.add(
            pool.submit(() -> {
              W worker = workers.get();
              try {
                for (int i = next.getAndIncrement(); i < items; i = next.getAndIncrement()) {
                  step.accept(worker, i);
                  done.step();
                }
              } finally {
                next.set(items); // after a failure there is nothing left to do for the others
              }
              return worker;
            }));
      }
      return results(futures);
    }
  }

  /// Counts under a lock, so that the count told never falls.
  private static final class Progress {
    private final LongConsumer listener;
    private long done;

    Progress(LongConsumer listener) {
      this.listener = listener;
    }

    synchronized void step() {
      listener.accept(++done);
    }
  }

  private static <W> List<W> results(List<Future<W>> futures) {
    List<W> results = new ArrayList<>();
    try {
      for (Future<W> future : futures) {
        results.add(future.get());
      }
      return results;
    } catch (ExecutionException e) {
      switch (e.getCause()) {
        case RuntimeException cause -> throw cause;
        case Error cause -> throw cause;
        case null, default -> throw new IllegalStateException(e.getCause());
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("cancelled", e);
    }
  }
}
