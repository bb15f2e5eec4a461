package org.lapidary.tools.validate;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongConsumer;
import java.util.function.Supplier;
import org.lapidary.ir.Tensor;

/// Runs the examples of a task through an engine, several at a time, with the verdicts in the order
/// of the examples whatever the number of threads.
public final class Comparison {
  private Comparison() {}

  /// Something that runs one inference.
  public interface Engine {
    Map<String, Tensor> run(Map<String, Tensor> inputs);
  }

  /// Verdicts of an engine on every example.
  ///
  /// @param engines makes one engine per thread
  /// @param progress told the number of finished examples
  public static List<Task.Verdict> judge(
      Task task,
      List<Example> examples,
      Supplier<? extends Engine> engines,
      int threads,
      LongConsumer progress) {
    AtomicInteger next = new AtomicInteger();
    AtomicLong done = new AtomicLong();
    Task.Verdict[] verdicts = new Task.Verdict[examples.size()];
    Callable<Integer> worker =
        () -> {
          Engine engine = engines.get();
          int count = 0;
          for (int i = next.getAndIncrement(); i < verdicts.length; i = next.getAndIncrement()) {
            Example example = examples.get(i);
            List<Map<String, Tensor>> outputs = new ArrayList<>();
            for (Map<String, Tensor> inputs : example.inputs()) {
              outputs.add(engine.run(inputs));
            }
            verdicts[i] = task.judge(example, outputs);
            progress.accept(done.incrementAndGet());
            count++;
          }
          return count;
        };
    try (ExecutorService pool = Executors.newFixedThreadPool(Math.max(1, threads))) {
      List<Future<Integer>> workers = new ArrayList<>();
      for (int t = 0; t < Math.max(1, threads); t++) {
        workers.add(pool.submit(worker));
      }
      for (Future<Integer> future : workers) {
        future.get();
      }
    } catch (ExecutionException e) {
      if (e.getCause() instanceof RuntimeException cause) {
        throw cause;
      }
      throw new IllegalStateException(e.getCause());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("cancelled", e);
    }
    return List.of(verdicts);
  }
}
