package org.lapidary.tools.cli;

import java.nio.file.Path;
import java.util.List;
import java.util.function.UnaryOperator;
import org.lapidary.tools.compile.CompileOptions;
import org.lapidary.tools.compile.Compiled;
import org.lapidary.tools.compile.InputBinding;
import org.lapidary.tools.compile.Lapidary;
import org.lapidary.tools.reference.OnnxRuntimeModel;
import org.lapidary.tools.validate.Example;

/// A compiled model, the same model in ONNX Runtime, and the examples of a task fitted to both.
record PreparedTask(
    OnnxRuntimeModel reference, InputBinding binding, Compiled compiled, List<Example> examples)
    implements AutoCloseable {

  static PreparedTask of(Path model, DataArguments data, CompileArguments arguments) {
    return of(model, data, arguments, UnaryOperator.identity());
  }

  /// @param with what else the compilation is to do
  static PreparedTask of(
      Path model,
      DataArguments data,
      CompileArguments arguments,
      UnaryOperator<CompileOptions> with) {
    OpenTask task = OpenTask.of(model, data, arguments);
    Compiled compiled = Lapidary.compile(model, with.apply(task.options(arguments)));
    return new PreparedTask(task.reference(), task.binding(), compiled, task.examples());
  }

  @Override
  public void close() {
    reference.close();
  }
}
