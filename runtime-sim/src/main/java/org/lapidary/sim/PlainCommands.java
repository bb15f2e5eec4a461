package org.lapidary.sim;

import org.lapidary.machine.isa.BitField;
import org.lapidary.machine.isa.Instr;
import org.lapidary.machine.isa.Isa;
import org.lapidary.machine.isa.LocalAddr;

/// Packs the plain commands that loops expand to, without allocating.
final class PlainCommands {
  static final int MVIN = Isa.funct(Instr.Mvin.class);
  static final int MVIN2 = Isa.funct(Instr.Mvin2.class);
  static final int MVIN3 = Isa.funct(Instr.Mvin3.class);
  static final int MVOUT = Isa.funct(Instr.Mvout.class);
  static final int PRELOAD = Isa.funct(Instr.Preload.class);
  static final int COMPUTE_PRELOADED = Isa.funct(Instr.ComputePreloaded.class);
  static final int COMPUTE_ACCUMULATED = Isa.funct(Instr.ComputeAccumulated.class);

  static final int GARBAGE = LocalAddr.GARBAGE.bits();
  static final int ACC = LocalAddr.acc(0).bits();
  static final int ACC_ADD = LocalAddr.accAdd(0).bits();
  static final int FULL_WIDTH = LocalAddr.accFull(0).bits() & ~ACC;

  private static final BitField ADDR = BitField.of(Instr.Mvin.class, "to");
  private static final BitField COLS = BitField.of(Instr.Mvin.class, "cols");
  private static final BitField ROWS = BitField.of(Instr.Mvin.class, "rows");

  private PlainCommands() {}

  /// An operand: local address, columns and rows.
  static long block(int address, int cols, int rows) {
    return ADDR.put(address) | COLS.put(cols) | ROWS.put(rows);
  }

  /// Any command given as a record.
  static void emit(CommandSink sink, Instr instr) {
    var command = Isa.encode(instr);
    sink.accept(command.funct(), command.rs1(), command.rs2());
  }
}
