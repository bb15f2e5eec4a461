package org.lapidary.tools.cli;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.lapidary.ir.Diagnostic;
import org.lapidary.ir.DiagnosticException;
import org.lapidary.machine.isa.Assembly;
import org.lapidary.machine.isa.IsaException;
import org.lapidary.machine.isa.RoccCommand;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/// Assembles text to commands.
@Command(
    name = "asm",
    mixinStandardHelpOptions = true,
    description =
        "Assembles Gemmini commands, one a line, to a trace, to binary or to RISC-V words.",
    footer = {
      "",
      "Binary: per command three little-endian 64-bit numbers, funct, rs1, rs2.",
      "Words: the R-type instruction with rs1 = x11, rs2 = x12, then the two operands.",
      "Example: echo 'flush' | lapidary asm - --to words"
    })
final class AsmCommand implements Callable<Integer> {
  /// The forms a command stream can be written in.
  enum Form {
    TRACE,
    BINARY,
    WORDS
  }

  @Parameters(paramLabel = "FILE", description = "Text; - is standard input.")
  String file = "";

  @Option(names = "--to", description = "trace (default), binary or words.")
  Form to = Form.TRACE;

  @Option(names = "-o", paramLabel = "OUT", description = "Output file; default standard output.")
  Optional<Path> target = Optional.empty();

  @Mixin Output output = new Output();

  @Override
  public Integer call() {
    List<RoccCommand> commands = new ArrayList<>();
    List<Diagnostic> problems = new ArrayList<>();
    List<String> lines = Texts.read(file).lines().toList();
    for (int i = 0; i < lines.size(); i++) {
      if (lines.get(i).replaceFirst("#.*", "").isBlank()) {
        continue;
      }
      try {
        commands.add(Assembly.assemble(lines.get(i)));
      } catch (IsaException e) {
        problems.add(
            Diagnostic.error(
                Diagnostic.Code.SYNTAX,
                file,
                "line " + (i + 1),
                String.valueOf(e.getMessage()),
                "runtime-sim/ISA.md lists every command and its fields"));
      }
    }
    if (!problems.isEmpty()) {
      throw new DiagnosticException(problems);
    }
    byte[] bytes = to == Form.BINARY ? binary(commands) : text(commands);
    if (target.isPresent()) {
      Texts.write(target.get(), bytes);
    }
    if (output.json()) {
      output.document(Map.of("commands", commands.stream().map(AsmCommand::fields).toList()));
    } else if (target.isPresent()) {
      return 0;
    } else if (to == Form.BINARY) {
      System.out.write(bytes, 0, bytes.length);
      System.out.flush();
    } else {
      output.out().print(new String(bytes, StandardCharsets.UTF_8));
    }
    return 0;
  }

  private static Map<String, Object> fields(RoccCommand c) {
    Map<String, Object> one = new LinkedHashMap<>();
    one.put("funct", c.funct());
    one.put("rs1", "%x".formatted(c.rs1()));
    one.put("rs2", "%x".formatted(c.rs2()));
    return one;
  }

  private byte[] text(List<RoccCommand> commands) {
    StringBuilder s = new StringBuilder();
    for (RoccCommand c : commands) {
      s.append(
          to == Form.TRACE
              ? "%x %x %x%n".formatted(c.funct(), c.rs1(), c.rs2())
              : "%08x %016x %016x%n".formatted(c.riscvWord(0, 11, 12), c.rs1(), c.rs2()));
    }
    return s.toString().getBytes(StandardCharsets.UTF_8);
  }

  private static byte[] binary(List<RoccCommand> commands) {
    ByteBuffer b = ByteBuffer.allocate(commands.size() * 24).order(ByteOrder.LITTLE_ENDIAN);
    for (RoccCommand c : commands) {
      b.putLong(c.funct()).putLong(c.rs1()).putLong(c.rs2());
    }
    return b.array();
  }
}
