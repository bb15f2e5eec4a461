package org.lapidary.tools.cli;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.concurrent.Callable;
import org.lapidary.gemmini.c.CProject;
import org.lapidary.gemmini.map.FusionDecision;
import org.lapidary.gemmini.map.Placement;
import org.lapidary.gemmini.program.Program;
import org.lapidary.gemmini.program.ProgramRunner;
import org.lapidary.ir.Diagnostic;
import org.lapidary.ir.DiagnosticException;
import org.lapidary.ir.pass.PassContext;
import org.lapidary.ir.pass.PassRunner;
import org.lapidary.passes.quant.QuantizedModel;
import org.lapidary.passes.quant.RangeSummary;
import org.lapidary.tools.compile.CalibrationSet;
import org.lapidary.tools.compile.CompileOptions;
import org.lapidary.tools.compile.Compiled;
import org.lapidary.tools.compile.Lapidary;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/// Compiles a model to a program directory.
@Command(
    name = "compile",
    mixinStandardHelpOptions = true,
    description = "Compiles an ONNX model to an integer program for Gemmini.",
    footer = {
      "",
      "Example: lapidary compile model.onnx -o out --dim batch=1 --dim sequence=128 \\",
      "           --calibrate samples.npz",
      "For text: lapidary compile gpt.onnx -o out --generate 64 --calibrate sequences.npz"
    })
final class CompileCommand implements Callable<Integer> {
  @Parameters(paramLabel = "MODEL.onnx", description = "The model.")
  Path model = Path.of("");

  @Option(names = "-o", required = true, paramLabel = "DIR", description = "Program directory.")
  Path target = Path.of("");

  @Mixin CompileArguments arguments = new CompileArguments();

  @Option(
      names = "--dump-after",
      split = ",",
      paramLabel = "all|PASS",
      description = "Write the graph after these passes to DIR.ir/.")
  List<String> dumpAfter = List.of();

  /// What can be written.
  enum Emit {
    PROGRAM,
    IR,
    C,
    TRACE
  }

  @Option(
      names = "--emit",
      split = ",",
      paramLabel = "program,ir,c,trace",
      description = {
        "What to write: the program (always), the graph after every pass to DIR.ir/,",
        "a C project for real hardware to DIR.c/, what the accelerator sees and writes in one",
        "inference on the first calibration sample to DIR.trace and DIR.expect."
      })
  List<Emit> emit = List.of(Emit.PROGRAM);

  @Option(
      names = "--require-accelerator",
      description = "Fail if an operation amid the accelerated part runs on the host.")
  boolean requireAccelerator;

  @Option(
      names = "--prove",
      description = {
        "Print what is known about the range of every integer operation; fail unless each is",
        "proved not to overflow, or observed with a margin of 2."
      })
  boolean prove;

  @Option(
      names = "--generate",
      paramLabel = "LENGTH",
      description = "Make programs for `lapidary generate`: sequences of up to that many tokens.")
  Optional<Integer> generate = Optional.empty();

  @Option(
      names = "--buckets",
      split = ",",
      paramLabel = "LENGTHS",
      description = "Lengths to make programs for; default: 16, 32, … up to that of --generate.")
  SortedSet<Integer> buckets = new TreeSet<>();

  @Mixin Output output = new Output();
  @Spec CommandSpec spec = CommandSpec.create();

  @Override
  public Integer call() {
    long start = System.nanoTime();
    if (generate.isPresent()) {
      refuseForSets();
      return new CompileForGeneration(this, generate.get()).call();
    }
    if (!buckets.isEmpty()) {
      throw new ParameterException(spec.commandLine(), "--buckets is for --generate only");
    }
    Path dumps = beside(".ir");
    List<String> passes = emit.contains(Emit.IR) ? List.of("all") : dumpAfter;
    CompileOptions options = arguments.options(arguments.dims, passes, dumps);
    requireKnown(options);
    Compiled compiled;
    try (Progress progress = Progress.of("calibrate", arguments.calibrateLimit)) {
      compiled = Lapidary.compile(model, options, progress.steps());
    }
    check(compiled);
    if (emit.contains(Emit.C)) {
      writeC(compiled);
    }
    if (emit.contains(Emit.TRACE)) {
      writeTrace(compiled);
    }
    compiled.executable().write(target, output.manifest().text());
    if (!passes.isEmpty()) {
      output.manifest().writeInto(dumps);
    }
    double seconds = (System.nanoTime() - start) / 1e9;
    if (output.json()) {
      output.document(document(compiled, seconds));
    } else {
      print(compiled, seconds);
    }
    return 0;
  }

  private Path beside(String ending) {
    return target.resolveSibling(target.getFileName() + ending);
  }

  private void refuseForSets() {
    if (emit.contains(Emit.C)) {
      throw notForSets("--emit c", "a set of programs that share caches has no form in C yet");
    }
    if (emit.contains(Emit.TRACE)) {
      throw notForSets("--emit trace", "a set of programs has no inference of its own to record");
    }
  }

  private static DiagnosticException notForSets(String option, String why) {
    return new DiagnosticException(
        Diagnostic.error(
            Diagnostic.Code.INVALID_INPUT,
            option,
            "",
            why,
            "leave out --generate: one program for one length, its caches inputs and results"));
  }

  /// What `run --export-trace` writes, of the input that `--emit c` takes too.
  private void writeTrace(Compiled compiled) {
    compiled
        .executable()
        .run(
            compiled.calibration().samples().getFirst(),
            ProgramRunner.Options.of(compiled.program()).traced(target));
    output.manifest().writeBeside(beside(".trace"));
  }

  /// The first sample of the calibration is the input whose result `main` checks.
  private void writeC(Compiled compiled) {
    String name = String.valueOf(target.toAbsolutePath().normalize().getFileName());
    CProject.write(
        compiled.program(),
        name,
        String.valueOf(model.getFileName()),
        compiled.calibration().samples().getFirst(),
        beside(".c"));
    output.manifest().writeInto(beside(".c"));
  }

  private void requireKnown(CompileOptions options) {
    List<String> known = new ArrayList<>(List.of("all", "import", "quantize"));
    options.pipeline().passes().forEach(p -> known.add(p.name()));
    for (String name : dumpAfter) {
      if (!known.contains(name)) {
        throw new DiagnosticException(
            Diagnostic.error(
                Diagnostic.Code.INVALID_PIPELINE,
                "--dump-after",
                "",
                "the pipeline has no pass " + name,
                "there are " + String.join(", ", known)));
      }
    }
  }

  private void check(Compiled compiled) {
    check(compiled.calibration(), compiled.quantized());
  }

  /// Warns of made-up calibration data and fails where the options ask for it.
  void check(CalibrationSet calibration, QuantizedModel quantized) {
    if (calibration.synthetic()) {
      output
          .err()
          .println(
              Diagnostic.warning(
                  Diagnostic.Code.SYNTHETIC_CALIBRATION,
                  model.toString(),
                  "",
                  "ranges were observed on random inputs, so accuracy means nothing",
                  "pass --calibrate FILE with real samples"));
    }
    List<Diagnostic> problems = new ArrayList<>();
    if (requireAccelerator) {
      for (PassContext.WhyNot w : quantized.whyNots()) {
        problems.add(
            Diagnostic.error(
                Diagnostic.Code.NOT_ON_ACCELERATOR,
                model.toString(),
                w.node(),
                w.pattern() + " runs on the host: " + w.condition(),
                "leave out --require-accelerator to accept it"));
      }
    }
    if (prove) {
      quantized.ranges().findings().stream()
          .filter(e -> !e.safe())
          .map(e -> RangeReport.diagnostic(model.toString(), e))
          .forEach(problems::add);
    }
    if (!problems.isEmpty()) {
      throw new DiagnosticException(problems);
    }
  }

  private void print(Compiled c, double seconds) {
    List<List<String>> rows = new ArrayList<>();
    rows.add(List.of("step", "seconds", "ops before", "ops after"));
    for (PassRunner.Step s : c.steps()) {
      rows.add(
          List.of(
              s.name(),
              "%.2f".formatted(s.seconds()),
              Integer.toString(s.opsBefore()),
              Integer.toString(s.opsAfter())));
    }
    output.out().println(Output.table(rows));
    output.out().println("calibration: " + c.calibration().description());
    c.pruned().ifPresent(p -> output.out().print(PruningReport.text(p)));
    output.out().println("quantization: " + c.quantized().recipe());
    output.out().print(PiecesReport.text(c.quantized().pieces()));
    RangeSummary r = c.quantized().ranges();
    output
        .out()
        .printf(
            "ranges: %d proved, %d observed, %d can overflow%n",
            r.proved(), r.observed(), r.canOverflow());
    if (prove) {
      output.out().print(RangeReport.table(r));
    }
    for (Placement p : c.program().placements()) {
      if (p.where() == Placement.Where.HOST) {
        output.out().println("host: " + p.node() + ": " + p.reason());
      }
    }
    fusionLines(c.program()).forEach(output.out()::println);
    whyNots(c).forEach(w -> output.out().println("why not: " + String.join(": ", w.values())));
    output
        .out()
        .printf(
            "%s: %s commands, %s MACs, at least %s cycles, %d host steps, for machine %s, in %.1f s%n",
            target,
            Output.count(c.program().commandCount()),
            Output.count(c.program().macs()),
            Output.count(c.program().boundCycles()),
            c.program().hostNodes(),
            c.program().machine().name(),
            seconds);
    if (emit.contains(Emit.C)) {
      output.out().printf("%s: C for it; see its README.md%n", beside(".c"));
    }
    if (emit.contains(Emit.TRACE)) {
      output.out().printf("%s: a trace of it, for lapidary replay%n", beside(".trace"));
    }
  }

  /// What was decided about fusions, equal decisions once, with the first node concerned.
  private static List<String> fusionLines(Program program) {
    Map<String, List<String>> nodes = new LinkedHashMap<>();
    for (FusionDecision d : program.fusions()) {
      String what = d.pattern().title() + ": " + d.outcome().text() + ": " + d.reason();
      nodes.computeIfAbsent(what, _ -> new ArrayList<>()).add(d.node());
    }
    return nodes.entrySet().stream()
        .map(e -> "fusion: %s (%s)".formatted(e.getKey(), firstOf(e.getValue())))
        .toList();
  }

  private static String firstOf(List<String> names) {
    int others = names.size() - 1;
    return names.getFirst() + (others == 0 ? "" : " and %d more".formatted(others));
  }

  private static List<Map<String, String>> whyNots(Compiled c) {
    List<Map<String, String>> all = new ArrayList<>();
    for (PassContext.WhyNot w : c.outcome().whyNots()) {
      all.add(whyNot(w.node(), w.pattern(), w.condition()));
    }
    for (PassContext.WhyNot w : c.quantized().whyNots()) {
      all.add(whyNot(w.node(), w.pattern(), w.condition()));
    }
    return all;
  }

  private static Map<String, String> whyNot(String node, String pattern, String condition) {
    Map<String, String> one = new LinkedHashMap<>();
    one.put("node", node);
    one.put("pattern", pattern);
    one.put("condition", condition);
    return one;
  }

  static List<Map<String, Object>> passes(List<PassRunner.Step> steps) {
    List<Map<String, Object>> passes = new ArrayList<>();
    for (PassRunner.Step s : steps) {
      Map<String, Object> one = new LinkedHashMap<>();
      one.put("name", s.name());
      one.put("seconds", s.seconds());
      one.put("ops_before", s.opsBefore());
      one.put("ops_after", s.opsAfter());
      passes.add(one);
    }
    return passes;
  }

  private Map<String, Object> document(Compiled c, double seconds) {
    List<Map<String, String>> placements = new ArrayList<>();
    for (Placement p : c.program().placements()) {
      Map<String, String> one = new LinkedHashMap<>();
      one.put("node", p.node());
      one.put("where", p.where().name().toLowerCase(java.util.Locale.ROOT));
      one.put("reason", p.reason());
      placements.add(one);
    }
    Map<String, Object> document = new LinkedHashMap<>();
    document.put("passes", passes(c.steps()));
    document.put("seconds", seconds);
    document.put("peak_memory_bytes", peakMemory());
    document.put("instructions", c.program().commandCount());
    document.put("macs", c.program().macs());
    document.put("bound_cycles", c.program().boundCycles());
    document.put("placement", placements);
    document.put("fusions", c.program().fusions().stream().map(FusionDecision::document).toList());
    document.put("why_not", whyNots(c));
    document.put("recipe", c.quantized().recipe().toString());
    PiecesReport.put(document, c.quantized().pieces());
    c.pruned().ifPresent(p -> document.put("pruning", PruningReport.document(p)));
    document.put("ranges", RangeReport.document(c.quantized().ranges()));
    return document;
  }

  /// Largest heap use since the start, summed over the pools.
  private static long peakMemory() {
    return java.lang.management.ManagementFactory.getMemoryPoolMXBeans().stream()
        .filter(p -> p.getType() == java.lang.management.MemoryType.HEAP)
        .mapToLong(p -> p.getPeakUsage().getUsed())
        .sum();
  }
}
