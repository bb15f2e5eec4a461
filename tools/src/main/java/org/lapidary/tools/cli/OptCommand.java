package org.lapidary.tools.cli;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.lapidary.frontend.onnx.OnnxExporter;
import org.lapidary.ir.Diagnostic;
import org.lapidary.ir.DiagnosticException;
import org.lapidary.ir.Graph;
import org.lapidary.ir.op.NnOp;
import org.lapidary.ir.op.Op;
import org.lapidary.ir.pass.PassContext;
import org.lapidary.ir.pass.PassRunner;
import org.lapidary.ir.pass.Pipeline;
import org.lapidary.ir.text.ConstantStore;
import org.lapidary.ir.text.IrDumps;
import org.lapidary.ir.text.IrPrinter;
import org.lapidary.passes.PassCatalog;
import org.lapidary.tools.inspect.Artifact;
import org.lapidary.tools.inspect.GraphListing;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/// Runs passes on IR text.
@Command(
    name = "opt",
    mixinStandardHelpOptions = true,
    description = {
      "Runs a pipeline of passes on an .ir or .onnx file and prints the result,",
      "or writes it as an ONNX model."
    },
    footer = {
      "",
      "passes/PASSES.md lists the passes and their options.",
      "Example: lapidary opt --pipeline 'canonicalize fuse-layer-norm' model.ir"
    })
final class OptCommand implements Callable<Integer> {
  @Parameters(
      paramLabel = "FILE",
      description = "A .ir or .onnx file; - is IR text on standard input.")
  String file = "";

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

  @Option(
      names = "-o",
      paramLabel = "FILE.onnx",
      description = "Write the result as an ONNX model instead of printing it.")
  Optional<Path> target = Optional.empty();

  @Option(names = "--stats", description = "Time and operations per pass, on standard error.")
  boolean stats;

  @Mixin Output output = new Output();

  @Override
  public Integer call() {
    if (passLimit < 0) {
      throw new CommandLine.ParameterException(
          output.spec.commandLine(), "--pass-limit " + passLimit + " is less than 0");
    }
    PassRunner runner =
        new PassRunner()
            .withPassLimit(passLimit)
            .withDumps(_ -> dumpDir.isPresent(), new IrDumps(dumpDir.orElseGet(Main::bugFolder)));
    PassRunner.Outcome outcome = runner.run(read(), pipeline(pipeline));
    target.ifPresent(to -> OnnxExporter.write(writable(outcome.graph()), to));
    target.ifPresent(output.manifest()::writeBeside);
    dumpDir.ifPresent(output.manifest()::writeInto);
    if (output.json()) {
      output.document(document(outcome));
      return 0;
    }
    if (target.isEmpty()) {
      output.out().print(IrPrinter.print(outcome.graph()));
    }
    if (stats) {
      output.err().print(Output.table(statistics(outcome)));
    }
    for (PassContext.WhyNot w : outcome.whyNots()) {
      output.err().println("why not: " + w.node() + ": " + w.pattern() + ": " + w.condition());
    }
    return 0;
  }

  private Graph<? extends Op> read() {
    return file.equals("-")
        ? Artifact.parse("-", Texts.bytes("-"), ConstantStore.NONE).graph()
        : Artifact.read(Path.of(file), dims).graph();
  }

  private Graph<NnOp> writable(Graph<? extends Op> graph) {
    try {
      return graph.at(NnOp.class);
    } catch (IllegalArgumentException e) {
      throw new DiagnosticException(
          Diagnostic.error(
              Diagnostic.Code.INVALID_INPUT,
              file,
              "",
              "no ONNX model says what it computes: " + e.getMessage(),
              "give a graph of the nn level, before quantization"));
    }
  }

  private Map<String, Object> document(PassRunner.Outcome outcome) {
    Map<String, Object> document = new LinkedHashMap<>();
    document.put("passes", CompileCommand.passes(outcome.steps()));
    document.put("rules", outcome.hits());
    document.put("why_not", outcome.whyNots());
    document.put("graph", new GraphListing(file, outcome.graph(), Optional.empty()).document());
    return document;
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
