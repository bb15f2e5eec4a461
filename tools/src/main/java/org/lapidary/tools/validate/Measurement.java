package org.lapidary.tools.validate;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.LongConsumer;
import org.lapidary.gemmini.cost.Baseline;
import org.lapidary.gemmini.program.Program;
import org.lapidary.gemmini.program.ProgramRunner;
import org.lapidary.ir.Tensor;
import org.lapidary.ir.eval.Evaluator;
import org.lapidary.sim.timing.CycleModel;
import org.lapidary.tools.compile.Compiled;
import org.lapidary.tools.reference.OnnxRuntimeModel;

/// Accuracy and speed of a compiled model on a task.
///
/// @param name of the model
/// @param task what it was asked to do
/// @param samples number of examples
/// @param fp32 metric of ONNX Runtime in fp32
/// @param integer metric of the integer program on the simulator
/// @param agreement share of equal answers of the two
/// @param refereeChecked examples whose outputs were compared with the integer referee
/// @param refereeEqual those of them that are equal bit for bit
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
    int samples,
    double fp32,
    double integer,
    double agreement,
    int refereeChecked,
    int refereeEqual,
    long cycles,
    long boundCycles,
    Baseline baseline,
    long macs,
    int peakMacsPerCycle,
    long instructions,
    int floatOps,
    int hostSteps,
    double seconds) {

  /// How a measurement is made.
  ///
  /// @param threads inferences at a time
  /// @param refereeExamples examples also run by the slow integer referee
  public record Settings(int threads, int refereeExamples) {}

  /// Measures a compiled model on examples.
  public static Measurement of(
      String name,
      Compiled compiled,
      Task task,
      List<Example> examples,
      OnnxRuntimeModel reference,
      Settings settings,
      LongConsumer progress) {
    long start = System.nanoTime();
    Program program = compiled.program();
    List<Task.Verdict> fp32 =
        Comparison.judge(task, examples, () -> reference::run, settings.threads(), progress);
    long before = examples.size();
    List<Task.Verdict> integer =
        Comparison.judge(
            task,
            examples,
            () -> engine(program),
            settings.threads(),
            done -> progress.accept(before + done));
    ProgramRunner.Result timed =
        new ProgramRunner(program)
            .run(
                examples.getFirst().inputs().getFirst(),
                ProgramRunner.Options.of(program).timed(program.machine()));
    int checked = Math.min(settings.refereeExamples(), examples.size());
    return new Measurement(
        name,
        task,
        examples.size(),
        task.metric(examples, fp32),
        task.metric(examples, integer),
        Task.agreement(fp32, integer),
        checked,
        equalToReferee(program, examples.subList(0, checked)),
        timed.cycles(),
        program.boundCycles(),
        baseline(program, timed),
        program.macs(),
        program.machine().peakMacsPerCycle(),
        timed.commands(),
        AcceleratedPath.floatOps(program.graph()).size(),
        timed.hostNodes(),
        (System.nanoTime() - start) / 1e9);
  }

  /// The float-host baseline of a program.
  public static Baseline baseline(Program program, ProgramRunner.Result timed) {
    return Baseline.of(program.graph(), matmulCycles(program, timed));
  }

  /// Cycles of the kernels that hold the model's matrix products, what is fused into them included.
  private static long matmulCycles(Program program, ProgramRunner.Result timed) {
    return timed.kernelCycles().stream()
        .filter(k -> program.kernels().get(k.kernel()).macs() > 0)
        .mapToLong(ProgramRunner.KernelCycles::cycles)
        .sum();
  }

  private static Comparison.Engine engine(Program program) {
    ProgramRunner runner = new ProgramRunner(program);
    return inputs -> runner.run(inputs).outputs();
  }

  private static int equalToReferee(Program program, List<Example> examples) {
    ProgramRunner runner = new ProgramRunner(program);
    int equal = 0;
    for (Example example : examples) {
      Map<String, Tensor> inputs = example.inputs().getFirst();
      Map<String, Tensor> expected = Evaluator.run(program.graph(), inputs);
      equal += expected.equals(runner.run(inputs).outputs()) ? 1 : 0;
    }
    return equal;
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
    Map<String, Object> metric = new LinkedHashMap<>();
    metric.put("name", task.metric());
    metric.put("fp32", fp32);
    metric.put("integer", integer);
    Map<String, Object> model = new LinkedHashMap<>();
    model.put("name", CycleModel.NAME);
    model.put("mean_error_percent", CycleModel.knownError().overall().mean());
    Map<String, Object> d = new LinkedHashMap<>();
    d.put("name", name);
    d.put("task", task.text());
    d.put("metric", metric);
    d.put("agreement", agreement);
    d.put("samples", samples);
    d.put("referee_checked", refereeChecked);
    d.put("referee_equal", refereeEqual);
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
}
