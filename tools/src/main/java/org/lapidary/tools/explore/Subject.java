package org.lapidary.tools.explore;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.lapidary.ir.Tensor;
import org.lapidary.tools.compile.CompileOptions;
import org.lapidary.tools.validate.Example;
import org.lapidary.tools.validate.Metric;
import org.lapidary.tools.validate.Task;

/// A model and a task, opened once for many points.
public interface Subject extends AutoCloseable {
  Path model();

  Task task();

  /// All samples.
  List<Example> examples();

  /// The headline.
  Metric metric();

  /// Length of the model's sequence on these samples.
  int length();

  /// One inference of the model in fp32.
  Map<String, Tensor> reference(Map<String, Tensor> inputs);

  /// How a point is compiled.
  ///
  /// @param words of a `lapidary validate` command line
  CompileOptions options(List<String> words);

  @Override
  void close();
}
