package org.lapidary.tools.cli;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import org.lapidary.frontend.onnx.OnnxImporter;
import org.lapidary.ir.Diagnostic;
import org.lapidary.ir.DiagnosticException;
import org.lapidary.ir.Graph;
import org.lapidary.ir.Tensor;
import org.lapidary.ir.op.NnOp;
import org.lapidary.tools.compile.CalibrationSet;
import org.lapidary.tools.compile.CompileOptions;
import org.lapidary.tools.compile.InputBinding;
import org.lapidary.tools.compile.Lapidary;
import org.lapidary.tools.data.TextEncoder;
import org.lapidary.tools.reference.OnnxRuntimeModel;
import org.lapidary.tools.search.Evolution;
import org.lapidary.tools.search.Genome;
import org.lapidary.tools.search.MeasuredQuality;
import org.lapidary.tools.search.Quality;
import org.lapidary.tools.search.Search;
import org.lapidary.tools.search.SearchReport;
import org.lapidary.tools.search.SearchResult;
import org.lapidary.tools.search.SearchSpace;
import org.lapidary.tools.search.SizeProxy;
import org.lapidary.tools.search.Supernet;
import org.lapidary.tools.search.Target;
import org.lapidary.tools.study.Table;
import org.lapidary.tools.validate.DataOptions;
import org.lapidary.tools.validate.Example;
import org.lapidary.tools.validate.Metric;
import org.lapidary.tools.validate.Task;
import org.lapidary.tools.validate.TaskData;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/// Architecture search over the sub-networks of a supernet.
@Command(
    name = "search",
    mixinStandardHelpOptions = true,
    description = {
      "Searches the sub-networks of a supernet (fewer layers, heads, neurons, channels; weights are",
      "inherited) for the front of quality against energy-delay product on a machine: an evolution",
      "guided by a table of what every operation takes. Or writes one sub-network as an ONNX file.",
      "Results are the same for a seed and any number of threads."
    },
    footer = {
      "",
      "DATA is what `lapidary validate` takes. -o DIR receives search.html, front.csv,",
      "candidates.csv and table.csv. A genome is HIDDEN:HEADSxNEURONS,… with a pair for each layer.",
      "Example: lapidary search testdata/models/supernet-java/model.onnx --machine survey \\",
      "           --data testdata/models/supernet-java/search --test testdata/models/supernet-java \\",
      "           -o found",
      "Example: lapidary search testdata/models/supernet-java/model.onnx --dim batch=1 \\",
      "           --dim sequence=64 --slice 80:4x160,4x128 -o sub.onnx"
    })
final class SearchCommand implements Callable<Integer> {
  /// Samples on which ranges are observed before a sub-network is compiled for its cycles.
  private static final int CALIBRATION_SAMPLES = 4;

  private static final int WINDOW = 128;
  private static final List<Double> PERPLEXITIES = List.of(0.1, 1.0);
  private static final List<Double> SHARES = List.of(0.01, 0.05);

  @Parameters(paramLabel = "SUPERNET.onnx", description = "The supernet.")
  Path model = Path.of("");

  @Option(names = "--data", paramLabel = "FILE", description = "Samples that the search fits.")
  Optional<Path> data = Optional.empty();

  @Option(
      names = "--test",
      paramLabel = "FILE",
      description = "Other samples, on which the results are measured again.")
  Optional<Path> test = Optional.empty();

  @Option(
      names = "--task",
      converter = DataArguments.TaskName.class,
      description = "As `validate` has them; default lm.")
  Task task = Task.LM;

  @Option(
      names = "--metric",
      converter = DataArguments.MetricName.class,
      paramLabel = "NAME",
      description = "Default: the task's first.")
  Optional<Metric> metric = Optional.empty();

  @Option(names = "--limit", paramLabel = "N", description = "Use only the first N samples.")
  int limit = Integer.MAX_VALUE;

  @Option(
      names = "--length",
      paramLabel = "N",
      description = "Sequence length; default: that of the samples.")
  Optional<Integer> length = Optional.empty();

  @Option(
      names = "--proxy",
      description = "Judge by the share of weights that are left instead of --data.")
  boolean proxy;

  @Option(
      names = "--given-up",
      split = ",",
      paramLabel = "X",
      description =
          "Concessions in the metric's unit; default: 0.1,1 (perplexity), else 0.01,0.05.")
  List<Double> givenUp = List.of();

  @Option(
      names = "--population",
      paramLabel = "N",
      converter = AtLeastOne.class,
      description = "Default: ${DEFAULT-VALUE}.")
  int population = 40;

  @Option(
      names = "--generations",
      paramLabel = "N",
      converter = AtLeastOne.class,
      description = "Default: ${DEFAULT-VALUE}.")
  int generations = 40;

  @Option(
      names = "--mutation",
      paramLabel = "P",
      description = "Probability that a size is drawn anew; default: ${DEFAULT-VALUE}.")
  double mutation = 0.2;

  @Option(names = "--seed", paramLabel = "N", description = "Default: ${DEFAULT-VALUE}.")
  long seed = 1;

  @Option(
      names = "--slice",
      paramLabel = "GENOME",
      description = "Do not search: write this sub-network.")
  @Nullable String slice;

  @Option(
      names = "-o",
      required = true,
      paramLabel = "DIR|FILE",
      description = "Where results go; with --slice the ONNX file.")
  Path target = Path.of("");

  @Mixin CompileArguments arguments = new CompileArguments();
  @Mixin Output output = new Output();
  @Spec CommandSpec spec = CommandSpec.create();

  @Override
  public Integer call() {
    if (slice != null) {
      return slice(genome(slice));
    }
    if (mutation < 0 || mutation > 1) {
      throw new ParameterException(spec.commandLine(), "--mutation must be from 0 to 1");
    }
    Search search = search();
    SearchResult result;
    try (Progress progress = Progress.of("search", search.steps())) {
      result = search.run(progress.steps());
    }
    SearchReport report = new SearchReport(model.toString(), arguments.machine, result);
    report.write(target, output.manifest().text());
    if (output.json()) {
      output.document(report.document());
    } else {
      print(report);
    }
    return 0;
  }

  private Search search() {
    if (data.isEmpty() != proxy) {
      throw new ParameterException(
          spec.commandLine(), "give --data, samples to judge sub-networks by, or else --proxy");
    }
    Optional<Samples> samples = data.map(this::samples);
    CompileOptions options =
        arguments.options(samples.map(s -> s.binding().dims()).orElse(arguments.dims));
    Graph<NnOp> graph = graph(options);
    Supernet supernet = Supernet.of(graph);
    Genome largest = supernet.largest();
    SearchSpace space = SearchSpace.of(largest, options.machine().dim());
    List<Map<String, Tensor>> rows =
        samples
            .map(s -> s.examples().stream().flatMap(e -> e.inputs().stream()).toList())
            .orElseGet(() -> CalibrationSet.synthetic(graph).samples());
    Quality quality =
        samples
            .map(s -> measured(supernet, s))
            .orElseGet(() -> new SizeProxy(largest, supernet.headWidth()));
    return new Search(
        supernet,
        space,
        new Target(options, rows.subList(0, Math.min(CALIBRATION_SAMPLES, rows.size()))),
        quality,
        test.map(this::samples).map(s -> measured(supernet, s)),
        concessions(quality),
        new Evolution.Settings(population, generations, mutation, seed, arguments.threads));
  }

  /// Samples fitted to the model.
  private record Samples(InputBinding binding, List<Example> examples) {}

  private Samples samples(Path file) {
    try (OnnxRuntimeModel reference = OnnxRuntimeModel.load(model)) {
      DataOptions options =
          DataOptions.of(
              arguments.tokenizer.map(TextEncoder::open),
              limit,
              length.or(() -> Optional.ofNullable(arguments.dims.get("sequence"))).orElse(WINDOW));
      TaskData read = TaskData.read(file, task, options);
      int rounded = InputBinding.roundedLength(read.rows());
      InputBinding binding =
          InputBinding.of(
              model.toString(), reference.inputs(), arguments.dims, length.orElse(rounded));
      return new Samples(binding, read.examples(binding, task));
    }
  }

  private Quality measured(Supernet supernet, Samples samples) {
    Metric first = task.metrics(samples.examples()).getFirst();
    return new MeasuredQuality(supernet, task, metric.orElse(first), samples.examples());
  }

  private List<Double> concessions(Quality quality) {
    boolean perplexity = quality.name().equals(Metric.PERPLEXITY.text());
    return !givenUp.isEmpty() ? givenUp : perplexity ? PERPLEXITIES : SHARES;
  }

  private Graph<NnOp> graph(CompileOptions options) {
    Graph<NnOp> imported = OnnxImporter.read(model, options.dims()).graph();
    return Lapidary.canonicalize(model, imported, options).graph().at(NnOp.class);
  }

  private int slice(Genome genome) {
    Supernet supernet = Supernet.of(graph(arguments.options(arguments.dims)));
    supernet
        .problem(genome)
        .ifPresent(problem -> {
          throw new DiagnosticException(
              Diagnostic.error(
                  Diagnostic.Code.INVALID_INPUT,
                  model.toString(),
                  "",
                  problem,
                  "take sizes no larger than the supernet's, layer by layer"));
        });
    supernet.write(genome, target);
    output.manifest().writeBeside(target);
    output.err().println("written: " + target + ", sub-network " + genome + " of " + model);
    return 0;
  }

  private Genome genome(String text) {
    try {
      return Genome.parse(text);
    } catch (IllegalArgumentException e) {
      throw new ParameterException(
          spec.commandLine(), "--slice: " + Objects.requireNonNullElse(e.getMessage(), text), e);
    }
  }

  private void print(SearchReport report) {
    Table table = report.results();
    List<List<String>> rows = new ArrayList<>();
    rows.add(table.columns());
    rows.addAll(table.rows());
    output.out().println(Output.table(rows));
    report.notes().forEach(output.out()::println);
    output.out().println("written: " + target.resolve("search.html") + " and three CSV files");
  }
}
