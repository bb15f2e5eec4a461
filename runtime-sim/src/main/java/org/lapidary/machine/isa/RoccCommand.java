package org.lapidary.machine.isa;

/// A command as the CPU hands it to the accelerator: function code and two operand values.
///
/// Source: gemmini.md §2.
public record RoccCommand(int funct, long rs1, long rs2) {
  /// Opcode custom-3.
  private static final int OPCODE = 0x7B;

  /// The 32-bit RISC-V instruction that issues this command from the given register numbers.
  ///
  /// @param rd destination register, used only by commands that return a value
  public int riscvWord(int rd, int rs1Register, int rs2Register) {
    boolean returnsValue = Isa.returnsValue(funct);
    int funct3 = returnsValue ? 7 : 3;
    return OPCODE
        | (returnsValue ? rd : 0) << 7
        | funct3 << 12
        | rs1Register << 15
        | rs2Register << 20
        | funct << 25;
  }
}
