package org.lapidary.tools.cli;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.lapidary.ir.Graph;
import org.lapidary.ir.op.Op;
import org.lapidary.ir.pass.PassContext;
import org.lapidary.ir.pass.PassRunner;
import org.lapidary.ir.pass.Pipeline;
import org.lapidary.ir.text.IrDumps;
import org.lapidary.ir.text.IrPrinter;
import org.lapidary.passes.PassCatalog;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/// Runs passes on IR text.
@Command(
    name = "opt",
    mixinStandardHelpOptions = true,
    description = "Runs a pipeline of passes on an .ir or .onnx file and prints the result.",
    footer = {
      "",
      "passes/PASSES.md lists the passes and their options.",
      "Example: lapidary opt --pipeline 'canonicalize fuse-layer-norm' model.ir"
    })
final class OptCommand implements Callable<Integer> {
  @Parameters(paramLabel = "FILE", description = "A .ir or .onnx file.")
  Path file = Path.of("");

  @Option(names = "--dim", arity = "1..*", paramLabel = "NAME=N", description = "Symbolic sizes.")
  Map<String, Integer> dims = new LinkedHashMap<>();

  @Option(
      names = "--pipeline",
      paramLabel = "TEXT|FILE",
      description = "Passes; default: the one that compile uses.")
  Optional<String> pipeline = Optional.empty();

  @Option(names = "--pass-limit", paramLabel = "N", description = "Run only the first N passes.")
  int passLimit = Integer.MAX_VALUE;

  @Option(
      names = "--dump-dir",
      paramLabel = "DIR",
      description = "Write the graph after every pass into this directory.")
  Optional<Path> dumpDir = Optional.empty();

  @Option(names = "--stats", description = "Time and operations per pass, on standard error.")
  boolean stats;

  @Mixin Output output = new Output();

  @Override
  public Integer call() {
    Graph<? extends Op> graph = PrintCommand.read(file, dims);
    PassRunner runner = new PassRunner().withPassLimit(passLimit);
    if (dumpDir.isPresent()) {
      runner = runner.withDumps(_ -> true, new IrDumps(dumpDir.get()));
    }
    PassRunner.Outcome outcome = runner.run(graph, pipeline(pipeline));
    output.out().print(IrPrinter.print(outcome.graph()));
    if (stats) {
      output.err().print(Output.table(statistics(outcome)));
    }
    for (PassContext.WhyNot w : outcome.whyNots()) {
      output.err().println("why not: " + w.node() + ": " + w.pattern() + ": " + w.condition());
    }
    return 0;
  }

  /// A pipeline given as text or as a file, or the default one.
  static Pipeline pipeline(Optional<String> given) {
    if (given.isEmpty()) {
      return PassCatalog.nn();
    }
    boolean isFile = Files.isRegularFile(Path.of(given.get()));
    return isFile
        ? PassCatalog.parse(given.get(), Texts.read(given.get()))
        : PassCatalog.parse("--pipeline", given.get());
  }

  private static List<List<String>> statistics(PassRunner.Outcome outcome) {
    List<List<String>> rows = new java.util.ArrayList<>();
    rows.add(List.of("pass", "seconds", "ops before", "ops after"));
    for (PassRunner.Step step : outcome.steps()) {
      rows.add(
          List.of(
              step.name(),
              "%.3f".formatted(step.seconds()),
              Integer.toString(step.opsBefore()),
              Integer.toString(step.opsAfter())));
    }
    return rows;
  }
}
