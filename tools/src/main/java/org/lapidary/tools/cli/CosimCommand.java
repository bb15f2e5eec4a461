package org.lapidary.tools.cli;

import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import org.lapidary.gemmini.c.CoSimulation;
import org.lapidary.gemmini.program.Container;
import org.lapidary.gemmini.program.Program;
import org.lapidary.ir.Diagnostic;
import org.lapidary.ir.DiagnosticException;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/// Runs generated C, with our simulator as the accelerator.
@Command(
    name = "cosim",
    mixinStandardHelpOptions = true,
    description = {
      "Runs the C of `compile --emit c`, built with -DGEMMINI_STUB, with the simulator as its",
      "accelerator: the program checks its result, this command checks every Gemmini command."
    },
    footer = {
      "",
      "Example: make -C out.c native-stub",
      "         lapidary cosim out -- out.c/out_native_stub"
    })
final class CosimCommand implements Callable<Integer> {
  @Parameters(index = "0", paramLabel = "DIR", description = "Program directory.")
  Path directory = Path.of("");

  @Parameters(
      index = "1..*",
      arity = "1..*",
      paramLabel = "COMMAND",
      description = "The executable, perhaps behind an emulator: qemu-riscv64 out_linux_stub.")
  List<String> command = List.of();

  @Mixin Output output = new Output();

  @Override
  public Integer call() {
    Program program = Container.read(directory);
    CoSimulation.Ended ended;
    try {
      ended = CoSimulation.run(program, command, Path.of("").toAbsolutePath());
    } catch (IOException e) {
      throw new DiagnosticException(
          Diagnostic.error(
              Diagnostic.Code.INVALID_INPUT,
              command.getFirst(),
              "",
              "cannot be run with a simulator as its accelerator: " + e.getMessage(),
              "build it first: make -C DIR.c native-stub, or linux-stub"));
    }
    boolean same = ended.difference().isEmpty();
    if (output.json()) {
      Map<String, Object> document = new LinkedHashMap<>();
      document.put("exit_code", ended.code());
      document.put("commands", ended.commands());
      document.put("commands_are_the_programs", same);
      document.put("difference", ended.difference());
      document.put("output", ended.text());
      output.document(document);
    } else {
      output.out().print(ended.text());
      output
          .out()
          .printf(
              "%s commands, %s%n",
              Output.count(ended.commands()),
              same ? "those of the program" : "NOT those of the program: " + ended.difference());
    }
    return same && ended.code() == 0 ? 0 : Main.FAILED;
  }
}
