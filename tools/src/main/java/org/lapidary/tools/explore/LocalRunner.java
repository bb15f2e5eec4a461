package org.lapidary.tools.explore;

import java.util.List;
import java.util.function.BiConsumer;
import org.lapidary.tools.parallel.Workers;

/// Does jobs on threads of this process.
///
/// @param evaluator closed by whoever made it
public record LocalRunner(Evaluator evaluator, int threads) implements PointRunner {
  @Override
  public void run(List<Job> jobs, BiConsumer<Job, Outcome> done) {
    Object lock = new Object();
    Workers.fold(
        jobs.size(),
        threads,
        Object::new,
        (_, i) -> {
          Outcome outcome = evaluator.evaluate(jobs.get(i));
          synchronized (lock) {
            done.accept(jobs.get(i), outcome);
          }
        },
        _ -> {});
  }

  @Override
  public void close() {}
}
