package org.lapidary.tools.explore;

import java.util.List;
import java.util.function.BiConsumer;

/// Whoever does jobs, in whatever order and wherever.
public interface PointRunner extends AutoCloseable {
  /// Does all jobs.
  ///
  /// @param done told every outcome as it comes, one at a time
  void run(List<Job> jobs, BiConsumer<Job, Outcome> done);

  @Override
  void close();
}
