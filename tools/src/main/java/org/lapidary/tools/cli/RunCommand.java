package org.lapidary.tools.cli;

import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.lapidary.gemmini.program.Container;
import org.lapidary.gemmini.program.Program;
import org.lapidary.gemmini.program.ProgramRunner;
import org.lapidary.machine.GemminiParams;
import org.lapidary.machine.Semantics;
import org.lapidary.sim.timing.CycleModel;
import org.lapidary.sim.timing.MemoryTiming;
import org.lapidary.tools.compile.Executable;
import org.lapidary.tools.compile.Inference;
import org.lapidary.tools.compile.Lapidary;
import org.lapidary.tools.validate.AcceleratedPath;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/// One inference of a compiled program on the simulator.
@Command(
    name = "run",
    mixinStandardHelpOptions = true,
    description = "Runs one inference of a compiled program on the simulator.",
    footer = {"", "Example: lapidary run out --input input_ids=ids.npy --output-dir results"})
final class RunCommand implements Callable<Integer> {
  @Parameters(paramLabel = "DIR", description = "Made by `lapidary compile`.")
  Path program = Path.of("");

  @Mixin InputFiles inputs = new InputFiles();

  @Option(
      names = "--machine",
      paramLabel = "NAME|FILE",
      description = "The machine to run on; it must be the one the program was built for.")
  Optional<String> machine = Optional.empty();

  @Option(
      names = "--semantics",
      description = "rtl or libgemmini; default: what it was compiled for.")
  Optional<Semantics> semantics = Optional.empty();

  @Option(
      names = "--export-trace",
      paramLabel = "PREFIX",
      description = "Write PREFIX.trace and PREFIX.expect: what the accelerator saw and wrote.")
  Optional<Path> exportTrace = Optional.empty();

  @Option(names = "--no-timing", description = "Do not estimate cycles.")
  boolean noTiming;

  @Option(
      names = "--checked",
      description = "Trap reads of never-written rows, wrap-around, missing fences, ….")
  boolean checked;

  @Option(names = "--kernels", description = "Print cycles and lower bound of every kernel.")
  boolean kernels;

  @Mixin Output output = new Output();

  @Override
  public Integer call() {
    long start = System.nanoTime();
    Executable executable = open();
    Program loaded = executable.program();
    ProgramRunner.Options options =
        new ProgramRunner.Options(
            semantics.orElse(loaded.semantics()),
            noTiming ? Optional.empty() : Optional.of(MemoryTiming.of(loaded.machine())),
            checked,
            exportTrace);
    Inference inference = executable.run(inputs.read(), options);
    ProgramRunner.Result result = inference.result();
    inputs.write(
        result.outputs(),
        output
            .manifest()
            .with("machine", loaded.machine().name())
            .with("semantics", options.semantics().name().toLowerCase(Locale.ROOT)));
    double seconds = (System.nanoTime() - start) / 1e9;
    if (output.json()) {
      output.document(document(inference, seconds));
    } else {
      result
          .outputs()
          .forEach((name, t) ->
              output.out().println(name + " " + t.type().dims() + " -> " + inputs.outputDir));
      output.out().print(summary(inference));
      if (kernels && !noTiming) {
        output.out().print(new KernelTable(loaded, result.kernelCycles()).text());
      }
    }
    return 0;
  }

  private Executable open() {
    return machine
        .map(GemminiParams::load)
        .map(given -> new Executable(program.toString(), Container.read(program, given)))
        .orElseGet(() -> Lapidary.open(program));
  }

  private String summary(Inference inference) {
    Program loaded = inference.program();
    ProgramRunner.Result result = inference.result();
    StringBuilder s = new StringBuilder();
    s.append(
        "%s commands, %s MACs, %d host steps%n"
            .formatted(
                Output.count(result.commands()), Output.count(loaded.macs()), result.hostNodes()));
    if (!noTiming) {
      s.append(
          String.format(
              Locale.ROOT,
              "%s cycles (model %s, mean error %.1f %%), %.3f times the lower bound of %s,"
                  + " utilisation %.1f %%%n",
              Output.count(result.cycles()),
              CycleModel.NAME,
              CycleModel.knownError().overall().mean(),
              (double) result.cycles() / Math.max(1, loaded.boundCycles()),
              Output.count(loaded.boundCycles()),
              100 * inference.utilisation()));
    }
    return s.toString();
  }

  private Map<String, Object> document(Inference inference, double seconds) {
    Program loaded = inference.program();
    ProgramRunner.Result result = inference.result();
    Map<String, Object> d = new LinkedHashMap<>();
    if (!noTiming) {
      Map<String, Object> model = new LinkedHashMap<>();
      model.put("name", CycleModel.NAME);
      model.put("mean_error_percent", CycleModel.knownError().overall().mean());
      d.put("cycles", result.cycles());
      d.put("cycle_model", model);
      d.put("bound_cycles", loaded.boundCycles());
      d.put("baseline_cycles", inference.baseline().cycles());
      d.put("speedup", inference.speedup());
      d.put("utilisation", inference.utilisation());
      if (kernels) {
        d.put("kernels", new KernelTable(loaded, result.kernelCycles()).document());
      }
    }
    d.put("instructions", result.commands());
    d.put("macs", loaded.macs());
    d.put("float_ops_on_accelerated_path", AcceleratedPath.floatOps(loaded.graph()).size());
    d.put("host_steps", result.hostNodes());
    d.put("seconds", seconds);
    return d;
  }
}
