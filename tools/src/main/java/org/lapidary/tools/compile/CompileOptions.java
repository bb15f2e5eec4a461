package org.lapidary.tools.compile;

import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.stream.IntStream;
import org.lapidary.gemmini.map.ScheduleOptions;
import org.lapidary.gemmini.search.TilingCache;
import org.lapidary.ir.Graph;
import org.lapidary.ir.Tensor;
import org.lapidary.ir.op.NnOp;
import org.lapidary.ir.pass.PassRunner;
import org.lapidary.ir.pass.Pipeline;
import org.lapidary.machine.GemminiParams;
import org.lapidary.machine.Semantics;
import org.lapidary.passes.PassCatalog;
import org.lapidary.passes.prune.PruneRecipe;
import org.lapidary.passes.quant.QuantizeOptions;
import org.lapidary.tools.data.SampleSet;

/// How a model is compiled: [#of] gives the defaults, `with…` changes one of them.
///
/// @param dims sizes of the model's symbolic dimensions
/// @param machine the machine it is compiled for
/// @param semantics whose rounding LayerNorm is compiled for
/// @param schedule what the backend may fuse and interleave
/// @param calibration makes the calibration inputs for the imported graph
/// @param quantization recipe
/// @param pipeline passes from the imported to the canonical graph
/// @param runner dumps and limits of the passes
/// @param threads threads for calibration
/// @param cache of how kernels were cut up before; changes time alone
/// @param pruning what is taken out of the canonical graph before it is quantized
public record CompileOptions(
    Map<String, Integer> dims,
    GemminiParams machine,
    Semantics semantics,
    ScheduleOptions schedule,
    Function<Graph<NnOp>, CalibrationSet> calibration,
    QuantizeOptions quantization,
    Pipeline pipeline,
    PassRunner runner,
    int threads,
    TilingCache cache,
    PruneRecipe pruning) {

  public CompileOptions {
    dims = Map.copyOf(dims);
    quantization = quantization.withTruncatingLayerNorm(semantics == Semantics.LIBGEMMINI);
  }

  /// The defaults: machine `ibert`, semantics of the hardware, synthetic calibration.
  public static CompileOptions of(Map<String, Integer> dims) {
    return new CompileOptions(
        dims,
        GemminiParams.load("ibert"),
        Semantics.RTL,
        ScheduleOptions.DEFAULT,
        CalibrationSet::synthetic,
        QuantizeOptions.DEFAULT,
        PassCatalog.nn(),
        new PassRunner(),
        Runtime.getRuntime().availableProcessors(),
        TilingCache.inMemory(),
        PruneRecipe.NONE);
  }

  /// For another machine: a shipped one by its name, or a file.
  ///
  /// @throws org.lapidary.machine.ParamsException if there is no such machine
  public CompileOptions withMachine(String nameOrFile) {
    return withMachine(GemminiParams.load(nameOrFile));
  }

  public CompileOptions withMachine(GemminiParams newMachine) {
    return changed(draft -> draft.machine = newMachine);
  }

  public CompileOptions withSemantics(Semantics newSemantics) {
    return changed(draft -> draft.semantics = newSemantics);
  }

  public CompileOptions withSchedule(ScheduleOptions newSchedule) {
    return changed(draft -> draft.schedule = newSchedule);
  }

  /// Ranges observed on real samples.
  ///
  /// @param samples arrays by input name; what they leave out (mask, positions, segments) is
  ///   derived
  public CompileOptions withCalibration(SampleSet samples) {
    List<Map<String, Tensor>> rows =
        IntStream.range(0, samples.count()).mapToObj(samples::sample).toList();
    String description = samples.count() + " samples of " + samples.name();
    return withCalibration(graph -> CalibrationSet.of(description, graph, rows));
  }

  public CompileOptions withCalibration(Function<Graph<NnOp>, CalibrationSet> set) {
    return changed(draft -> draft.calibration = set);
  }

  public CompileOptions withQuantization(QuantizeOptions recipe) {
    return changed(draft -> draft.quantization = recipe);
  }

  public CompileOptions withPipeline(Pipeline newPipeline) {
    return changed(draft -> draft.pipeline = newPipeline);
  }

  public CompileOptions withRunner(PassRunner newRunner) {
    return changed(draft -> draft.runner = newRunner);
  }

  public CompileOptions withThreads(int newThreads) {
    return changed(draft -> draft.threads = newThreads);
  }

  public CompileOptions withCache(TilingCache newCache) {
    return changed(draft -> draft.cache = newCache);
  }

  public CompileOptions withPruning(PruneRecipe recipe) {
    return changed(draft -> draft.pruning = recipe);
  }

  private CompileOptions changed(Consumer<Draft> change) {
    Draft draft = new Draft(this);
    change.accept(draft);
    return draft.finished();
  }

  /// The components while one of them changes.
  private static final class Draft {
    final Map<String, Integer> dims;
    GemminiParams machine;
    Semantics semantics;
    ScheduleOptions schedule;
    Function<Graph<NnOp>, CalibrationSet> calibration;
    QuantizeOptions quantization;
    Pipeline pipeline;
    PassRunner runner;
    int threads;
    TilingCache cache;
    PruneRecipe pruning;

    Draft(CompileOptions from) {
      dims = from.dims;
      machine = from.machine;
      semantics = from.semantics;
      schedule = from.schedule;
      calibration = from.calibration;
      quantization = from.quantization;
      pipeline = from.pipeline;
      runner = from.runner;
      threads = from.threads;
      cache = from.cache;
      pruning = from.pruning;
    }

    CompileOptions finished() {
      return new CompileOptions(
          dims,
          machine,
          semantics,
          schedule,
          calibration,
          quantization,
          pipeline,
          runner,
          threads,
          cache,
          pruning);
    }
  }
}
