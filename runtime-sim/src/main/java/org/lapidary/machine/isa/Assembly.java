package org.lapidary.machine.isa;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/// Text form of commands: a mnemonic, then `field=value` pairs; fields whose bits are all 0 are
/// left out, except for addresses.
///
/// ```
/// mvin from=0x80000000, to=spad[16], cols=64, rows=16
/// .rocc 0x5a, 0x0, 0x1          # a command that no declaration covers exactly
/// ```
///
/// The text is lossless: assembling what was disassembled gives the same three numbers back.
public final class Assembly {
  private static final String RAW = ".rocc";

  private Assembly() {}

  /// The text of a command given by its three numbers.
  public static String disassemble(RoccCommand command) {
    Format format = Isa.formatOf(command.funct(), command.rs1());
    if (format == null || !format.represents(command.rs1(), command.rs2())) {
      return "%s 0x%x, 0x%x, 0x%x".formatted(RAW, command.funct(), command.rs1(), command.rs2());
    }
    List<String> operands = new ArrayList<>();
    for (Field field : format.fields) {
      long raw = field.rawOf(field.bits.reg() == Reg.RS1 ? command.rs1() : command.rs2());
      if (raw != 0 || field.isAddress()) {
        operands.add(field.name + "=" + field.print(raw));
      }
    }
    String mnemonic = format.encoding.mnemonic();
    return operands.isEmpty() ? mnemonic : mnemonic + " " + String.join(", ", operands);
  }

  /// The text of a command.
  public static String disassemble(Instr instr) {
    return disassemble(Isa.encode(instr));
  }

  /// The command that one line of text means; comments (`#`) and surrounding blanks are ignored.
  ///
  /// @throws IsaException when the line is no command
  public static RoccCommand assemble(String line) {
    String text = line.replaceFirst("#.*", "").strip();
    int gap = text.indexOf(' ');
    String mnemonic = gap < 0 ? text : text.substring(0, gap);
    String rest = gap < 0 ? "" : text.substring(gap).strip();
    String[] operands = rest.isEmpty() ? new String[0] : rest.split("\\s*,\\s*", -1);
    if (mnemonic.equals(RAW)) {
      return assembleRaw(operands);
    }
    Format format = Isa.formatOf(mnemonic);
    if (format == null) {
      throw new IsaException("no command is called '" + mnemonic + "'");
    }
    return assembleFields(format, operands);
  }

  private static RoccCommand assembleFields(Format format, String[] operands) {
    long rs1 = format.hasSelector() ? format.encoding.selector() : 0;
    long rs2 = 0;
    Set<String> seen = new HashSet<>();
    for (String operand : operands) {
      String[] sides = operand.split("=", 2);
      String name = sides[0].strip();
      Field field =
          format.fields.stream()
              .filter(f -> f.name.equals(name))
              .findFirst()
              .orElseThrow(() ->
                  new IsaException(
                      "%s has no field '%s'".formatted(format.encoding.mnemonic(), name)));
      if (sides.length != 2 || !seen.add(name)) {
        throw new IsaException(
            "%s: expected one '%s=value'".formatted(format.encoding.mnemonic(), name));
      }
      long placed = field.parse(sides[1].strip()) << field.bits.lo();
      if (field.bits.reg() == Reg.RS1) {
        rs1 |= placed;
      } else {
        rs2 |= placed;
      }
    }
    return new RoccCommand(format.encoding.funct(), rs1, rs2);
  }

  private static RoccCommand assembleRaw(String[] operands) {
    if (operands.length != 3) {
      throw new IsaException(RAW + " takes three numbers: function code, rs1, rs2");
    }
    try {
      long funct = hex(operands[0]);
      if (funct < 0 || funct > 127) {
        throw new IsaException("function code " + operands[0] + " is not within 0x0 to 0x7f");
      }
      return new RoccCommand((int) funct, hex(operands[1]), hex(operands[2]));
    } catch (NumberFormatException e) {
      throw new IsaException("'" + String.join(", ", operands) + "' are not hexadecimal", e);
    }
  }

  private static long hex(String text) {
    return Long.parseUnsignedLong(text.startsWith("0x") ? text.substring(2) : text, 16);
  }
}
