package org.lapidary.tools.cli;

import java.io.IOException;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.lapidary.ir.Diagnostic;
import org.lapidary.ir.DiagnosticException;
import org.lapidary.machine.ParamsException;
import org.lapidary.machine.isa.IsaException;
import org.lapidary.sim.timing.CycleTable;
import org.lapidary.sim.trace.TraceException;
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
    version = "lapidary 0.1.0",
    description = {
      "Cuts an ONNX BERT or GPT into an integer program for the Gemmini accelerator,",
      "runs it on a simulator, and says what it cost in accuracy and won in cycles."
    },
    footer = {"", "Start with: lapidary demo"},
    subcommands = {
      DemoCommand.class,
      CompileCommand.class,
      RunCommand.class,
      ReferenceCommand.class,
      ValidateCommand.class,
      PrintCommand.class,
      OptCommand.class,
      ReplayCommand.class,
      CyclesCommand.class,
      BenchCommand.class,
      MachineCommand.class,
      AsmCommand.class,
      DisasmCommand.class,
    })
public final class Main implements Runnable {
  static final int FAILED = 1;
  static final int OUR_BUG = 70;

  @Spec CommandSpec spec = CommandSpec.create();

  public static void main(String[] args) {
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
    CommandLine line = new CommandLine(new Main());
    line.setOut(new PrintWriter(out, true, StandardCharsets.UTF_8));
    line.setErr(new PrintWriter(err, true, StandardCharsets.UTF_8));
    line.setCaseInsensitiveEnumValuesAllowed(true);
    line.setExecutionExceptionHandler((e, _, _) -> explain(e, args, err));
    int code = line.execute(args);
    line.getOut().flush();
    line.getErr().flush();
    return code;
  }

  @Override
  public void run() {
    throw new ParameterException(spec.commandLine(), "a command is missing; see lapidary --help");
  }

  private static int explain(Exception e, String[] args, PrintStream err) {
    switch (e) {
      case DiagnosticException known -> known.diagnostics().forEach(err::println);
      case ParamsException bad ->
          err.println(
              Diagnostic.error(
                  Diagnostic.Code.INVALID_MACHINE,
                  "",
                  "",
                  String.valueOf(bad.getMessage()),
                  "lapidary machine lists the shipped ones"));
      case IsaException bad -> err.println(plain(Diagnostic.Code.SYNTAX, bad));
      case TraceException bad -> err.println(plain(Diagnostic.Code.INVALID_INPUT, bad));
      case CycleTable.TableException bad -> err.println(plain(Diagnostic.Code.INVALID_INPUT, bad));
      default -> {
        err.println("lapidary: internal error, our bug: " + e);
        err.println("reproducer: " + reproducer(e, args));
        return OUR_BUG;
      }
    }
    return FAILED;
  }

  private static Diagnostic plain(Diagnostic.Code code, Exception e) {
    return Diagnostic.error(code, "", "", String.valueOf(e.getMessage()), "");
  }

  /// Writes what we need to repeat the failure.
  private static String reproducer(Exception e, String[] args) {
    StringWriter trace = new StringWriter();
    trace.write("lapidary " + String.join(" ", List.of(args)) + "\n");
    e.printStackTrace(new PrintWriter(trace));
    try {
      Path file = Files.createTempFile("lapidary-bug-", ".txt");
      Files.writeString(file, trace.toString());
      return file.toString();
    } catch (IOException unwritable) {
      return trace.toString();
    }
  }
}
