package org.lapidary.tools.cli;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import org.lapidary.ir.Diagnostic;
import org.lapidary.ir.DiagnosticException;
import org.lapidary.machine.isa.Assembly;
import org.lapidary.machine.isa.RoccCommand;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/// Disassembles commands to text.
@Command(
    name = "disasm",
    mixinStandardHelpOptions = true,
    description = "Disassembles a trace, a binary or RISC-V words to text that `asm` reads back.",
    footer = {"", "Example: lapidary disasm program.trace | head"})
final class DisasmCommand implements Callable<Integer> {
  @Parameters(paramLabel = "FILE", description = "Commands; - is standard input.")
  String file = "";

  @Option(names = "--from", description = "trace (default), binary or words.")
  AsmCommand.Form from = AsmCommand.Form.TRACE;

  @Mixin Output output = new Output();

  @Override
  public Integer call() {
    byte[] bytes = Texts.bytes(file);
    List<RoccCommand> commands = from == AsmCommand.Form.BINARY ? binary(bytes) : text(bytes);
    if (output.json()) {
      List<String> texts = commands.stream().map(Assembly::disassemble).toList();
      output.document(Map.of("commands", texts));
      return 0;
    }
    for (RoccCommand command : commands) {
      output.out().println(Assembly.disassemble(command));
    }
    return 0;
  }

  private List<RoccCommand> binary(byte[] bytes) {
    if (bytes.length % 24 != 0) {
      throw malformed("", bytes.length + " bytes are no whole number of 24-byte commands");
    }
    ByteBuffer b = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    List<RoccCommand> commands = new ArrayList<>();
    while (b.hasRemaining()) {
      commands.add(new RoccCommand((int) b.getLong(), b.getLong(), b.getLong()));
    }
    return commands;
  }

  private List<RoccCommand> text(byte[] bytes) {
    List<RoccCommand> commands = new ArrayList<>();
    List<String> lines = new String(bytes, StandardCharsets.UTF_8).lines().toList();
    for (int i = 0; i < lines.size(); i++) {
      String line = lines.get(i).replaceFirst("#.*", "").strip();
      if (line.isEmpty() || line.startsWith("W ")) {
        continue;
      }
      String[] fields = line.split("\\s+");
      try {
        long first = Long.parseUnsignedLong(fields[0], 16);
        int funct = from == AsmCommand.Form.WORDS ? (int) (first >>> 25) : (int) first;
        commands.add(
            new RoccCommand(
                funct,
                Long.parseUnsignedLong(fields[1], 16),
                Long.parseUnsignedLong(fields[2], 16)));
      } catch (NumberFormatException | ArrayIndexOutOfBoundsException e) {
        throw malformed("line " + (i + 1), "'" + line + "' is not three hexadecimal numbers");
      }
    }
    return commands;
  }

  private DiagnosticException malformed(String where, String what) {
    return new DiagnosticException(
        Diagnostic.error(Diagnostic.Code.SYNTAX, file, where, what, "see --help for the forms"));
  }
}
