package org.lapidary.tools.cli;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import org.lapidary.machine.GemminiParams;
import org.lapidary.sim.timing.CycleModel;
import org.lapidary.tools.study.BaselineReading;
import org.lapidary.tools.study.FusionPair;
import org.lapidary.tools.study.Kept;
import org.lapidary.tools.study.MappingSpread;
import org.lapidary.tools.study.Report;
import org.lapidary.tools.study.Section;
import org.lapidary.tools.study.SramGrid;
import org.lapidary.tools.study.Survey;
import org.lapidary.tools.study.SurveyOptions;
import org.lapidary.tools.study.SurveyResults;
import org.lapidary.tools.study.Table;
import org.lapidary.tools.study.TransformerShape;
import org.lapidary.tools.study.Waterfall;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/// The survey on Transformer inference, reproduced.
@Command(
    name = "survey",
    mixinStandardHelpOptions = true,
    description = {
      "Reproduces \"Full Stack Optimization of Transformer Inference: a Survey\" (arXiv 2302.14017):",
      "workloads, float-host baseline, integers, SRAM split, mapping, fusion, unread rows, pruning;",
      "ours beside theirs.",
      "Needs no file and takes about two minutes on two cores."
    },
    footer = {
      "",
      "Example: lapidary study survey -o survey        # survey/survey.html and survey/survey.csv",
      "Example: lapidary study survey --keep-heads 9 --keep-neurons 2048"
    })
final class SurveyCommand implements Callable<Integer> {
  @Spec CommandSpec spec = CommandSpec.create();

  @Option(names = "-o", paramLabel = "DIR", description = "Write survey.html and survey.csv there.")
  @Nullable Path target;

  @Option(
      names = "--machine",
      paramLabel = "NAME|FILE",
      description = "Machine of the roofline (default: survey).")
  String machine = "survey";

  @Option(
      names = "--keep-heads",
      paramLabel = "N",
      description = "Pruning: attention heads left in each layer (default: ${DEFAULT-VALUE}).")
  int heads = Kept.TOLERATED.shape().heads();

  @Option(
      names = "--keep-width",
      paramLabel = "N",
      description = "Pruning: channels left of each head (default: ${DEFAULT-VALUE}).")
  int width = Kept.TOLERATED.shape().headWidth();

  @Option(
      names = "--keep-neurons",
      paramLabel = "N",
      description = {
        "Pruning: feed-forward neurons left in each layer (default: ${DEFAULT-VALUE}).",
        "The defaults are what trained models tolerate, see passes/PRUNING.md."
      })
  int neurons = Kept.TOLERATED.shape().ffn();

  @Option(
      names = "--keep-layers",
      paramLabel = "N",
      description = "Pruning: layers left (default: ${DEFAULT-VALUE}).")
  int layers = Kept.TOLERATED.shape().layers();

  @Option(
      names = "--all-rows",
      description = "The last layer computes rows that no classifier reads, too: no step unread.")
  boolean allRows;

  @Option(
      names = "--mappings",
      paramLabel = "N",
      description = "Random mappings per operator (default: ${DEFAULT-VALUE}).")
  int mappings = 500;

  @Option(
      names = "--threads",
      paramLabel = "N",
      description = "Threads (default: one per core); results do not depend on it.")
  int threads = Runtime.getRuntime().availableProcessors();

  @Mixin Output output = new Output();

  @Override
  public Integer call() {
    GemminiParams roofline = GemminiParams.load(machine);
    inRange("--mappings", mappings, 100_000);
    inRange("--threads", threads, 1024);
    Survey survey = new Survey(new SurveyOptions(kept(), mappings, threads));
    SurveyResults results;
    try (Progress progress = Progress.of("survey", survey.tasks())) {
      results = survey.run(progress.steps());
    }
    Report report = Survey.report(results, roofline);
    if (target != null) {
      write(report, target);
    }
    if (output.json()) {
      output.document(document(results));
    } else {
      print(report);
    }
    return 0;
  }

  private Kept kept() {
    TransformerShape all = TransformerShape.BERT_BASE;
    return new Kept(
        all.keeping(
            inRange("--keep-layers", layers, all.layers()),
            inRange("--keep-heads", heads, all.heads()),
            inRange("--keep-width", width, all.headWidth()),
            inRange("--keep-neurons", neurons, all.ffn())),
        allRows);
  }

  private int inRange(String option, int value, int most) {
    if (value < 1 || value > most) {
      throw new ParameterException(
          spec.commandLine(), "%s must be from 1 to %d, not %d".formatted(option, most, value));
    }
    return value;
  }

  private void write(Report report, Path directory) {
    Manifest manifest = output.manifest();
    try {
      Files.createDirectories(directory);
      Files.writeString(directory.resolve("survey.html"), manifest.in(report.html()));
      Files.writeString(directory.resolve("survey.csv"), report.csv());
      manifest.writeInto(directory);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private void print(Report report) {
    report.summary().forEach(output.out()::println);
    output.out().println();
    for (Section section : report.sections()) {
      output.out().println("== " + section.title());
      output.out().println();
      for (Table table : section.tables()) {
        List<List<String>> rows = new ArrayList<>();
        rows.add(table.columns());
        rows.addAll(table.rows());
        output.out().println(table.title());
        output.out().println(Output.table(rows));
      }
    }
    if (target != null) {
      output.out().println("written: " + target.resolve("survey.html") + " and survey.csv");
    }
  }

  private static Map<String, Object> document(SurveyResults results) {
    Map<String, Object> document = new LinkedHashMap<>();
    Map<String, Object> model = new LinkedHashMap<>();
    model.put("name", CycleModel.NAME);
    model.put("mean_error_percent", CycleModel.knownError().overall().mean());
    document.put("cycle_model", model);
    document.put("layer_matmul_cycles", results.layerMatmulCycles());
    Map<String, Object> utilisation = new LinkedHashMap<>();
    results
        .layerMatmulCycles()
        .keySet()
        .forEach(key -> utilisation.put(key, results.matmulUtilisation(key)));
    document.put("matmul_utilisation", utilisation);
    document.put("encoder_utilisation", results.encoderUtilisation());
    document.put("latency_speedup", speedups(results.headline()));
    List<Object> readings = new ArrayList<>();
    BaselineReading.of(results.headline())
        .forEach(r -> readings.add(reading(r, results.headline())));
    document.put("baseline_readings", readings);
    List<Object> waterfalls = new ArrayList<>();
    results.waterfalls().forEach(w -> waterfalls.add(waterfall(w)));
    document.put("waterfalls", waterfalls);
    document.put("sram_grid", results.grid().cells().stream().map(SurveyCommand::cell).toList());
    document.put("fusion", results.pairs().stream().map(SurveyCommand::pair).toList());
    document.put("mapspace", results.spreads().stream().map(SurveyCommand::spread).toList());
    return document;
  }

  private static Map<String, Object> speedups(Waterfall w) {
    Map<String, Object> all = new LinkedHashMap<>();
    Waterfall.KEYS.forEach(key -> all.put(key, w.speedup(w.step(key))));
    all.put("total", w.speedup(w.steps().getLast()));
    return all;
  }

  private static Map<String, Object> reading(BaselineReading reading, Waterfall w) {
    Map<String, Object> one = new LinkedHashMap<>();
    one.put("name", reading.name());
    one.put("cycles", Math.round(reading.cycles()));
    one.put("array_bound", reading.limit(w));
    one.put("fusion", reading.speedup(w, "fusion"));
    one.put("unread", reading.speedup(w, "unread"));
    one.put("unread_by_the_host_too", reading.readSpeedup(w));
    return one;
  }

  private static Map<String, Object> waterfall(Waterfall w) {
    Map<String, Object> one = new LinkedHashMap<>();
    one.put("model", w.shape().name());
    one.put("length", w.length());
    one.put("memory_latency", w.latency());
    one.put("baseline_cycles", w.baseline().cycles());
    one.put("baseline_cycles_unread", w.readBaseline().cycles());
    Map<String, Object> cycles = new LinkedHashMap<>();
    w.steps().forEach(s -> cycles.put(s.key(), s.cycles()));
    one.put("cycles", cycles);
    one.put("latency_speedup", speedups(w));
    return one;
  }

  private static Map<String, Object> cell(SramGrid.Cell cell) {
    Map<String, Object> one = new LinkedHashMap<>();
    one.put("scratchpad_kib", cell.spadKib());
    one.put("accumulator_kib", cell.accKib());
    one.put("library", cell.library());
    one.put("library_slow_memory", cell.librarySlow());
    one.put("searched", cell.searched());
    one.put("searched_slow_memory", cell.searchedSlow());
    return one;
  }

  private static Map<String, Object> pair(FusionPair pair) {
    Map<String, Object> one = new LinkedHashMap<>();
    one.put("name", pair.name());
    one.put("length", pair.length());
    one.put("accumulator_kib", pair.accKib());
    one.put("apart_cycles", pair.apart());
    one.put("together_cycles", pair.together());
    one.put("chosen_cycles", pair.chosen());
    return one;
  }

  private static Map<String, Object> spread(MappingSpread spread) {
    Map<String, Object> one = new LinkedHashMap<>();
    one.put("operator", spread.operator());
    one.put("mappings", spread.cycles().size());
    one.put("best_cycles", spread.best());
    one.put("worst_over_best", spread.worstOverBest());
    one.put("within_three_times", spread.withinThreeTimes());
    return one;
  }
}
