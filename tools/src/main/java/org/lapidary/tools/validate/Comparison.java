package org.lapidary.tools.validate;

import java.util.List;
import java.util.Map;
import java.util.function.LongConsumer;
import java.util.function.Supplier;
import org.lapidary.ir.Tensor;
import org.lapidary.tools.parallel.Workers;

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
    return Workers.map(
        examples.size(),
        threads,
        engines,
        (engine, i) -> {
          Example example = examples.get(i);
          return task.judge(example, example.inputs().stream().map(engine::run).toList());
        },
        progress);
  }
}
