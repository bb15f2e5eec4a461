package org.lapidary.tools.cli;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import org.lapidary.gemmini.program.Container;
import org.lapidary.gemmini.program.Program;
import org.lapidary.ir.Diagnostic;
import org.lapidary.ir.pass.PassRunner;
import org.lapidary.tools.blame.BlameReport;
import org.lapidary.tools.blame.Investigation;
import org.lapidary.tools.compile.CompileOptions;
import org.lapidary.tools.compile.Compiled;
import org.lapidary.tools.compile.Lapidary;
import org.lapidary.tools.profile.Profile;
import org.lapidary.tools.profile.Profiler;
import org.lapidary.tools.report.Changes;
import org.lapidary.tools.report.MemoryAccess;
import org.lapidary.tools.report.ModelReport;
import org.lapidary.tools.report.Subject;
import org.lapidary.tools.validate.Measurement;
import org.lapidary.tools.validate.Metric;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;

/// Everything about a model on one page.
@Command(
    name = "report",
    mixinStandardHelpOptions = true,
    description = {
      "Compiles a model, or reads a compiled one, and writes one HTML page that needs no network:",
      "summary, accuracy versus speed-up (with --task and --data), where the time goes, cycles and",
      "loss by ONNX node (--blame), roofline, placement, memory, what each pass changed, ranges."
    },
    footer = {
      DataArguments.FORMATS,
      "Example: lapidary report model.onnx -o report.html --task classify --data test.tsv \\",
      "           --tokenizer tokenizer.json --calibrate train.tsv --blame",
      "         lapidary report out -o report.html"
    })
final class ReportCommand implements Callable<Integer> {
  private static final int REFEREE_EXAMPLES = 4;
  private static final int BLAMED_EXAMPLES = 16;

  @Parameters(
      paramLabel = "MODEL.onnx|DIR",
      description = "The model, or a program made by `lapidary compile`, of which less is known.")
  Path model = Path.of("");

  @Option(names = "-o", required = true, paramLabel = "FILE", description = "The page.")
  Path target = Path.of("");

  @ArgGroup(exclusive = false, heading = "What it is asked (as in validate):%n")
  @Nullable DataArguments data;

  @Option(
      names = "--blame",
      description = "Find out who loses accuracy, on at most 16 samples; takes its time.")
  boolean blame;

  @Option(
      names = "--no-ort-int8",
      description = "Leave ONNX Runtime's own static and dynamic int8 out.")
  boolean noOrtInt8;

  @Mixin CompileArguments arguments = new CompileArguments();
  @Mixin Output output = new Output();

  @Override
  public Integer call() {
    if (blame && data == null) {
      throw new ParameterException(
          output.spec.commandLine(), "--blame needs --task and --data to see what is lost");
    }
    Subject subject =
        Files.isDirectory(model) ? ofProgram() : data == null ? ofModel() : measured(data);
    ModelReport report = new ModelReport(subject);
    byte[] page = output.manifest().in(report.html()).getBytes(StandardCharsets.UTF_8);
    Texts.write(target, page);
    if (output.json()) {
      output.document(document(report, subject, page.length));
    } else {
      output
          .out()
          .printf(
              "%s: %s nodes, %s bytes%n",
              target, Output.count(subject.profile().nodes().size()), Output.count(page.length));
    }
    return 0;
  }

  private Map<String, Object> document(ModelReport report, Subject subject, int bytes) {
    Map<String, Object> document = report.document();
    document.put("file", target.toString());
    document.put("bytes", bytes);
    subject.accuracy().ifPresent(m -> document.put("validation", m.document()));
    subject
        .blame()
        .ifPresent(b -> document.put("blame", new BlameReport(subject.name(), b).document()));
    return document;
  }

  private Subject ofProgram() {
    if (data != null) {
      throw new ParameterException(
          output.spec.commandLine(),
          "a compiled program can be asked nothing; give the .onnx it was made of");
    }
    return subject(Container.read(model), Optional.empty(), Optional.empty(), Optional.empty());
  }

  private Subject ofModel() {
    Changes changes = new Changes();
    CompileOptions options = watched(arguments.options(arguments.dims), changes);
    Compiled compiled;
    try (Progress progress = Progress.of("calibrate", arguments.calibrateLimit)) {
      compiled = Lapidary.compile(model, options, progress.steps());
    }
    if (compiled.calibration().synthetic()) {
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
    return subject(
        compiled.program(),
        Optional.of(new Subject.Compilation(compiled, changes.list())),
        Optional.empty(),
        Optional.empty());
  }

  private static CompileOptions watched(CompileOptions options, Changes changes) {
    return options.withRunner(new PassRunner().withDumps(_ -> true, changes));
  }

  private Subject measured(DataArguments asked) {
    Changes changes = new Changes();
    try (PreparedTask prepared =
        PreparedTask.of(model, asked, arguments, options -> watched(options, changes))) {
      Measurement.Settings settings =
          new Measurement.Settings(
              arguments.threads,
              REFEREE_EXAMPLES,
              Measurement.NN_EXAMPLES,
              !noOrtInt8,
              asked.metric);
      Measurement measurement;
      long inferences = settings.inferences(prepared.examples().size());
      try (Progress progress = Progress.of("validate", inferences)) {
        measurement =
            Measurement.of(
                name(),
                prepared.compiled(),
                asked.task,
                prepared.examples(),
                prepared.reference(),
                settings,
                progress.steps());
      }
      return subject(
          prepared.compiled().program(),
          Optional.of(new Subject.Compilation(prepared.compiled(), changes.list())),
          Optional.of(measurement),
          blame
              ? Optional.of(investigation(prepared, asked, measurement.metric()))
              : Optional.empty());
    }
  }

  private Investigation investigation(PreparedTask prepared, DataArguments asked, Metric metric) {
    int nodes = prepared.compiled().canonical().nodes().size();
    try (Progress progress = Progress.of("blame", Investigation.runs(nodes))) {
      return Investigation.of(
          prepared.compiled(),
          asked.task,
          metric,
          prepared.examples().subList(0, Math.min(BLAMED_EXAMPLES, prepared.examples().size())),
          arguments.threads,
          progress.steps());
    }
  }

  /// The file with its folder if that was named, since many are called model.onnx.
  private String name() {
    Path named = model.normalize();
    Path whole = named.toString().isEmpty() ? model.toAbsolutePath().normalize() : named;
    int last = whole.getNameCount();
    return last == 0 ? whole.toString() : whole.subpath(Math.max(0, last - 2), last).toString();
  }

  private Subject subject(
      Program program,
      Optional<Subject.Compilation> compilation,
      Optional<Measurement> accuracy,
      Optional<Investigation> blamed) {
    Profile profile;
    try (Progress progress = Progress.of("profile", program.commandCount())) {
      profile = Profiler.predict(program, Optional.empty(), progress.steps());
    }
    return new Subject(
        name(), program, profile, MemoryAccess.of(program), compilation, accuracy, blamed);
  }
}
