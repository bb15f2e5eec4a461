package org.lapidary.tools.explore;

import java.util.List;
import java.util.TreeMap;
import org.lapidary.gemmini.program.Program;
import org.lapidary.gemmini.program.ProgramRunner;
import org.lapidary.gemmini.program.ProgramTiming;
import org.lapidary.gemmini.program.ProgramVerifier;
import org.lapidary.ir.DiagnosticException;
import org.lapidary.machine.GemminiParams;
import org.lapidary.machine.ParamsException;
import org.lapidary.passes.quant.QuantizedModel;
import org.lapidary.sim.timing.MemoryTiming;
import org.lapidary.tools.compile.CompileOptions;
import org.lapidary.tools.compile.Lapidary;
import org.lapidary.tools.compile.Prepared;
import org.lapidary.tools.validate.Comparison;
import org.lapidary.tools.validate.Example;
import org.lapidary.tools.validate.Scores;
import org.lapidary.tools.validate.Task;

/// Does jobs: a pure function of a job and the contents of the files it names. What jobs have in
/// common (calibration, quantization, the verdicts of fp32) is kept for the next. Safe for several
/// threads; each job runs on one.
public final class Evaluator implements AutoCloseable {
  private static final int GRAPHS = 32;
  private static final int QUANTIZED = 8;

  private final Subject subject;
  private final Memo<String, Prepared> prepared = new Memo<>(GRAPHS);
  private final Memo<String, QuantizedModel> quantized = new Memo<>(QUANTIZED);
  private final Memo<Integer, List<Task.Verdict>> fp32 = new Memo<>(2);

  /// @param subject closed with the evaluator
  public Evaluator(Subject subject) {
    this.subject = subject;
  }

  /// What is evaluated.
  public Subject subject() {
    return subject;
  }

  /// Does a job. What cannot be done for the user's reasons is an outcome, too.
  public Outcome evaluate(Job job) {
    try {
      CompileOptions options = subject.options(job.words());
      requireBuildable(options.machine());
      QuantizedModel model =
          quantized.get(job.numbers(), () -> graph(job, options).quantized(options.quantization()));
      return switch (job.kind()) {
        case ACCURACY -> accuracy(model, options, job.samples());
        case COST -> cost(model, options);
      };
    } catch (DiagnosticException e) {
      return new Outcome.Refused(e.diagnostics().getFirst().message());
    } catch (ParamsException e) {
      return new Outcome.Refused(String.valueOf(e.getMessage()));
    }
  }

  /// A machine that somebody made up must be one that the hardware generator takes.
  private static void requireBuildable(GemminiParams machine) {
    if (machine.name().endsWith("}") && !machine.objections().isEmpty()) {
      GemminiParams.Objection first = machine.objections().getFirst();
      throw new ParamsException(machine.name() + ": " + first.key() + " " + first.reason());
    }
  }

  private Prepared graph(Job job, CompileOptions options) {
    return prepared.get(job.graph(), () -> Lapidary.prepare(subject.model(), options, _ -> {}));
  }

  private Outcome accuracy(QuantizedModel model, CompileOptions options, int samples) {
    Program program = Lapidary.emit(model, options);
    ProgramVerifier.require(program);
    ProgramRunner runner = new ProgramRunner(program);
    return scored(samples, inputs -> runner.run(inputs).outputs());
  }

  /// How the model does in fp32.
  public Outcome.Accuracy reference(int samples) {
    return scored(samples, subject::reference);
  }

  private Outcome.Accuracy scored(int samples, Comparison.Engine engine) {
    List<Example> examples = subject.examples().subList(0, samples);
    List<Task.Verdict> real = fp32.get(samples, () -> judged(examples, subject::reference));
    List<Task.Verdict> verdicts = judged(examples, engine);
    Scores scores = Scores.of(subject.task(), examples, verdicts, real, 0);
    TreeMap<String, Double> metrics = new TreeMap<>();
    scores.metrics().forEach((metric, value) -> metrics.put(metric.text(), value));
    return new Outcome.Accuracy(samples, metrics, scores.agreement());
  }

  private List<Task.Verdict> judged(List<Example> examples, Comparison.Engine engine) {
    return Comparison.judge(subject.task(), examples, () -> engine, 1, _ -> {});
  }

  private static Outcome cost(QuantizedModel model, CompileOptions options) {
    GemminiParams machine = options.machine();
    Program program = Lapidary.emit(model, options);
    ProgramVerifier.require(program);
    return new Outcome.Cost(
        ProgramTiming.of(program, MemoryTiming.of(machine)).cycles(),
        program.boundCycles(),
        program.commandCount(),
        program.macs(),
        machine.spadBytes(),
        machine.accBytes(),
        Traffic.of(program));
  }

  @Override
  public void close() {
    subject.close();
  }
}
