package org.lapidary.tools.study;

import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.LongConsumer;
import java.util.function.Supplier;
import org.lapidary.tools.parallel.Workers;

/// Work put off until it can be done on several threads at once.
final class Batch {
  private final List<Runnable> tasks = new ArrayList<>();

  /// Adds a piece of work; its result is there once [#run] has returned.
  <T> Supplier<T> later(Supplier<T> work) {
    AtomicReference<T> result = new AtomicReference<>();
    tasks.add(() -> result.set(work.get()));
    return () -> Objects.requireNonNull(result.get(), "asked for before it was made");
  }

  /// How many pieces there are.
  int size() {
    return tasks.size();
  }

  /// Does everything.
  void run(int threads, LongConsumer progress) {
    Workers.map(
        tasks.size(),
        threads,
        () -> this,
        (batch, i) -> {
          batch.tasks.get(i).run();
          return i;
        },
        progress);
  }
}
