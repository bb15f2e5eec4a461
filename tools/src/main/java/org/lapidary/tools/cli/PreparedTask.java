package org.lapidary.tools.cli;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.lapidary.ir.Graph;
import org.lapidary.ir.Tensor;
import org.lapidary.ir.op.NnOp;
import org.lapidary.tools.compile.CalibrationSet;
import org.lapidary.tools.compile.CompileOptions;
import org.lapidary.tools.compile.Compiled;
import org.lapidary.tools.compile.InputBinding;
import org.lapidary.tools.compile.Lapidary;
import org.lapidary.tools.reference.OnnxRuntimeModel;
import org.lapidary.tools.validate.DataOptions;
import org.lapidary.tools.validate.Example;
import org.lapidary.tools.validate.Task;
import org.lapidary.tools.validate.TaskData;

/// A compiled model, the same model in ONNX Runtime, and the examples of a task fitted to both.
record PreparedTask(
    OnnxRuntimeModel reference, InputBinding binding, Compiled compiled, List<Example> examples)
    implements AutoCloseable {
  private static final int UNLABELLED_CALIBRATION = 64;
  private static final int WINDOW = 128;

  static PreparedTask of(Path model, DataArguments data, CompileArguments arguments) {
    OnnxRuntimeModel reference = OnnxRuntimeModel.load(model);
    boolean joined = data.task == Task.STS && reference.givesOneNumber();
    DataOptions options =
        data.options(arguments.tokenizer, windowLength(reference, arguments), joined);
    TaskData read = TaskData.read(data.data, data.task, options);
    List<Map<String, Tensor>> rows = read.rows();
    InputBinding binding =
        InputBinding.of(
            model.toString(),
            reference.inputs(),
            arguments.dims,
            data.length.orElse(InputBinding.roundedLength(rows)));
    CompileOptions how = arguments.options(binding.dims(), data.task, options);
    if (arguments.calibrate.isEmpty()) {
      how = how.withCalibration(graph -> unlabelled(graph, rows));
    }
    Compiled compiled = Lapidary.compile(model, how);
    return new PreparedTask(reference, binding, compiled, read.examples(binding, data.task));
  }

  /// The inputs of the evaluation data without their labels, for want of calibration data.
  private static CalibrationSet unlabelled(Graph<NnOp> graph, List<Map<String, Tensor>> rows) {
    List<Map<String, Tensor>> first =
        rows.subList(0, Math.min(UNLABELLED_CALIBRATION, rows.size()));
    return CalibrationSet.of(
        "inputs of the first " + first.size() + " samples of --data, labels unused", graph, first);
  }

  /// Length of windows of plain text: the model's own if it is fixed, else 128.
  private static int windowLength(OnnxRuntimeModel reference, CompileArguments arguments) {
    return reference.inputs().stream()
        .filter(s -> s.dims().size() == 2)
        .map(s -> s.dims().get(1))
        .findFirst()
        .map(d -> d.matches("[0-9]+") ? Integer.valueOf(d) : arguments.dims.get(d))
        .orElse(WINDOW);
  }

  @Override
  public void close() {
    reference.close();
  }
}
