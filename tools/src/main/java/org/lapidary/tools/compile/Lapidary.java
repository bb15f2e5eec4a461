package org.lapidary.tools.compile;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.LongConsumer;
import java.util.function.Supplier;
import org.lapidary.frontend.onnx.Imported;
import org.lapidary.frontend.onnx.OnnxImporter;
import org.lapidary.gemmini.GemminiCompiler;
import org.lapidary.gemmini.program.Program;
import org.lapidary.gemmini.program.ProgramVerifier;
import org.lapidary.gemmini.search.TilingSearch;
import org.lapidary.ir.DiagnosticException;
import org.lapidary.ir.Graph;
import org.lapidary.ir.op.NnOp;
import org.lapidary.ir.op.Op;
import org.lapidary.ir.pass.PassRunner;
import org.lapidary.passes.prune.Pruned;
import org.lapidary.passes.quant.Calibration;
import org.lapidary.passes.quant.GivenSteps;
import org.lapidary.passes.quant.QuantizedModel;

/// The whole way: an ONNX file in, a program for the accelerator out, and what it computes.
///
/// ```java
/// CompileOptions options =
///     CompileOptions.of(Map.of("batch", 1, "sequence", 64))
///         .withCalibration(SampleSet.read(Path.of("samples.npz")));
/// Compiled compiled = Lapidary.compile(Path.of("model.onnx"), options);
/// Inference inference = compiled.run(Map.of("input_ids", ids, "attention_mask", mask));
/// Tensor logits = inference.output("logits");
/// compiled.write(Path.of("out"));
/// Inference same = Lapidary.open(Path.of("out")).run(inputs);
/// ```
///
/// What the user can cause is thrown as a [DiagnosticException], which names the ONNX node and says
/// what to do.
public final class Lapidary {
  private Lapidary() {}

  /// Compiles a model.
  ///
  /// @throws DiagnosticException if the model, the machine or the options are at fault
  public static Compiled compile(Path model, CompileOptions options) {
    return compile(model, options, _ -> {});
  }

  /// Compiles a model, telling how many calibration samples are done.
  public static Compiled compile(Path model, CompileOptions options, LongConsumer progress) {
    Prepared prepared = prepare(model, options, progress);
    List<PassRunner.Step> steps = new ArrayList<>(prepared.steps());
    int ops = prepared.canonical().nodes().size();
    QuantizedModel quantized =
        timed(
            steps,
            "quantize",
            ops,
            () -> prepared.quantized(options),
            q -> q.graph().nodes().size());
    int number = prepared.outcome().steps().size() + (prepared.pruned().isPresent() ? 2 : 1);
    dump(options, "quantize", number, prepared.canonical(), quantized.graph());
    int integerOps = quantized.graph().nodes().size();
    Program program =
        timed(steps, "emit", integerOps, () -> emit(quantized, options), _ -> integerOps);
    timed(steps, "verify", integerOps, () -> ProgramVerifier.require(program), _ -> integerOps);
    return new Compiled(
        model,
        prepared.imported(),
        prepared.canonical(),
        prepared.pruned(),
        prepared.outcome(),
        prepared.samples(),
        quantized,
        program,
        steps);
  }

  /// Reads a compiled program.
  ///
  /// @throws DiagnosticException if it is missing or damaged
  public static Executable open(Path directory) {
    return Executable.open(directory);
  }

  /// Does what neither the recipe of quantization nor, but for the sizes that pruning leaves, the
  /// machine has a part in; save that `equalize` changes weights beforehand and `round-weights`
  /// wants more observed.
  public static Prepared prepare(Path model, CompileOptions options, LongConsumer progress) {
    List<PassRunner.Step> steps = new ArrayList<>();
    Imported imported =
        timed(steps, "import", 0, () -> OnnxImporter.read(model, options.dims()), Lapidary::size);
    dump(options, "import", 0, imported.graph(), imported.graph());
    PassRunner.Outcome outcome = canonicalize(model, imported.graph(), options);
    steps.addAll(outcome.steps());
    GivenSteps given = GivenSteps.of(canonical(outcome));
    CalibrationSet samples = options.calibration().apply(given.graph());
    Optional<Pruned> pruned =
        options.pruning().isEmpty()
            ? Optional.empty()
            : Optional.of(
                timed(
                    steps,
                    "prune",
                    given.graph().nodes().size(),
                    () ->
                        of(model, given.graph(), () -> Pruning.of(given.graph(), samples, options)),
                    p -> p.graph().nodes().size()));
    Graph<NnOp> whole = pruned.map(Pruned::graph).orElse(given.graph());
    pruned.ifPresent(
        p -> dump(options, "prune", outcome.steps().size() + 1, given.graph(), p.graph()));
    Graph<NnOp> canonical = options.quantization().recipe().prepared(whole, given);
    int ops = canonical.nodes().size();
    Calibration calibration =
        timed(
            steps,
            "calibrate",
            ops,
            () ->
                calibrate(
                    canonical,
                    samples,
                    options.quantization().recipe().moments(),
                    options.threads(),
                    progress),
            _ -> ops);
    calibration.give(given.steps());
    return new Prepared(imported, canonical, pruned, outcome, samples, calibration, steps);
  }

  /// The program for a quantized model, not yet verified.
  public static Program emit(QuantizedModel quantized, CompileOptions options) {
    return emit(quantized.graph(), options);
  }

  static Program emit(Graph<Op> quantized, CompileOptions options) {
    return GemminiCompiler.compile(
        quantized,
        options.machine(),
        options.semantics(),
        options.schedule(),
        List.of(),
        new TilingSearch(options.machine(), options.semantics(), options.cache()));
  }

  /// Observes ranges on several threads, whose number does not show in the result.
  ///
  /// @param moments largest number of channels that are observed in pairs
  public static Calibration calibrate(
      Graph<NnOp> graph, CalibrationSet samples, int moments, int threads, LongConsumer progress) {
    return Calibrating.run(graph, samples, moments, threads, progress);
  }

  /// Runs the passes; what they refuse is said of the file.
  public static PassRunner.Outcome canonicalize(
      Path model, Graph<NnOp> graph, CompileOptions options) {
    return of(model, graph, () -> options.runner().run(graph, options.pipeline()));
  }

  /// Takes a step with a model's graph; what the step refuses is said of the file.
  public static <T> T of(Path model, Graph<NnOp> graph, Supplier<T> step) {
    try {
      return step.get();
    } catch (DiagnosticException e) {
      throw new DiagnosticException(
          e.diagnostics().stream().map(d -> d.of(graph.name(), model.toString())).toList());
    }
  }

  @SuppressWarnings("unchecked") // the pipeline's passes give nn graphs; the runner verified them
  private static Graph<NnOp> canonical(PassRunner.Outcome outcome) {
    return (Graph<NnOp>) outcome.graph();
  }

  private static int size(Imported imported) {
    return imported.graph().nodes().size();
  }

  private static void dump(
      CompileOptions options,
      String step,
      int number,
      Graph<? extends Op> before,
      Graph<? extends Op> after) {
    if (options.runner().dumpAfter().test(step)) {
      options.runner().dumps().step(number, step, "after " + step, before, after);
    }
  }

  private static <T> T timed(
      List<PassRunner.Step> steps,
      String name,
      int opsBefore,
      Supplier<T> work,
      java.util.function.ToIntFunction<T> opsAfter) {
    long start = System.nanoTime();
    T result = work.get();
    double seconds = (System.nanoTime() - start) / 1e9;
    steps.add(new PassRunner.Step(name, seconds, opsBefore, opsAfter.applyAsInt(result)));
    return result;
  }
}
