package org.lapidary.tools.cli;

import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.function.ToLongFunction;
import java.util.zip.GZIPOutputStream;
import org.lapidary.gemmini.program.Container;
import org.lapidary.gemmini.program.Program;
import org.lapidary.ir.Tensor;
import org.lapidary.sim.timing.Activity;
import org.lapidary.sim.timing.CycleModel;
import org.lapidary.sim.timing.Unit;
import org.lapidary.tools.compile.InputCheck;
import org.lapidary.tools.inspect.NodeGlob;
import org.lapidary.tools.profile.Profile;
import org.lapidary.tools.profile.Profiler;
import org.lapidary.tools.profile.TraceOptions;
import org.lapidary.tools.profile.TraceWriter;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;

/// Where the cycles of a program go.
@Command(
    name = "profile",
    mixinStandardHelpOptions = true,
    description = {
      "Tells where the cycles of a compiled program go: what each unit of the machine worked on and",
      "waited for, which ONNX nodes took them, and with -o a timeline for https://ui.perfetto.dev",
      "or chrome://tracing (one microsecond there is one cycle)."
    },
    footer = {
      "",
      "No command depends on data, so inputs change nothing; with them the program is really run.",
      "Example: lapidary profile out -o trace.json.gz"
    })
final class ProfileCommand implements Callable<Integer> {
  private static final int BUFFER = 1 << 16;

  @Parameters(paramLabel = "DIR", description = "Made by `lapidary compile`.")
  Path directory = Path.of("");

  @Option(
      names = "--input",
      arity = "1..*",
      paramLabel = "NAME=FILE.npy",
      description = "Run on these inputs instead of predicting the commands.")
  Map<String, Path> inputs = new LinkedHashMap<>();

  @Option(
      names = "-o",
      paramLabel = "FILE",
      description = "The timeline: trace.json, or trace.json.gz for a tenth of the size.")
  Optional<Path> target = Optional.empty();

  @Option(names = "--from", paramLabel = "CYCLE", description = "Timeline from there on.")
  long from;

  @Option(names = "--to", paramLabel = "CYCLE", description = "Timeline up to there.")
  long to = Long.MAX_VALUE;

  @Option(
      names = "--only",
      paramLabel = "NODE-GLOB",
      description = "Timeline of these ONNX nodes; * and ? allowed.")
  Optional<String> only = Optional.empty();

  @Option(
      names = "--resolution",
      paramLabel = "CYCLES",
      description = {
        "Join neighbouring slices of one kernel that are shorter; default: 1, each command a slice,",
        "up to 100,000 commands, else 256."
      })
  Optional<Long> resolution = Optional.empty();

  @Option(names = "--top", paramLabel = "N", description = "Nodes and stalls to print; default 12.")
  int top = 12;

  @Mixin Output output = new Output();

  private long slices;

  @Override
  public Integer call() {
    if (from < 0 || to <= from || resolution.orElse(1L) < 1 || top < 0) {
      throw new ParameterException(
          output.spec.commandLine(), "--from is below --to, and neither they nor others negative");
    }
    Program program = Container.read(directory);
    Optional<NodeGlob> glob = only.map(NodeGlob::of);
    glob.ifPresent(g -> g.of(directory.toString(), program.graph()));
    TraceOptions options =
        new TraceOptions(from, to, glob, resolution.orElse(TraceOptions.resolution(program)));
    Profile profile =
        target.isEmpty()
            ? profile(program, Optional.empty())
            : Texts.write(target.get(), file -> traced(program, options, file));
    target.ifPresent(output.manifest()::writeBeside);
    if (output.json()) {
      output.document(document(profile, options));
    } else {
      print(profile, options);
    }
    return 0;
  }

  private Profile traced(Program program, TraceOptions options, OutputStream file)
      throws IOException {
    boolean zipped = target.orElseThrow().toString().endsWith(".gz");
    try (OutputStream out =
        new BufferedOutputStream(zipped ? new GZIPOutputStream(file) : file, BUFFER)) {
      TraceWriter trace = new TraceWriter(program, options, out);
      Profile profile = profile(program, Optional.of(trace));
      slices = trace.slices();
      return profile;
    }
  }

  private Profile profile(Program program, Optional<TraceWriter> trace) {
    if (!inputs.isEmpty()) {
      Map<String, Tensor> given = InputFiles.read(inputs);
      return Profiler.run(
          program, InputCheck.fitted(directory.toString(), program.graph(), given), trace);
    }
    try (Progress progress = Progress.of("profile", program.commandCount())) {
      return Profiler.predict(program, trace, progress.steps());
    }
  }

  private Map<String, Object> document(Profile profile, TraceOptions options) {
    Map<String, Object> d = profile.document();
    target.ifPresent(file -> {
      Map<String, Object> trace = new LinkedHashMap<>();
      trace.put("file", file.toString());
      trace.put("slices", slices);
      trace.put("resolution", options.resolution());
      d.put("trace", trace);
    });
    return d;
  }

  private void print(Profile profile, TraceOptions options) {
    var error = CycleModel.knownError().overall();
    output
        .out()
        .printf(
            Locale.ROOT,
            "%s for machine %s: %,d cycles (model %s, known error: mean %.1f %%, 90th percentile"
                + " %.1f %%, worst %.1f %%)%n%n",
            profile.program().graph().name(),
            profile.program().machine().name(),
            profile.cycles(),
            CycleModel.NAME,
            error.mean(),
            error.p90(),
            error.worst());
    output.out().println(Output.table(units(profile)));
    output.out().println(Output.table(nodes(profile)));
    output.out().print(Output.table(stalls(profile)));
    target.ifPresent(file ->
        output
            .out()
            .printf(
                Locale.ROOT,
                "%n%s: %,d slices%s; open it in https://ui.perfetto.dev%n",
                file,
                slices,
                options.resolution() == 1
                    ? ""
                    : ", those below " + options.resolution() + " cycles joined"));
  }

  private static String share(long part, long whole) {
    return String.format(Locale.ROOT, "%.1f %%", 100.0 * part / Math.max(1, whole));
  }

  /// A row per unit, a column for everything that any of them did.
  private static List<List<String>> units(Profile profile) {
    List<Activity> columns =
        Arrays.stream(Activity.values())
            .filter(a -> Arrays.stream(Unit.values()).anyMatch(u -> profile.unit(u).containsKey(a)))
            .toList();
    List<List<String>> rows = new ArrayList<>();
    List<String> head = new ArrayList<>(List.of("unit"));
    columns.forEach(a -> head.add(a.key().replace('_', ' ')));
    rows.add(head);
    for (Unit unit : Unit.values()) {
      List<String> row = new ArrayList<>(List.of(unit.title()));
      Map<Activity, Long> spent = profile.unit(unit);
      columns.forEach(
          a -> row.add(spent.containsKey(a) ? share(spent.get(a), profile.cycles()) : ""));
      rows.add(row);
    }
    return rows;
  }

  /// Layers that are alike take one row: numbers between dots and slashes do not count.
  private static String ofAllLayers(String node) {
    return node.replaceAll("(?<=[./])[0-9]+(?=[./]|$)", "*");
  }

  private List<List<String>> nodes(Profile profile) {
    Map<String, List<Profile.NodeCycles>> alike = new LinkedHashMap<>();
    profile
        .nodes()
        .forEach(n -> alike.computeIfAbsent(ofAllLayers(n.node()), _ -> new ArrayList<>()).add(n));
    List<List<String>> rows = new ArrayList<>();
    alike.forEach((name, nodes) ->
        rows.add(
            List.of(
                Output.count(sum(nodes, Profile.NodeCycles::cycles)),
                share(sum(nodes, Profile.NodeCycles::cycles), profile.cycles()),
                Output.count(sum(nodes, Profile.NodeCycles::boundCycles)),
                Output.count(sum(nodes, n -> n.array().getOrDefault(Activity.WORK, 0L))),
                Integer.toString(nodes.size()),
                name)));
    return largest(
        List.of("cycles", "share", "alone at least", "array works", "nodes", "ONNX node"), rows);
  }

  private static long sum(
      List<Profile.NodeCycles> nodes, ToLongFunction<Profile.NodeCycles> figure) {
    return nodes.stream().mapToLong(figure).sum();
  }

  private List<List<String>> stalls(Profile profile) {
    Map<List<String>, Long> alike = new LinkedHashMap<>();
    profile
        .stalls()
        .forEach(s ->
            alike.merge(
                List.of(s.cause().meaning(), ofAllLayers(s.node())), s.cycles(), Long::sum));
    List<List<String>> rows = new ArrayList<>();
    alike.forEach((key, cycles) ->
        rows.add(
            List.of(
                Output.count(cycles),
                share(cycles, profile.cycles()),
                key.getFirst(),
                key.getLast())));
    return largest(List.of("cycles", "share", "the array waits", "at ONNX node"), rows);
  }

  /// The rows with the largest counts in front.
  private List<List<String>> largest(List<String> head, List<List<String>> rows) {
    List<List<String>> table = new ArrayList<>(List.of(head));
    rows.stream()
        .sorted(
            Comparator.comparingLong(
                (List<String> row) -> -Long.parseLong(row.getFirst().replace(",", ""))))
        .limit(top)
        .forEach(table::add);
    return table;
  }
}
