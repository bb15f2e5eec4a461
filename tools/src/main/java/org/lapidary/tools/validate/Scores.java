package org.lapidary.tools.validate;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// What an engine achieved.
///
/// @param samples number of examples it was given: all, or the first ones
/// @param metrics every metric of the task
/// @param agreement with fp32
/// @param seconds wall time
public record Scores(int samples, Map<Metric, Double> metrics, double agreement, double seconds) {
  /// Weighs verdicts.
  ///
  /// @param fp32 verdicts on the fp32 model, of the same examples
  public static Scores of(
      Task task,
      List<Example> examples,
      List<Task.Verdict> verdicts,
      List<Task.Verdict> fp32,
      double seconds) {
    Map<Metric, Double> metrics = new LinkedHashMap<>();
    task.metrics(examples).forEach(m -> metrics.put(m, m.of(examples, verdicts, fp32)));
    return new Scores(examples.size(), metrics, Task.agreement(fp32, verdicts), seconds);
  }
}
