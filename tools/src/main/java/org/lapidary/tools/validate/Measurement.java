package org.lapidary.tools.validate;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.LongConsumer;
import org.lapidary.gemmini.cost.Baseline;
import org.lapidary.gemmini.program.Program;
import org.lapidary.gemmini.program.ProgramRunner;
import org.lapidary.ir.Diagnostic;
import org.lapidary.ir.DiagnosticException;
import org.lapidary.sim.timing.CycleModel;
import org.lapidary.tools.compile.Compiled;
import org.lapidary.tools.compile.Inference;
import org.lapidary.tools.reference.OnnxRuntimeModel;
import org.lapidary.tools.reference.quantized.OrtInt8;

/// Accuracy and speed of a compiled model on a task.
///
/// @param name of the model
/// @param task what it was asked to do
/// @param metric the headline among the task's metrics
/// @param samples number of examples
/// @param scores by engine; an engine that could not run is missing
/// @param missing why an engine is missing
/// @param referees what the slow evaluators said about some of the examples
/// @param cycles of one inference, estimated
/// @param boundCycles that no schedule can beat
/// @param baseline the float-host baseline, a documented assumption
/// @param macs of one inference
/// @param peakMacsPerCycle of the machine
/// @param instructions of one inference
/// @param floatOps float operations of the host inside the accelerated part
/// @param hostSteps operations of the host in all
/// @param seconds wall time of the measurement
public record Measurement(
    String name,
    Task task,
    Metric metric,
    int samples,
    Map<Engine, Scores> scores,
    Map<Engine, String> missing,
    Referees referees,
    long cycles,
    long boundCycles,
    Baseline baseline,
    long macs,
    int peakMacsPerCycle,
    long instructions,
    int floatOps,
    int hostSteps,
    double seconds) {
  /// Examples that the float referee scores, where nothing else is said.
  public static final int NN_EXAMPLES = 200;

  private static final Scores NOTHING = new Scores(0, Map.of(), Double.NaN, 0);

  /// How a measurement is made.
  ///
  /// @param threads inferences at a time
  /// @param refereeExamples examples also run by the slow referees
  /// @param nnExamples at most so many examples are scored by the float referee, too
  /// @param ortInt8 whether ONNX Runtime's own int8 is measured, too
  /// @param metric the headline; the task's first if empty
  public record Settings(
      int threads, int refereeExamples, int nnExamples, boolean ortInt8, Optional<Metric> metric) {
    /// Number of inferences of so many examples, by all engines.
    public long inferences(int examples) {
      return (ortInt8 ? 4L : 2L) * examples + scoredByReferee(examples);
    }

    private int scoredByReferee(int examples) {
      return Math.min(nnExamples, examples);
    }
  }

  /// Measures a compiled model on examples.
  ///
  /// @param progress told the number of finished inferences
  public static Measurement of(
      String name,
      Compiled compiled,
      Task task,
      List<Example> examples,
      OnnxRuntimeModel reference,
      Settings settings,
      LongConsumer progress) {
    long start = System.nanoTime();
    Metric headline = headline(task, examples, settings);
    Engines engines = new Engines(compiled, task, examples, settings, progress);
    engines.measure(Engine.FP32, () -> reference::run);
    if (settings.ortInt8()) {
      engines.measureOrtInt8();
    }
    int scored = settings.scoredByReferee(examples.size());
    if (scored > 0) {
      engines.measureReferee(scored);
    }
    Program program = compiled.program();
    engines.measure(Engine.INTEGER, () -> Engines.simulator(program));
    ProgramRunner.Result timed =
        new ProgramRunner(program)
            .run(
                examples.getFirst().inputs().getFirst(),
                ProgramRunner.Options.of(program).timed(program.machine()));
    int checked = Math.min(settings.refereeExamples(), examples.size());
    return new Measurement(
        name,
        task,
        headline,
        examples.size(),
        engines.scores(),
        engines.missing(),
        Referees.of(compiled, examples.subList(0, checked), reference),
        timed.cycles(),
        program.boundCycles(),
        new Inference(program, timed).baseline(),
        program.macs(),
        program.machine().peakMacsPerCycle(),
        timed.commands(),
        AcceleratedPath.floatOps(program.graph()).size(),
        timed.hostNodes(),
        (System.nanoTime() - start) / 1e9);
  }

  private static Metric headline(Task task, List<Example> examples, Settings settings) {
    List<Metric> possible = task.metrics(examples);
    Metric metric = settings.metric().orElse(possible.getFirst());
    if (!possible.contains(metric)) {
      throw new DiagnosticException(
          Diagnostic.error(
              Diagnostic.Code.INVALID_INPUT,
              "",
              "",
              "the task " + task.text() + " on this data has no metric " + metric.text(),
              "there are " + possible.stream().map(Metric::text).toList()));
    }
    return metric;
  }

  /// The headline of an engine; NaN if it is missing.
  public double value(Engine engine) {
    return value(engine, metric);
  }

  /// A metric of an engine; NaN if it is missing.
  public double value(Engine engine, Metric which) {
    Scores s = scores.get(engine);
    return s == null ? Double.NaN : s.metrics().getOrDefault(which, Double.NaN);
  }

  /// Agreement of the integer program with fp32.
  public double agreement() {
    return scores.getOrDefault(Engine.INTEGER, NOTHING).agreement();
  }

  /// Over the float-host baseline.
  public double speedup() {
    return (double) baseline.cycles() / cycles;
  }

  /// Share of the array's peak, for the model's own multiplications.
  public double utilisation() {
    return (double) macs / ((double) cycles * peakMacsPerCycle);
  }

  /// The keys that scripts read.
  public Map<String, Object> document() {
    Map<String, Object> model = new LinkedHashMap<>();
    model.put("name", CycleModel.NAME);
    model.put("mean_error_percent", CycleModel.knownError().overall().mean());
    Map<String, Object> d = new LinkedHashMap<>();
    d.put("name", name);
    d.put("task", task.text());
    d.put("metric", figures(metric));
    d.put("metrics", metrics().stream().map(this::figures).toList());
    d.put("agreement", agreement());
    d.put("agreements", byEngine(Scores::agreement));
    d.put("seconds_by_engine", byEngine(Scores::seconds));
    Map<String, String> why = new LinkedHashMap<>();
    missing.forEach((engine, reason) -> why.put(engine.key(), reason));
    d.put("missing", why);
    d.put("host_instructions", OrtInt8.hostInstructions());
    d.put("samples", samples);
    d.put("samples_by_engine", byEngine(Scores::samples));
    d.put("referee_checked", referees.checked());
    d.put("referee_equal", referees.equal());
    d.put("nn_referee_largest_difference", referees.largestDifference());
    d.put("cycles", cycles);
    d.put("cycle_model", model);
    d.put("bound_cycles", boundCycles);
    d.put("baseline_cycles", baseline.cycles());
    d.put("speedup", speedup());
    d.put("utilisation", utilisation());
    d.put("instructions", instructions);
    d.put("macs", macs);
    d.put("float_ops_on_accelerated_path", floatOps);
    d.put("host_steps", hostSteps);
    d.put("seconds", seconds);
    return d;
  }

  /// All metrics of the task, the headline first.
  public List<Metric> metrics() {
    List<Metric> all = new ArrayList<>(List.of(metric));
    for (Metric m : scores.getOrDefault(Engine.FP32, NOTHING).metrics().keySet()) {
      if (m != metric) {
        all.add(m);
      }
    }
    return all;
  }

  private Map<String, Object> figures(Metric which) {
    Map<String, Object> figures = new LinkedHashMap<>();
    figures.put("name", which.text());
    scores.forEach((engine, s) -> figures.put(engine.key(), value(engine, which)));
    return figures;
  }

  private Map<String, Object> byEngine(Function<Scores, Number> figure) {
    Map<String, Object> figures = new LinkedHashMap<>();
    scores.forEach((engine, s) -> figures.put(engine.key(), figure.apply(s)));
    return figures;
  }
}
