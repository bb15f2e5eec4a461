package org.lapidary.tools.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.function.Function;
import org.lapidary.ir.Diagnostic;
import org.lapidary.ir.DiagnosticException;
import org.lapidary.machine.GemminiParams;
import org.lapidary.sim.bench.SimulatorBenchmark;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/// Speed of our own parts.
@Command(
    name = "bench",
    mixinStandardHelpOptions = true,
    description = {
      "simulator: measures its speed, one matmul in two forms, in turns.",
      "mapper: the search for each matrix product of BERT-base, or of a whole sweep, and what it",
      "found against Gemmini's own library.",
      "accuracy: measures every model of a list in fp32, in ONNX Runtime's own int8 and in ours,",
      "and prints a table in Markdown.",
      "pruning: the same for models pruned by a recipe, and by the size of weights.",
      "sparsity: the same at 30, 50 and 70 %% of zeros among the weights, and at 2 of every 4."
    },
    footer = {
      "",
      "Example: lapidary bench simulator",
      "         lapidary bench mapper --sweep",
      "         lapidary bench accuracy --write README.md",
      "         lapidary bench pruning --write passes/PRUNING.md",
      "         lapidary bench sparsity --limit 200 --write passes/PRUNING.md"
    })
final class BenchCommand implements Callable<Integer> {
  private static final Path ROOT = Path.of(System.getProperty("lapidary.root", "."));

  /// What can be measured.
  enum Part {
    SIMULATOR,
    MAPPER,
    ACCURACY,
    PRUNING,
    SPARSITY
  }

  @Parameters(
      paramLabel = "simulator|mapper|accuracy|pruning|sparsity",
      description = "What to measure.")
  Part part = Part.SIMULATOR;

  @Option(names = "--machine", paramLabel = "NAME|FILE", description = "Default: default.")
  String machine = "default";

  @Option(
      names = "--sweep",
      description = "mapper: all sizes of BERTs and GPTs and 500 random ones; takes minutes.")
  boolean sweep;

  @Option(names = "--length", paramLabel = "N", description = "mapper: tokens; default 128.")
  int length = 128;

  @Option(
      names = "--list",
      paramLabel = "FILE",
      description = "accuracy, pruning, sparsity: the models; default: those of the checkout.")
  Optional<Path> list = Optional.empty();

  @Option(
      names = "--limit",
      paramLabel = "N",
      description = "accuracy, pruning, sparsity: N samples each.")
  int limit;

  @Option(
      names = "--write",
      paramLabel = "FILE",
      description =
          "accuracy, pruning, sparsity: put the table between the markers of this page, too.")
  Optional<Path> page = Optional.empty();

  @Option(names = "--threads", paramLabel = "N", description = "Default: all processors.")
  int threads = Runtime.getRuntime().availableProcessors();

  @Mixin Output output = new Output();

  @Override
  public Integer call() {
    return switch (part) {
      case SIMULATOR -> simulator();
      case MAPPER ->
          new MapperMeasurement(GemminiParams.load(machine), sweep, length).report(output);
      case ACCURACY -> table("accuracy", listed -> listed.measure(limit, threads, this::tell));
      case SPARSITY ->
          table(
              "sparsity", listed -> new SparsityTable(listed).measure(limit, threads, this::tell));
      case PRUNING ->
          table("pruning", listed -> new PruningTable(listed).measure(limit, threads, this::tell));
    };
  }

  private void tell(String name) {
    output.err().println("measuring " + name);
  }

  private int table(String which, Function<AccuracyTable, String> measured) {
    Path models = list.orElse(ROOT.resolve("testdata/tasks/" + which + ".txt"));
    String table = measured.apply(AccuracyTable.read(models, ROOT));
    page.ifPresent(file -> {
      try {
        Files.writeString(file, AccuracyTable.between(Files.readString(file), which, table));
      } catch (IOException e) {
        throw new DiagnosticException(
            Diagnostic.error(
                Diagnostic.Code.INVALID_INPUT,
                file.toString(),
                "",
                "the page cannot be read or written",
                "check --write"));
      }
    });
    output.out().print(table);
    return 0;
  }

  private int simulator() {
    List<SimulatorBenchmark.Result> results = SimulatorBenchmark.run(GemminiParams.load(machine));
    if (output.json()) {
      output.document(document(results));
      return 0;
    }
    List<List<String>> rows = new ArrayList<>();
    rows.add(List.of(SimulatorBenchmark.shape(), "commands", "GMAC/s per core", "GMAC/s"));
    for (SimulatorBenchmark.Result r : results) {
      rows.add(
          List.of(
              r.form(),
              Output.count(r.commands()),
              giga(r.macsPerSecondPerCore()),
              giga(r.macsPerSecond())));
    }
    output.out().print(Output.table(rows));
    return 0;
  }

  /// The faster form on top, both below it.
  private static Map<String, Object> document(List<SimulatorBenchmark.Result> results) {
    SimulatorBenchmark.Result best =
        results.stream()
            .max(Comparator.comparingDouble(SimulatorBenchmark.Result::macsPerSecondPerCore))
            .orElseThrow();
    Map<String, Object> document = new LinkedHashMap<>();
    document.put("shape", SimulatorBenchmark.shape());
    document.put("macs_per_second_per_core", best.macsPerSecondPerCore());
    document.put("macs_per_second", best.macsPerSecond());
    for (SimulatorBenchmark.Result r : results) {
      Map<String, Object> one = new LinkedHashMap<>();
      one.put("commands", r.commands());
      one.put("macs_per_second_per_core", r.macsPerSecondPerCore());
      one.put("macs_per_second", r.macsPerSecond());
      document.put(r.form(), one);
    }
    return document;
  }

  private static String giga(double perSecond) {
    return String.format(Locale.ROOT, "%.1f", perSecond / 1e9);
  }
}
