package org.lapidary.tools.cli;

import java.io.PrintWriter;
import java.io.Writer;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.lapidary.gemmini.search.TilingCache;
import org.lapidary.ir.Graph;
import org.lapidary.ir.Tensor;
import org.lapidary.ir.op.NnOp;
import org.lapidary.tools.compile.CalibrationSet;
import org.lapidary.tools.compile.CompileOptions;
import org.lapidary.tools.compile.InputBinding;
import org.lapidary.tools.explore.Evaluator;
import org.lapidary.tools.explore.Subject;
import org.lapidary.tools.reference.OnnxRuntimeModel;
import org.lapidary.tools.validate.DataOptions;
import org.lapidary.tools.validate.Example;
import org.lapidary.tools.validate.Metric;
import org.lapidary.tools.validate.Task;
import org.lapidary.tools.validate.TaskData;

/// A model in ONNX Runtime and the examples of a task fitted to it, ready to be compiled in one way
/// or in many.
record OpenTask(
    Path model,
    DataArguments data,
    int threads,
    OnnxRuntimeModel reference,
    InputBinding binding,
    DataOptions reading,
    List<Map<String, Tensor>> rows,
    List<Example> examples,
    TilingCache tilings)
    implements Subject {
  static final int UNLABELLED_CALIBRATION = 64;
  private static final int WINDOW = 128;

  static OpenTask of(Path model, DataArguments data, CompileArguments arguments) {
    OnnxRuntimeModel reference = OnnxRuntimeModel.load(model);
    boolean joined = data.task == Task.STS && reference.givesOneNumber();
    DataOptions reading =
        data.options(arguments.tokenizer, windowLength(reference, arguments), joined);
    TaskData read = TaskData.read(data.data, data.task, reading);
    List<Map<String, Tensor>> rows = read.rows();
    InputBinding binding =
        InputBinding.of(
            model.toString(),
            reference.inputs(),
            arguments.dims,
            data.length.orElse(InputBinding.roundedLength(rows)));
    return new OpenTask(
        model,
        data,
        arguments.threads,
        reference,
        binding,
        reading,
        rows,
        read.examples(binding, data.task),
        TilingCache.in(arguments.cache));
  }

  /// What a line of words names, on some threads.
  static Evaluator evaluator(List<String> words, int threads) {
    ValidateCommand command = ValidateCommand.parsed(words);
    command.arguments.threads = threads;
    return new Evaluator(of(command.model, command.data, command.arguments));
  }

  /// How the model is compiled by arguments, which may be others than those it was opened with.
  CompileOptions options(CompileArguments arguments) {
    CompileOptions how = arguments.options(binding.dims(), data.task, reading).withCache(tilings);
    return arguments.calibrate.isEmpty()
        ? how.withCalibration(graph -> unlabelled(graph, rows))
        : how;
  }

  @Override
  public CompileOptions options(List<String> words) {
    CompileArguments arguments = ValidateCommand.parsed(words).arguments;
    arguments.threads = threads;
    // One of many; the first line about calibration would be repeated for each pruned graph.
    arguments.spec.commandLine().setErr(new PrintWriter(Writer.nullWriter()));
    return options(arguments);
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
  public Task task() {
    return data.task;
  }

  @Override
  public Metric metric() {
    return data.metric.orElse(task().metrics(examples).getFirst());
  }

  @Override
  public int length() {
    return binding.length();
  }

  @Override
  public Map<String, Tensor> reference(Map<String, Tensor> inputs) {
    return reference.run(inputs);
  }

  @Override
  public void close() {
    reference.close();
  }
}
