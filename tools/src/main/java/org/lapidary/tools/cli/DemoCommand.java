package org.lapidary.tools.cli;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.lapidary.tools.compile.CompileOptions;
import org.lapidary.tools.compile.Compiled;
import org.lapidary.tools.compile.InputBinding;
import org.lapidary.tools.compile.Lapidary;
import org.lapidary.tools.data.SampleSet;
import org.lapidary.tools.reference.OnnxRuntimeModel;
import org.lapidary.tools.validate.DataOptions;
import org.lapidary.tools.validate.Measurement;
import org.lapidary.tools.validate.Task;
import org.lapidary.tools.validate.TaskData;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/// The main job on the shipped models.
@Command(
    name = "demo",
    mixinStandardHelpOptions = true,
    description = {
      "Compiles the shipped BERT and GPT from ONNX to integer programs, runs their evaluation",
      "sets on the simulator, and prints accuracy against speed."
    },
    footer = {"", "Example: lapidary demo"})
final class DemoCommand implements Callable<Integer> {
  private static final int LENGTH = 64;

  /// A shipped model.
  private record Shipped(String name, Task task) {}

  private static final List<Shipped> MODELS =
      List.of(new Shipped("bert-reviews", Task.CLASSIFY), new Shipped("gpt-reviews", Task.LM));

  @Option(names = "--limit", paramLabel = "N", description = "Only the first N samples each.")
  int limit = Integer.MAX_VALUE;

  @Option(
      names = "--referee",
      paramLabel = "N",
      description = "Compare N samples of each model with the integer referee; default 8.")
  int refereeExamples = 8;

  @Option(
      names = "--threads",
      paramLabel = "N",
      converter = AtLeastOne.class,
      description = "Default: all processors.")
  int threads = Runtime.getRuntime().availableProcessors();

  @Mixin Output output = new Output();

  @Override
  public Integer call() {
    List<Measurement> measurements = new ArrayList<>();
    for (Shipped shipped : MODELS) {
      measurements.add(measure(shipped));
    }
    if (output.json()) {
      output.document(Map.of("models", measurements.stream().map(Measurement::document).toList()));
    } else {
      output.out().print(MeasurementTable.of(measurements));
      output
          .out()
          .println(
              "Baseline: matrix products on the same accelerator, everything else in float on a scalar host\n"
                  + "(an assumption, `lapidary validate` prints its terms); the host's own steps are in neither.");
    }
    boolean equal =
        measurements.stream().allMatch(m -> m.referees().equal() == m.referees().checked());
    return equal ? 0 : Main.OUR_BUG;
  }

  private Measurement measure(Shipped shipped) {
    Path folder =
        Path.of(System.getProperty("lapidary.root", "."), "testdata", "models", shipped.name());
    Path model = folder.resolve("model.onnx");
    try (OnnxRuntimeModel reference = OnnxRuntimeModel.load(model)) {
      InputBinding binding =
          InputBinding.of(model.toString(), reference.inputs(), Map.of(), LENGTH);
      TaskData data =
          TaskData.read(folder, shipped.task(), DataOptions.of(Optional.empty(), limit, LENGTH));
      SampleSet calibration = SampleSet.read(folder.resolve("calibration"));
      CompileOptions options =
          CompileOptions.of(binding.dims()).withThreads(threads).withCalibration(calibration);
      Compiled compiled = Lapidary.compile(model, options);
      Measurement.Settings settings =
          new Measurement.Settings(
              threads, refereeExamples, Measurement.NN_EXAMPLES, true, Optional.empty());
      long inferences = settings.inferences(data.count());
      try (Progress progress = Progress.of(shipped.name(), inferences)) {
        return Measurement.of(
            shipped.name(),
            compiled,
            shipped.task(),
            data.examples(binding, shipped.task()),
            reference,
            settings,
            progress.steps());
      }
    }
  }
}
