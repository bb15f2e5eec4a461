package org.lapidary.tools.compile;

import java.util.Map;
import java.util.function.Function;
import org.lapidary.gemmini.map.ScheduleOptions;
import org.lapidary.gemmini.search.TilingCache;
import org.lapidary.ir.Graph;
import org.lapidary.ir.op.NnOp;
import org.lapidary.ir.pass.PassRunner;
import org.lapidary.ir.pass.Pipeline;
import org.lapidary.machine.GemminiParams;
import org.lapidary.machine.Semantics;
import org.lapidary.passes.PassCatalog;
import org.lapidary.passes.prune.PruneRecipe;
import org.lapidary.passes.quant.QuantizeOptions;

/// How a model is compiled.
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

  public CompileOptions withMachine(GemminiParams newMachine) {
    return new CompileOptions(
        dims,
        newMachine,
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

  public CompileOptions withSemantics(Semantics newSemantics) {
    return new CompileOptions(
        dims,
        machine,
        newSemantics,
        schedule,
        calibration,
        quantization,
        pipeline,
        runner,
        threads,
        cache,
        pruning);
  }

  public CompileOptions withSchedule(ScheduleOptions newSchedule) {
    return new CompileOptions(
        dims,
        machine,
        semantics,
        newSchedule,
        calibration,
        quantization,
        pipeline,
        runner,
        threads,
        cache,
        pruning);
  }

  public CompileOptions withCalibration(Function<Graph<NnOp>, CalibrationSet> set) {
    return new CompileOptions(
        dims,
        machine,
        semantics,
        schedule,
        set,
        quantization,
        pipeline,
        runner,
        threads,
        cache,
        pruning);
  }

  public CompileOptions withQuantization(QuantizeOptions recipe) {
    return new CompileOptions(
        dims,
        machine,
        semantics,
        schedule,
        calibration,
        recipe,
        pipeline,
        runner,
        threads,
        cache,
        pruning);
  }

  public CompileOptions withPipeline(Pipeline newPipeline) {
    return new CompileOptions(
        dims,
        machine,
        semantics,
        schedule,
        calibration,
        quantization,
        newPipeline,
        runner,
        threads,
        cache,
        pruning);
  }

  public CompileOptions withRunner(PassRunner newRunner) {
    return new CompileOptions(
        dims,
        machine,
        semantics,
        schedule,
        calibration,
        quantization,
        pipeline,
        newRunner,
        threads,
        cache,
        pruning);
  }

  public CompileOptions withThreads(int newThreads) {
    return new CompileOptions(
        dims,
        machine,
        semantics,
        schedule,
        calibration,
        quantization,
        pipeline,
        runner,
        newThreads,
        cache,
        pruning);
  }

  public CompileOptions withCache(TilingCache newCache) {
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
        newCache,
        pruning);
  }

  public CompileOptions withPruning(PruneRecipe newPruning) {
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
        newPruning);
  }
}
