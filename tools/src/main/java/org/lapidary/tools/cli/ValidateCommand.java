package org.lapidary.tools.cli;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import org.lapidary.tools.validate.Measurement;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/// Accuracy versus speed-up of a model on a task.
@Command(
    name = "validate",
    mixinStandardHelpOptions = true,
    description = {
      "Compiles a model, runs a task through ONNX Runtime in fp32, through ONNX Runtime's own int8,",
      "and through the integer program on the simulator, and prints accuracy and speed side by side."
    },
    footer = {
      DataArguments.FORMATS,
      "Example: lapidary validate model.onnx --task classify --data test.tsv \\",
      "           --tokenizer tokenizer.json --calibrate train.tsv"
    })
final class ValidateCommand implements Callable<Integer> {
  @Parameters(paramLabel = "MODEL.onnx", description = "The model.")
  Path model = Path.of("");

  @Mixin DataArguments data = new DataArguments();

  @Option(
      names = "--referee",
      paramLabel = "N",
      description = "Compare N samples with the float and the integer referee; default 4.")
  int refereeExamples = 4;

  @Option(
      names = "--nn",
      paramLabel = "N",
      description = "Score at most N samples with the float referee, too; default 200.")
  int nnExamples = Measurement.NN_EXAMPLES;

  @Option(
      names = "--no-ort-int8",
      description = "Leave ONNX Runtime's own static and dynamic int8 out.")
  boolean noOrtInt8;

  @Mixin CompileArguments arguments = new CompileArguments();
  @Mixin Output output = new Output();

  @Override
  public Integer call() {
    try (PreparedTask prepared = PreparedTask.of(model, data, arguments)) {
      Measurement m = measure(String.valueOf(model.getFileName()), prepared);
      if (output.json()) {
        Map<String, Object> document = m.document();
        document.put("recipe", prepared.compiled().quantized().recipe().toString());
        PiecesReport.put(document, prepared.compiled().quantized().pieces());
        output.document(document);
      } else {
        output.out().println("model       " + model + " " + prepared.binding().dims());
        output.out().println("calibration " + prepared.compiled().calibration().description());
        output.out().println("quantization " + prepared.compiled().quantized().recipe());
        output.out().print(PiecesReport.text(prepared.compiled().quantized().pieces()));
        output.out().println();
        output.out().print(MeasurementTable.of(List.of(m)));
        output.out().print("\n" + m.baseline().description());
      }
    }
    return 0;
  }

  /// The command that a line of words says.
  static ValidateCommand parsed(List<String> words) {
    ValidateCommand command = new ValidateCommand();
    new CommandLine(command)
        .setCaseInsensitiveEnumValuesAllowed(true)
        .parseArgs(words.toArray(String[]::new));
    return command;
  }

  Measurement measure(String name, PreparedTask prepared) {
    Measurement.Settings settings =
        new Measurement.Settings(
            arguments.threads, refereeExamples, nnExamples, !noOrtInt8, data.metric);
    long inferences = settings.inferences(prepared.examples().size());
    try (Progress progress = Progress.of("validate", inferences)) {
      return Measurement.of(
          name,
          prepared.compiled(),
          data.task,
          prepared.examples(),
          prepared.reference(),
          settings,
          progress.steps());
    }
  }
}
