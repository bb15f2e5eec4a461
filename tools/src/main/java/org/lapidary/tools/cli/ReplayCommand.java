package org.lapidary.tools.cli;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.lapidary.machine.GemminiParams;
import org.lapidary.machine.Semantics;
import org.lapidary.sim.MachineTrap;
import org.lapidary.sim.Simulator;
import org.lapidary.sim.trace.Replay;
import org.lapidary.sim.trace.ReplayDirectory;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/// Runs recorded machine programs.
@Command(
    name = "replay",
    mixinStandardHelpOptions = true,
    description = {
      "Runs traces on the simulator and compares main memory with what is expected.",
      "A directory laid out like conformance/programs, random or rtl brings its own",
      "memory, expectations and configuration."
    },
    footer = {
      "",
      "Example: lapidary replay run.trace --expect run.expect --config ibert --semantics rtl",
      "         (a trace of `lapidary run --export-trace run`)"
    })
final class ReplayCommand implements Callable<Integer> {
  @Parameters(arity = "1..*", paramLabel = "TRACE|DIRECTORY", description = "What to run.")
  List<Path> paths = List.of();

  @Option(names = "--config", paramLabel = "NAME|FILE", description = "Machine; default: default.")
  Optional<String> config = Optional.empty();

  @Option(names = "--semantics", description = "rtl or libgemmini; default libgemmini.")
  Optional<Semantics> semantics = Optional.empty();

  @Option(names = "--memory", paramLabel = "FILE|zero:SIZE", description = "Default: zero:64M.")
  String memory = "zero:64M";

  @Option(names = "--base", paramLabel = "ADDR", description = "Default: 0x80000000.")
  String base = "0x80000000";

  @Option(names = "--expect", paramLabel = "FILE", description = "Expected bytes of main memory.")
  Optional<Path> expect = Optional.empty();

  @Option(names = "--dump-memory", paramLabel = "F", description = "Main memory afterwards.")
  Optional<Path> dumpMemory = Optional.empty();

  @Option(names = "--dump-spad", paramLabel = "F", description = "Scratchpad, int8 rows.")
  Optional<Path> dumpSpad = Optional.empty();

  @Option(names = "--dump-acc", paramLabel = "F", description = "Accumulator, int32 rows.")
  Optional<Path> dumpAcc = Optional.empty();

  @Mixin Output output = new Output();

  @Override
  public Integer call() {
    int passed = 0;
    List<Replay.Failure> failures = new ArrayList<>();
    for (Path path : paths) {
      if (Files.isDirectory(path)) {
        ReplayDirectory.Result result = directory(path);
        passed += result.passed();
        failures.addAll(result.failures());
      } else {
        Optional<Replay.Failure> failure = trace(path);
        failure.ifPresent(failures::add);
        passed += failure.isPresent() ? 0 : 1;
      }
    }
    report(passed, failures);
    return failures.isEmpty() ? 0 : Main.FAILED;
  }

  private ReplayDirectory.Result directory(Path path) {
    return new ReplayDirectory(path, config.orElse(null), semantics.orElse(null)).run((_, _) -> {});
  }

  private Optional<Replay.Failure> trace(Path path) {
    String name = String.valueOf(path.getFileName());
    Replay replay =
        new Replay(
            path,
            GemminiParams.load(config.orElse("default")),
            semantics.orElse(Semantics.LIBGEMMINI),
            Replay.InitialMemory.parse(memory),
            Long.decode(base));
    Simulator simulator;
    try {
      simulator = replay.run();
    } catch (MachineTrap trap) {
      return Optional.of(new Replay.Failure(name, "", "", String.valueOf(trap.getMessage())));
    }
    dumpMemory.ifPresent(f -> Texts.write(f, simulator.memory().bytes()));
    dumpSpad.ifPresent(f -> Texts.write(f, simulator.scratchpad()));
    dumpAcc.ifPresent(f -> Texts.write(f, Replay.accumulatorBytes(simulator)));
    return expect.flatMap(e -> Replay.check(name, simulator, e));
  }

  private void report(int passed, List<Replay.Failure> failures) {
    if (output.json()) {
      List<Map<String, Object>> list = new ArrayList<>();
      for (Replay.Failure f : failures) {
        Map<String, Object> one = new LinkedHashMap<>();
        one.put("name", f.name());
        one.put("address", f.address());
        one.put("expected", f.expected());
        one.put("actual", f.actual());
        list.add(one);
      }
      Map<String, Object> document = new LinkedHashMap<>();
      document.put("passed", passed);
      document.put("failed", failures.size());
      document.put("failures", list);
      output.document(document);
      return;
    }
    for (Replay.Failure f : failures) {
      output
          .out()
          .println(
              f.address().isEmpty()
                  ? "FAILED %s: %s".formatted(f.name(), f.actual())
                  : "FAILED %s: at %s expected %s, found %s"
                      .formatted(f.name(), f.address(), f.expected(), f.actual()));
    }
    output.out().println(passed + " passed, " + failures.size() + " failed");
  }
}
