package org.lapidary.tools.cli;

import java.io.PrintStream;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.function.Predicate;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/// The program `lapidary`.
///
/// Exit codes: 0 fine, 1 the input or a check failed, 2 usage, 70 our own bug.
@Command(
    name = "lapidary",
    mixinStandardHelpOptions = true,
    version = Main.VERSION,
    description = {
      "Cuts an ONNX BERT or GPT into an integer program for the Gemmini accelerator,",
      "runs it on a simulator, and says what it cost in accuracy and won in cycles."
    },
    footer = {"", "Start with: lapidary demo"})
public final class Main implements Runnable {
  /// In the order of `lapidary --help`.
  private static final List<Class<?>> COMMANDS =
      List.of(
          DemoCommand.class,
          CompileCommand.class,
          RunCommand.class,
          CosimCommand.class,
          GenerateCommand.class,
          ReferenceCommand.class,
          ValidateCommand.class,
          BlameCommand.class,
          PruneCommand.class,
          ProfileCommand.class,
          ReportCommand.class,
          ExploreCommand.class,
          SearchCommand.class,
          WorkerCommand.class,
          PrintCommand.class,
          OptCommand.class,
          DiffCommand.class,
          GraphCommand.class,
          ReplayCommand.class,
          CyclesCommand.class,
          BenchCommand.class,
          StudyCommand.class,
          MachineCommand.class,
          AsmCommand.class,
          DisasmCommand.class,
          CompletionCommand.class);

  static final String VERSION = "lapidary 0.1.0";
  static final int FAILED = 1;
  static final int OUR_BUG = 70;

  @Spec CommandSpec spec = CommandSpec.create();

  public static void main(String[] args) {
    Locale.setDefault(Locale.ROOT); // what is written must not depend on who writes it
    PrintStream out = new PrintStream(System.out, false, StandardCharsets.UTF_8);
    PrintStream err = new PrintStream(System.err, true, StandardCharsets.UTF_8);
    int code = run(out, err, args);
    out.flush();
    System.exit(code);
  }

  /// Runs one command line; data goes to `out`, diagnostics and progress to `err`.
  ///
  /// @return the exit code
  public static int run(PrintStream out, PrintStream err, String... args) {
    CommandLine line = line(args);
    line.setOut(new PrintWriter(out, true, StandardCharsets.UTF_8));
    line.setErr(new PrintWriter(err, true, StandardCharsets.UTF_8));
    line.setCaseInsensitiveEnumValuesAllowed(true);
    line.setExecutionExceptionHandler((e, _, _) -> Failure.of(e, args).report(line, args));
    line.setParameterExceptionHandler((e, _) -> Failure.usage(e).report(line, args));
    int code;
    try {
      code = line.execute(args);
    } catch (StackOverflowError | OutOfMemoryError | LinkageError e) {
      code = Failure.of(e, args).report(line, args);
    }
    line.getOut().flush();
    line.getErr().flush();
    return code;
  }

  /// The commands, of which only those are made whole that the words may call: looking through the
  /// options of all of them takes longer than anything else about starting.
  private static CommandLine line(String... args) {
    return line(
        name -> Arrays.stream(args).anyMatch(word -> word.equals(name) || word.startsWith("@")));
  }

  static CommandLine withEveryCommand() {
    return line(_ -> true);
  }

  private static CommandLine line(Predicate<String> whole) {
    CommandLine line = new CommandLine(new Main());
    for (Class<?> type : COMMANDS) {
      Command about = Objects.requireNonNull(type.getAnnotation(Command.class));
      if (whole.test(about.name())) {
        line.addSubcommand(about.name(), type);
      } else {
        line.addSubcommand(about.name(), named(about));
      }
    }
    return line;
  }

  /// A command that shows in the list, with the first sentence of its description, and no more.
  private static CommandSpec named(Command about) {
    CommandSpec spec = CommandSpec.create();
    spec.usageMessage()
        .description(String.join(" ", about.description()).replaceFirst("\\. .*", "."));
    return spec;
  }

  @Override
  public void run() {
    throw new ParameterException(spec.commandLine(), "a command is missing; see lapidary --help");
  }

  /// Where the reproducer of a bug of ours goes.
  static Path bugFolder() {
    return Path.of(
        System.getProperty("java.io.tmpdir"), "lapidary-bug-" + ProcessHandle.current().pid());
  }
}
