package org.lapidary.tools.cli;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import org.lapidary.gemmini.map.ScheduleOptions;
import org.lapidary.gemmini.search.TilingCache;
import org.lapidary.ir.Diagnostic;
import org.lapidary.ir.DiagnosticException;
import org.lapidary.ir.Graph;
import org.lapidary.ir.Tensor;
import org.lapidary.ir.op.NnOp;
import org.lapidary.ir.pass.Pass;
import org.lapidary.ir.pass.PassRunner;
import org.lapidary.ir.pass.Pipeline;
import org.lapidary.ir.text.IrDumps;
import org.lapidary.machine.GemminiParams;
import org.lapidary.machine.Semantics;
import org.lapidary.passes.fuse.RefuseForeign;
import org.lapidary.passes.prune.PruneRecipe;
import org.lapidary.passes.quant.QuantizeOptions;
import org.lapidary.passes.quant.QuantizeOptions.Clipping;
import org.lapidary.passes.quant.QuantizeOptions.Nonlinear;
import org.lapidary.passes.quant.Recipe;
import org.lapidary.tools.compile.CalibrationSet;
import org.lapidary.tools.compile.CompileOptions;
import org.lapidary.tools.data.TextEncoder;
import org.lapidary.tools.validate.DataOptions;
import org.lapidary.tools.validate.Task;
import org.lapidary.tools.validate.TaskData;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/// The options of every command that compiles a model.
final class CompileArguments {
  @Option(
      names = "--dim",
      arity = "1..*",
      paramLabel = "NAME=N",
      description = "Sizes of the model's symbolic dimensions.")
  Map<String, Integer> dims = new LinkedHashMap<>();

  @Option(names = "--machine", paramLabel = "NAME|FILE", description = "Default: ibert.")
  String machine = "ibert";

  @Option(
      names = "--semantics",
      description = "Whose LayerNorm rounding: rtl (working silicon, default) or libgemmini.")
  Semantics semantics = Semantics.RTL;

  @Option(
      names = "--calibrate",
      arity = "1..*",
      paramLabel = "FILE",
      description = "Samples to observe ranges on: .npz, a directory of .npy, or text.")
  List<Path> calibrate = List.of();

  @Option(
      names = "--calibrate-limit",
      paramLabel = "N",
      description = "Use at most N samples; default 128.")
  int calibrateLimit = 128;

  @Option(
      names = "--calibrate-skip",
      paramLabel = "N",
      converter = AtLeastOne.class,
      description = "Pass over the first N samples of each file, such as those that are scored.")
  int calibrateSkip;

  @Option(
      names = "--calibration-method",
      paramLabel = "METHOD",
      description =
          "How ranges follow from what was seen: min_max, percentile (99.99 %%), entropy, mse"
              + " (default).")
  Clipping calibrationMethod = QuantizeOptions.DEFAULT.activations();

  @Option(
      names = "--calibration-file",
      paramLabel = "FILE",
      description = "Keep there what was seen, and go on from there after a stop.")
  Optional<Path> calibrationFile = Optional.empty();

  @Spec(Spec.Target.MIXEE)
  CommandSpec spec = CommandSpec.create();

  @Option(names = "--tokenizer", paramLabel = "FILE", description = "For text.")
  Optional<Path> tokenizer = Optional.empty();

  @Option(
      names = "--nonlinear",
      description = "Softmax, GELU, LayerNorm: integer (default) or on the host in float.")
  Nonlinear nonlinear = Nonlinear.INTEGER;

  @Option(
      names = "--schedule",
      description = "Kernels one after the other (serial) or interleaved (pipelined, default).")
  ScheduleOptions.Order schedule = ScheduleOptions.DEFAULT.order();

  @Option(
      names = "--fusion",
      description =
          "Softmax, LayerNorm, GELU in the accumulator of their sum: off, always, or if it costs"
              + " less (cost, default). Requantization always is.")
  ScheduleOptions.Fusion fusion = ScheduleOptions.DEFAULT.fusion();

  @Option(
      names = "--quantize",
      paramLabel = "RECIPE",
      description = {
        "Refinements of quantization, such as 'outliers{below=30}, split-weights', or plain.",
        "See passes/QUANTIZATION.md."
      })
  String recipe = Recipe.DEFAULT.toString();

  @Option(
      names = "--prune",
      paramLabel = "RECIPE",
      description = {
        "What to take out of the model, such as 'heads{keep=0.5}, neurons{keep=0.5}', or",
        "'budget{cycles=0.6}', which chooses by itself. See passes/PRUNING.md."
      })
  String pruning = PruneRecipe.NONE.toString();

  @Option(
      names = "--pipeline",
      paramLabel = "TEXT|FILE",
      description = "Passes on the imported graph; default: passes' nn.pipeline.")
  Optional<String> pipeline = Optional.empty();

  @Option(
      names = "--allow-host",
      description =
          "Run blocks of other families (RMS normalization, rotary positions, gated activations)"
              + " on the host instead of refusing them.")
  boolean allowHost;

  @Option(
      names = "--threads",
      paramLabel = "N",
      converter = AtLeastOne.class,
      description = "Default: all processors.")
  int threads = Runtime.getRuntime().availableProcessors();

  @Option(
      names = "--cache",
      paramLabel = "DIR",
      description = {
        "Where to remember how kernels were cut up; default: lapidary in the user's cache.",
        "It changes the time of compiling, never the program."
      })
  Path cache = CacheDirectory.standard();

  /// Options without calibration data and dumps.
  CompileOptions options(Map<String, Integer> allDims) {
    Pipeline passes = OptCommand.pipeline(pipeline);
    return CompileOptions.of(allDims)
        .withMachine(GemminiParams.load(machine))
        .withSemantics(semantics)
        .withQuantization(
            QuantizeOptions.DEFAULT
                .withNonlinear(nonlinear)
                .withActivations(calibrationMethod)
                .withRecipe(recipe()))
        .withSchedule(new ScheduleOptions(schedule, fusion))
        .withPipeline(allowHost ? withoutRefusal(passes) : passes)
        .withThreads(threads)
        .withCache(TilingCache.in(cache))
        .withPruning(pruning())
        .withCalibration(this::calibration);
  }

  private static Pipeline withoutRefusal(Pipeline passes) {
    return new Pipeline(
        passes.passes().stream()
            .<Pass<?, ?>>map(pass -> pass)
            .filter(pass -> !(pass instanceof RefuseForeign))
            .toList());
  }

  /// The same with dumps after some passes.
  CompileOptions options(Map<String, Integer> allDims, List<String> dumpAfter, Path dumpDir) {
    PassRunner runner =
        new PassRunner()
            .withDumps(
                pass -> dumpAfter.contains("all") || dumpAfter.contains(pass),
                new IrDumps(dumpDir));
    return options(allDims).withRunner(runner);
  }

  private Recipe recipe() {
    try {
      return Recipe.parse(recipe);
    } catch (IllegalArgumentException e) {
      throw new DiagnosticException(
          Diagnostic.error(
              Diagnostic.Code.INVALID_PIPELINE,
              "--quantize",
              "",
              String.valueOf(e.getMessage()),
              "write it like " + Recipe.DEFAULT));
    }
  }

  private PruneRecipe pruning() {
    try {
      return PruneRecipe.parse(pruning);
    } catch (IllegalArgumentException e) {
      throw new DiagnosticException(
          Diagnostic.error(
              Diagnostic.Code.INVALID_PIPELINE,
              "--prune",
              "",
              String.valueOf(e.getMessage()),
              "write it like heads{keep=0.5}, neurons{keep=0.5}"));
    }
  }

  /// Options for a task, whose data say how text is to be read.
  CompileOptions options(Map<String, Integer> allDims, Task task, DataOptions data) {
    return options(allDims).withCalibration(graph -> calibration(graph, Optional.of(task), data));
  }

  private CalibrationSet calibration(Graph<NnOp> graph) {
    return calibration(
        graph,
        Optional.empty(),
        DataOptions.of(tokenizer.map(TextEncoder::open), calibrateLimit, 0));
  }

  private CalibrationSet calibration(Graph<NnOp> graph, Optional<Task> task, DataOptions data) {
    CalibrationSet set =
        calibrate.isEmpty() ? CalibrationSet.synthetic(graph) : realCalibration(graph, task, data);
    echo(set);
    return calibrationFile.map(set::keptIn).orElse(set);
  }

  /// Says what is about to be done, before the long work.
  private void echo(CalibrationSet set) {
    spec.commandLine()
        .getErr()
        .printf(
            Locale.ROOT,
            "calibration: %s; method %s; %d threads%s%n",
            set.description(),
            calibrationMethod.name().toLowerCase(Locale.ROOT),
            threads,
            calibrationFile.map(file -> "; kept in " + file).orElse(""));
  }

  private CalibrationSet realCalibration(Graph<NnOp> graph, Optional<Task> task, DataOptions data) {
    int length =
        graph.inputs().stream()
            .filter(p -> p.type().rank() == 2)
            .mapToInt(p -> p.type().dim(1))
            .findFirst()
            .orElse(0);
    List<Map<String, Tensor>> rows = new ArrayList<>();
    for (Path file : calibrate) {
      int left = calibrateLimit - rows.size();
      if (left > 0) {
        rows.addAll(unskipped(file, task, data, left, length));
      }
    }
    String after = calibrateSkip == 0 ? "" : " after the first " + calibrateSkip;
    String files = calibrate.stream().map(Path::toString).collect(Collectors.joining(", "));
    return CalibrationSet.of(rows.size() + " samples of " + files + after, graph, rows);
  }

  /// So many samples of a file, without those that are skipped.
  private List<Map<String, Tensor>> unskipped(
      Path file, Optional<Task> task, DataOptions data, int count, int length) {
    int last = (int) Math.min(Integer.MAX_VALUE, (long) calibrateSkip + count);
    return TaskData.unlabelled(file, task, data.with(last, length)).stream()
        .skip(calibrateSkip)
        .limit(count)
        .toList();
  }
}
