package org.lapidary.tools.cli;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.lapidary.ir.Graph;
import org.lapidary.ir.Tensor;
import org.lapidary.ir.op.NnOp;
import org.lapidary.tools.compile.CalibrationSet;
import org.lapidary.tools.compile.CompileOptions;
import org.lapidary.tools.compile.Compiled;
import org.lapidary.tools.compile.InputBinding;
import org.lapidary.tools.compile.Lapidary;
import org.lapidary.tools.data.TextEncoder;
import org.lapidary.tools.reference.OnnxRuntimeModel;
import org.lapidary.tools.validate.Example;
import org.lapidary.tools.validate.Measurement;
import org.lapidary.tools.validate.Task;
import org.lapidary.tools.validate.TaskData;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/// Accuracy versus speed-up of a model on a task.
@Command(
    name = "validate",
    mixinStandardHelpOptions = true,
    description = {
      "Compiles a model, runs a task through ONNX Runtime in fp32 and through the integer",
      "program on the simulator, and prints accuracy and speed side by side."
    },
    footer = {
      "",
      "DATA: a .npz or a directory of .npy with 'labels'; a .tsv with a header naming sentence",
      "(or sentence1, sentence2) and label; plain text for lm.",
      "Example: lapidary validate model.onnx --task classify --data test.tsv \\",
      "           --tokenizer tokenizer.json --calibrate train.tsv"
    })
final class ValidateCommand implements Callable<Integer> {
  private static final int UNLABELLED_CALIBRATION = 64;

  @Parameters(paramLabel = "MODEL.onnx", description = "The model.")
  Path model = Path.of("");

  @Option(
      names = "--task",
      required = true,
      converter = TaskName.class,
      description = "classify, token-classify, sts, lm or embed.")
  Task task = Task.CLASSIFY;

  @Option(names = "--data", required = true, paramLabel = "FILE", description = "The samples.")
  Path data = Path.of("");

  @Option(names = "--limit", paramLabel = "N", description = "Use only the first N samples.")
  int limit = Integer.MAX_VALUE;

  @Option(
      names = "--length",
      paramLabel = "N",
      description = "Sequence length; default: the longest sample, rounded up to 16.")
  Optional<Integer> length = Optional.empty();

  @Option(
      names = "--referee",
      paramLabel = "N",
      description = "Compare N samples with the integer referee; default 4.")
  int refereeExamples = 4;

  @Mixin CompileArguments arguments = new CompileArguments();
  @Mixin Output output = new Output();

  /// Reads `token-classify` and the like.
  static final class TaskName implements picocli.CommandLine.ITypeConverter<Task> {
    @Override
    public Task convert(String text) {
      for (Task t : Task.values()) {
        if (t.text().equals(text)) {
          return t;
        }
      }
      throw new picocli.CommandLine.TypeConversionException(
          "'" + text + "' is no task; there are classify, token-classify, sts, lm, embed");
    }
  }

  @Override
  public Integer call() {
    try (OnnxRuntimeModel reference = OnnxRuntimeModel.load(model)) {
      TaskData read =
          TaskData.read(
              data,
              task,
              arguments.tokenizer.map(TextEncoder::open),
              limit,
              length.orElse(windowLength(reference)));
      List<Map<String, Tensor>> rows = read.rows().stream().map(List::getFirst).toList();
      InputBinding binding =
          InputBinding.of(
              model.toString(),
              reference.inputs(),
              arguments.dims,
              length.orElse(InputBinding.roundedLength(rows)));
      CompileOptions options = arguments.options(binding.dims());
      if (arguments.calibrate.isEmpty()) {
        options = options.withCalibration(graph -> unlabelled(graph, rows));
      }
      Compiled compiled = Lapidary.compile(model, options);
      List<Example> examples = read.examples(binding, task);
      Measurement m;
      try (Progress progress = Progress.of("validate", 2L * examples.size())) {
        m =
            Measurement.of(
                String.valueOf(model.getFileName()),
                compiled,
                task,
                examples,
                reference,
                new Measurement.Settings(arguments.threads, refereeExamples),
                progress.steps());
      }
      if (output.json()) {
        output.document(m.document());
      } else {
        output.out().println("model       " + model + " " + binding.dims());
        output.out().println("calibration " + compiled.calibration().description());
        output.out().println();
        output.out().print(MeasurementTable.of(List.of(m)));
        output.out().print("\n" + m.baseline().description());
      }
    }
    return 0;
  }

  /// The inputs of the evaluation data without their labels, for want of calibration data.
  private static CalibrationSet unlabelled(Graph<NnOp> graph, List<Map<String, Tensor>> rows) {
    List<Map<String, Tensor>> first =
        rows.subList(0, Math.min(UNLABELLED_CALIBRATION, rows.size()));
    return CalibrationSet.of(
        "inputs of the first " + first.size() + " samples of --data, labels unused", graph, first);
  }

  /// Length of windows of plain text: the model's own if it is fixed, else 128.
  private int windowLength(OnnxRuntimeModel reference) {
    return reference.inputs().stream()
        .filter(s -> s.dims().size() == 2)
        .map(s -> s.dims().get(1))
        .findFirst()
        .map(d -> d.matches("[0-9]+") ? Integer.valueOf(d) : arguments.dims.get(d))
        .orElse(128);
  }
}
