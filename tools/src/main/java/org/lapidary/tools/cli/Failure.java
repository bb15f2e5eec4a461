package org.lapidary.tools.cli;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.lapidary.ir.Diagnostic;
import org.lapidary.ir.Diagnostic.Code;
import org.lapidary.ir.DiagnosticException;
import org.lapidary.ir.pass.PassFailure;
import org.lapidary.machine.ParamsException;
import org.lapidary.machine.isa.IsaException;
import org.lapidary.sim.timing.CycleTable;
import org.lapidary.sim.trace.TraceException;
import picocli.CommandLine;
import picocli.CommandLine.ParameterException;

/// How a command line ended badly, the same way for every command: lines on standard error, and
/// with `--json` one document on standard output.
///
/// @param exitCode 1 the input or a check, 2 usage, 70 our own bug
/// @param lines for people
/// @param diagnostics the same for scripts
record Failure(int exitCode, List<String> lines, List<Map<String, String>> diagnostics) {
  private static final int USAGE = 2;

  /// What an exception means to the user.
  static Failure of(Throwable e, String[] args) {
    return switch (e) {
      case ParameterException bad -> usage(bad);
      case DiagnosticException known -> of(known.diagnostics());
      case ParamsException bad ->
          of(Code.INVALID_MACHINE, "", bad, "lapidary machine lists the shipped ones");
      case IsaException bad -> of(Code.SYNTAX, "", bad, "");
      case TraceException bad when bad.getCause() instanceof FileSystemException cause -> of(cause);
      case TraceException bad -> of(Code.INVALID_INPUT, "", bad, "");
      case CycleTable.TableException bad -> of(Code.INVALID_INPUT, "", bad, "");
      case FileSystemException bad -> of(bad);
      case UncheckedIOException bad when bad.getCause() instanceof FileSystemException cause ->
          of(cause);
      case UncheckedIOException bad ->
          of(Code.INVALID_INPUT, "", bad, "check the file and the disk it is on");
      case OutOfMemoryError full ->
          of(
              Code.DOES_NOT_FIT,
              "",
              full,
              "more memory is needed: LAPIDARY_JAVA_OPTIONS=-Xmx8g, or smaller sizes with --dim");
      default -> bug(e, args);
    };
  }

  /// One line that says what is wrong, and where to read on.
  static Failure usage(ParameterException e) {
    String command = e.getCommandLine().getCommandSpec().qualifiedName();
    String problem = String.valueOf(e.getMessage()).lines().findFirst().orElse("");
    String line = command + ": " + problem;
    return new Failure(
        USAGE,
        List.of(line + (problem.contains("--help") ? "" : "; see " + command + " --help")),
        List.of(entry("error", "usage", "", "", problem, "see " + command + " --help")));
  }

  private static Failure of(List<Diagnostic> diagnostics) {
    List<Map<String, String>> entries = new ArrayList<>();
    for (Diagnostic d : diagnostics) {
      entries.add(
          entry(
              d.severity().name().toLowerCase(Locale.ROOT),
              d.code().text(),
              d.file(),
              d.node(),
              d.message(),
              d.hint()));
    }
    return new Failure(
        Main.FAILED, diagnostics.stream().map(Diagnostic::toString).toList(), entries);
  }

  private static Failure of(Code code, String file, Throwable e, String hint) {
    return of(List.of(Diagnostic.error(code, file, "", String.valueOf(e.getMessage()), hint)));
  }

  private static Failure of(FileSystemException e) {
    String reason =
        switch (e) {
          case NoSuchFileException _ -> "there is no such file or folder";
          case AccessDeniedException _ -> "access is denied";
          default -> e.getReason() == null ? e.getClass().getSimpleName() : e.getReason();
        };
    return of(
        List.of(
            Diagnostic.error(
                e instanceof NoSuchFileException ? Code.FILE_NOT_FOUND : Code.INVALID_INPUT,
                String.valueOf(e.getFile()),
                "",
                "cannot be read or written: " + reason,
                "check that the folder exists and that you may use it")));
  }

  private static Failure bug(Throwable e, String[] args) {
    List<String> lines = new ArrayList<>();
    lines.add("lapidary: internal error, our bug: " + e);
    if (e instanceof PassFailure failure && !failure.reproducer().isEmpty()) {
      lines.add(
          "repeat it with: lapidary opt --pipeline '%s' %s"
              .formatted(failure.pass(), failure.reproducer()));
    }
    String reproducer = reproducer(e, args);
    lines.add("reproducer: " + reproducer);
    return new Failure(
        Main.OUR_BUG,
        lines,
        List.of(entry("error", "internal", "", "", String.valueOf(e.getMessage()), reproducer)));
  }

  private static Map<String, String> entry(
      String severity, String code, String file, String node, String message, String hint) {
    Map<String, String> entry = new LinkedHashMap<>();
    entry.put("severity", severity);
    entry.put("code", code);
    entry.put("file", file);
    entry.put("node", node);
    entry.put("message", message);
    entry.put("hint", hint);
    return entry;
  }

  /// Writes what we need to repeat the failure.
  private static String reproducer(Throwable e, String[] args) {
    StringWriter trace = new StringWriter();
    trace.write("lapidary " + String.join(" ", args) + "\n");
    e.printStackTrace(new PrintWriter(trace));
    try {
      Path file = Files.createDirectories(Main.bugFolder()).resolve("command.txt");
      Files.writeString(file, trace.toString());
      return file.toString();
    } catch (IOException unwritable) {
      return trace.toString();
    }
  }

  /// Says it, and gives the exit code.
  int report(CommandLine line, String[] args) {
    lines.forEach(line.getErr()::println);
    if (Arrays.asList(args).contains("--json")) {
      Map<String, Object> document = new LinkedHashMap<>();
      document.put("exit_code", exitCode);
      document.put("diagnostics", diagnostics);
      Output.write(document, line.getOut());
    }
    return exitCode;
  }
}
