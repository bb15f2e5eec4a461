package org.lapidary.tools.cli;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Callable;
import org.lapidary.ir.Diagnostic;
import org.lapidary.ir.DiagnosticException;
import org.lapidary.sim.timing.CycleModel;
import org.lapidary.tools.explore.Axes;
import org.lapidary.tools.explore.Evaluator;
import org.lapidary.tools.explore.Exploration;
import org.lapidary.tools.explore.Findings;
import org.lapidary.tools.explore.FindingsFiles;
import org.lapidary.tools.explore.LocalRunner;
import org.lapidary.tools.explore.Outcome;
import org.lapidary.tools.explore.Plan;
import org.lapidary.tools.explore.Point;
import org.lapidary.tools.explore.PointRunner;
import org.lapidary.tools.explore.Question;
import org.lapidary.tools.explore.Rerun;
import org.lapidary.tools.explore.Space;
import org.lapidary.tools.explore.Store;
import org.lapidary.tools.explore.Subject;
import org.lapidary.tools.explore.Traffic;
import org.lapidary.tools.validate.Metric;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/// The Pareto front of accuracy against cycles, on-chip memory and energy.
@Command(
    name = "explore",
    mixinStandardHelpOptions = true,
    description = {
      "Looks for the settings that nobody beats: a task's metric against cycles, on-chip SRAM and",
      "estimated energy, over pruning, quantization recipes, calibration methods, fusion, schedule,",
      "and the machine's array and memories. An option of `validate` that is given is no longer up",
      "for choice.",
      "What was found is kept in the directory: a run that was stopped goes on where it was."
    },
    footer = {
      DataArguments.FORMATS,
      "Example: lapidary explore model.onnx --task classify --data test.tsv \\",
      "           --tokenizer tokenizer.json --calibrate train.tsv --budget points=200 -o found",
      "         lapidary explore --rerun 0123456789abcdef -o found"
    })
final class ExploreCommand implements Callable<Integer> {
  private static final int CALIBRATED_WITHOUT_DATA = OpenTask.UNLABELLED_CALIBRATION;

  /// Options that say nothing about a point.
  private static final Set<String> OWN =
      Set.of(
          "-o",
          "--budget",
          "--seed",
          "--search-limit",
          "--axis",
          "--engine",
          "--rerun",
          "--threads",
          "--cache",
          "--limit",
          "--json");

  @Parameters(paramLabel = "MODEL.onnx", arity = "0..1", description = "The model.")
  Optional<Path> model = Optional.empty();

  @Mixin DataArguments data = new DataArguments();

  @Option(
      names = "-o",
      paramLabel = "DIR",
      required = true,
      description = "Where points, front.csv, points.csv and explore.html go.")
  Path target = Path.of("");

  @Option(
      names = "--budget",
      converter = Budget.Text.class,
      paramLabel = "points=N,time=T",
      description = "How far to go; default points=200. After a time (10m) nothing new is begun.")
  Budget budget = new Budget(200, Optional.empty());

  @Option(names = "--seed", paramLabel = "N", description = "Of the search; default 1.")
  long seed = 1;

  @Option(
      names = "--search-limit",
      paramLabel = "N",
      converter = AtLeastOne.class,
      description = {
        "Measure every point on the first N samples only (default 128), and points on a front on",
        "all of them."
      })
  int searchLimit = 128;

  @Option(
      names = "--axis",
      paramLabel = "NAME=V1|V2",
      description = {
        "What to choose from instead of the usual: prune, quantize, calibration-method, fusion,",
        "schedule, machine, dim, spad-kib, acc-kib. Can be repeated. 'own' is what the machine has."
      })
  Map<String, String> axes = new LinkedHashMap<>();

  @Option(
      names = "--engine",
      paramLabel = "URL",
      description = "Have points evaluated by other processes, see tools/cluster/README.md.")
  Optional<String> engine = Optional.empty();

  // The point says what the other arguments were, so that those are not missed.
  @SuppressWarnings("deprecation")
  @Option(
      names = "--rerun",
      help = true,
      paramLabel = "HASH",
      description = "Evaluate a point once more; fail unless it is the same byte for byte.")
  Optional<String> rerun = Optional.empty();

  @Mixin CompileArguments arguments = new CompileArguments();
  @Mixin Output output = new Output();
  @Spec CommandSpec spec = CommandSpec.create();

  @Override
  public Integer call() {
    require(!target.toString().isEmpty(), "-o DIR is missing");
    if (rerun.isPresent()) {
      return rerun(new Store(target).point(rerun.get()));
    }
    Path file = model.orElseThrow(() -> new ParameterException(line(), "MODEL.onnx is missing"));
    Space space = space();
    Question question = question(file, space);
    try (Evaluator evaluator = new Evaluator(OpenTask.of(file, data, arguments))) {
      Plan plan = plan(question, space, evaluator.subject());
      echo(plan);
      Outcome.Accuracy fp32 = evaluator.reference(plan.allSamples());
      Findings found;
      try (PointRunner runner = runner(evaluator, question);
          Progress progress = Progress.of("explore", Math.min(plan.points(), space.size()))) {
        found = Exploration.run(plan, fp32, runner, new Store(target), progress.steps());
      }
      new FindingsFiles(found).write(target);
      output.manifest().writeInto(target);
      if (output.json()) {
        output.document(found.document());
      } else {
        print(found);
      }
    }
    return 0;
  }

  /// Says what is about to be done, before the long work.
  private void echo(Plan plan) {
    output
        .err()
        .printf(
            "exploring %s of %s possible points, each on %d of %d samples; %s%n",
            Output.count(Math.min(plan.points(), plan.space().size())),
            Output.count(plan.space().size()),
            plan.searchSamples(),
            plan.allSamples(),
            engine.orElse(arguments.threads + " threads"));
  }

  private CommandLine line() {
    return spec.commandLine();
  }

  private void require(boolean fine, String otherwise) {
    if (!fine) {
      throw new ParameterException(line(), otherwise);
    }
  }

  private Plan plan(Question question, Space space, Subject subject) {
    int all = subject.examples().size();
    // Without calibration data ranges are observed on the first samples, of which there must be as
    // many in a shorter look.
    int least = arguments.calibrate.isEmpty() ? CALIBRATED_WITHOUT_DATA : 1;
    return new Plan(
        question,
        space,
        budget.points(),
        budget.time(),
        seed,
        Math.min(all, Math.max(searchLimit, least)),
        all,
        subject.length(),
        subject.metric());
  }

  private PointRunner runner(Evaluator evaluator, Question question) {
    return engine
        .map(address ->
            Engines.of(address)
                .connect(
                    address,
                    question,
                    words -> OpenTask.evaluator(words, arguments.threads),
                    arguments.threads))
        .orElseGet(() -> new LocalRunner(evaluator, arguments.threads));
  }

  /// An option that is given is an axis with one value; `--axis` gives several.
  private Space space() {
    Map<String, List<String>> given = new LinkedHashMap<>();
    Set<String> names = Axes.names();
    for (OptionSpec option : line().getParseResult().matchedOptionsSet()) {
      String name = option.longestName().substring(2);
      if (names.contains(name)) {
        given.put(name, option.originalStringValues());
      }
    }
    given.computeIfPresent("machine", (_, v) -> List.of(v.getFirst().split(",(?![^{]*})")));
    axes.forEach((name, values) -> given.put(name, List.of(values.split("\\s*[|]\\s*"))));
    try {
      return Axes.space(given);
    } catch (IllegalArgumentException e) {
      throw new ParameterException(line(), "--axis: " + e.getMessage());
    }
  }

  /// What was said besides, and the files among it.
  private Question question(Path file, Space space) {
    List<String> words = new ArrayList<>(List.of(file.toString()));
    List<String> files = new ArrayList<>(words);
    for (OptionSpec option : line().getParseResult().matchedOptionsSet()) {
      if (OWN.contains(option.longestName())
          || Axes.names().contains(option.longestName().substring(2))) {
        continue;
      }
      words.add(option.longestName());
      List<String> values = option.arity().max() == 0 ? List.of() : option.originalStringValues();
      words.addAll(values);
      values.stream().filter(v -> namesFile(option, v)).forEach(files::add);
    }
    data.limit.ifPresent(n -> words.addAll(List.of("--limit", n.toString())));
    space.machines().stream().filter(m -> Files.isRegularFile(Path.of(m))).forEach(files::add);
    files.stream()
        .filter(f -> !Files.exists(Path.of(f)))
        .findFirst()
        .ifPresent(missing -> {
          throw new DiagnosticException(
              Diagnostic.error(
                  Diagnostic.Code.FILE_NOT_FOUND,
                  missing,
                  "",
                  "there is no such file",
                  "check it"));
        });
    return Question.of(words, files);
  }

  /// Options that take a path, and `--pipeline`, which takes a path or a text.
  private static boolean namesFile(OptionSpec option, String value) {
    boolean path =
        option.type() == Path.class
            || option.typeInfo().getAuxiliaryTypeInfos().stream()
                .anyMatch(t -> t.getType() == Path.class);
    return path || (option.longestName().equals("--pipeline") && Files.exists(Path.of(value)));
  }

  private int rerun(Path file) {
    Rerun again = Rerun.of(file, words -> OpenTask.evaluator(words, arguments.threads));
    if (output.json()) {
      output.document(Map.of("hash", rerun.orElse(""), "same", again.same()));
    } else {
      output.out().print(again.again());
    }
    if (again.same()) {
      return 0;
    }
    throw new DiagnosticException(
        Diagnostic.error(
            Diagnostic.Code.INVALID_INPUT,
            file.toString(),
            "",
            "the point comes out differently now",
            "explore again into another directory"));
  }

  private void print(Findings found) {
    Metric metric = found.plan().metric();
    List<List<String>> rows = new ArrayList<>();
    rows.add(List.of("hash", metric.text(), "cycles", "SRAM KiB", "energy uJ", "fronts"));
    for (Point point : found.sorted()) {
      rows.add(
          List.of(
              point.hash(),
              MeasurementTable.text(metric, point.value(metric)),
              Output.count(point.cost().cycles()),
              Output.count(point.cost().sramBytes() / 1024),
              "%.1f".formatted(point.cost().traffic().energyMicrojoules()),
              String.join(" ", found.frontsOf(point))));
    }
    output.out().print(Output.table(rows));
    Plan plan = found.plan();
    output
        .out()
        .printf(
            """

            %s of %s possible points, seed %d; %d could not be compiled. fp32: %s %s on %d samples.
            Searched on the first %d samples; what is above was measured on all %d.
            Cycles: model %s, mean error %.1f %%. Energy: %s.
            %s, front.csv, points.csv; a point's command line is in all of them.
            """,
            Output.count(found.points().size()),
            Output.count(plan.space().size()),
            plan.seed(),
            found.refused().size(),
            metric.text(),
            MeasurementTable.text(metric, found.value(found.fp32())),
            plan.allSamples(),
            plan.searchSamples(),
            plan.allSamples(),
            CycleModel.NAME,
            CycleModel.knownError().overall().mean(),
            Traffic.LABEL,
            target.resolve("explore.html"));
  }
}
