package org.lapidary.tools.cli;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SortedSet;
import java.util.TreeSet;
import org.lapidary.gemmini.program.Program;
import org.lapidary.tools.compile.CompileOptions;
import org.lapidary.tools.generate.Bucket;
import org.lapidary.tools.generate.LanguageModel;
import org.lapidary.tools.generate.LanguageModelCompiler;
import org.lapidary.tools.generate.ProgramsDirectory;
import picocli.CommandLine.ParameterException;

/// `compile --generate`: programs of several lengths that share scales and caches.
///
/// @param command its other options
/// @param longest tokens in a sequence
record CompileForGeneration(CompileCommand command, int longest) {
  int call() {
    long start = System.nanoTime();
    CompileOptions options = command.arguments.options(command.arguments.dims);
    LanguageModelCompiler.Result result;
    try (Progress progress = Progress.of("calibrate", command.arguments.calibrateLimit)) {
      result = LanguageModelCompiler.compile(command.model, options, lengths(), progress.steps());
    }
    command.check(result.calibration(), result.quantized().values().iterator().next());
    ProgramsDirectory.write(result.programs(), command.target, command.output.manifest().text());
    double seconds = (System.nanoTime() - start) / 1e9;
    if (command.output.json()) {
      command.output.document(document(result, seconds));
    } else {
      print(result, seconds);
    }
    return 0;
  }

  private List<Integer> lengths() {
    SortedSet<Integer> lengths = new TreeSet<>(command.buckets);
    if (longest < 2 || (!lengths.isEmpty() && (lengths.first() < 2 || lengths.last() > longest))) {
      throw new ParameterException(
          command.spec.commandLine(), "--generate and --buckets are lengths from 2 to --generate");
    }
    lengths.add(longest);
    return command.buckets.isEmpty() ? Bucket.lengths(longest) : List.copyOf(lengths);
  }

  private void print(LanguageModelCompiler.Result result, double seconds) {
    LanguageModel model = result.programs().model();
    List<List<String>> rows = new ArrayList<>();
    rows.add(List.of("program", "commands", "MACs", "bound, cycles", "host steps"));
    for (Bucket bucket : model.programs()) {
      Program p = program(result, bucket);
      rows.add(
          List.of(
              bucket.name(),
              Output.count(p.commandCount()),
              Output.count(p.macs()),
              Output.count(p.boundCycles()),
              Integer.toString(p.hostNodes())));
    }
    command.output.out().println(Output.table(rows));
    command.output.out().println("calibration: " + model.calibration());
    command.output.out().println(model.mode());
    command
        .output
        .out()
        .printf(
            "%s: sequences of up to %d tokens, %d programs, for machine %s, in %.1f s%n",
            command.target,
            model.longest(),
            model.programs().size(),
            program(result, model.programs().getFirst()).machine().name(),
            seconds);
  }

  private static Program program(LanguageModelCompiler.Result result, Bucket bucket) {
    Program program = result.programs().programs().get(bucket);
    if (program == null) {
      throw new IllegalStateException("no program for " + bucket);
    }
    return program;
  }

  private static Map<String, Object> document(LanguageModelCompiler.Result result, double seconds) {
    LanguageModel model = result.programs().model();
    List<Map<String, Object>> programs = new ArrayList<>();
    for (Bucket bucket : model.programs()) {
      Program p = program(result, bucket);
      Map<String, Object> one = new LinkedHashMap<>();
      one.put("name", bucket.name());
      one.put("tokens", bucket.tokens());
      one.put("past", bucket.past());
      one.put("instructions", p.commandCount());
      one.put("macs", p.macs());
      one.put("bound_cycles", p.boundCycles());
      one.put("host_steps", p.hostNodes());
      programs.add(one);
    }
    Map<String, Object> d = new LinkedHashMap<>();
    d.put("programs", programs);
    d.put("longest", model.longest());
    d.put("cached", model.cached());
    if (!model.cached()) {
      d.put("note", model.note());
    }
    d.put("seconds", seconds);
    return d;
  }
}
