package org.lapidary.tools.validate;

import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.function.LongConsumer;
import java.util.function.Supplier;
import org.lapidary.gemmini.program.Program;
import org.lapidary.gemmini.program.ProgramRunner;
import org.lapidary.ir.DiagnosticException;
import org.lapidary.ir.eval.ConstantCache;
import org.lapidary.ir.eval.Evaluator;
import org.lapidary.tools.compile.Compiled;
import org.lapidary.tools.reference.OnnxRuntimeModel;
import org.lapidary.tools.reference.quantized.OrtInt8;

/// Runs one engine after the other over all examples.
final class Engines {
  /// Bytes of weights that the float referee keeps between examples.
  private static final long REFEREE_CONSTANTS = 1L << 28;

  private final Compiled compiled;
  private final Task task;
  private final List<Example> examples;
  private final Measurement.Settings settings;
  private final LongConsumer progress;
  private final Map<Engine, Scores> scores = new EnumMap<>(Engine.class);
  private final Map<Engine, String> missing = new EnumMap<>(Engine.class);
  private List<Task.Verdict> fp32 = List.of();
  private long done;

  Engines(
      Compiled compiled,
      Task task,
      List<Example> examples,
      Measurement.Settings settings,
      LongConsumer progress) {
    this.compiled = compiled;
    this.task = task;
    this.examples = examples;
    this.settings = settings;
    this.progress = progress;
  }

  Map<Engine, Scores> scores() {
    return scores;
  }

  Map<Engine, String> missing() {
    return missing;
  }

  static Comparison.Engine simulator(Program program) {
    ProgramRunner runner = new ProgramRunner(program);
    return inputs -> runner.run(inputs).outputs();
  }

  /// Measures an engine on all examples, fp32 first.
  void measure(Engine engine, Supplier<? extends Comparison.Engine> engines) {
    measure(engine, engines, examples.size());
  }

  /// Measures the float referee on the first examples.
  void measureReferee(int count) {
    ConstantCache constants = new ConstantCache(REFEREE_CONSTANTS);
    Comparison.Engine referee =
        inputs -> Evaluator.run(compiled.unpruned(), inputs, constants, (_, _) -> {});
    measure(Engine.NN, () -> referee, count);
  }

  private void measure(Engine engine, Supplier<? extends Comparison.Engine> engines, int count) {
    List<Example> some = examples.subList(0, count);
    long start = System.nanoTime();
    long before = done;
    List<Task.Verdict> verdicts =
        Comparison.judge(task, some, engines, settings.threads(), n -> progress.accept(before + n));
    done += count;
    fp32 = engine == Engine.FP32 ? verdicts : fp32;
    double seconds = (System.nanoTime() - start) / 1e9;
    scores.put(engine, Scores.of(task, some, verdicts, fp32.subList(0, count), seconds));
  }

  /// Both of ONNX Runtime's own; that one cannot be made is no error of ours.
  void measureOrtInt8() {
    measure(Engine.ORT_DYNAMIC_INT8, () -> OrtInt8.dynamic(compiled.model()), "dynamic");
    measure(
        Engine.ORT_STATIC_INT8,
        () -> OrtInt8.fixed(compiled.model(), compiled.calibration().samples(), settings.threads()),
        "static");
  }

  private void measure(Engine engine, Supplier<byte[]> quantized, String suffix) {
    long before = done;
    try (OnnxRuntimeModel model =
        OrtInt8.load(compiled.model() + " (" + suffix + " int8)", quantized.get())) {
      measure(engine, () -> model::run);
    } catch (DiagnosticException e) {
      missing.put(engine, e.diagnostics().getFirst().message());
      done = before + examples.size();
    }
  }
}
