package org.lapidary.sim;

import org.jspecify.annotations.Nullable;
import org.lapidary.machine.isa.Instr;
import org.lapidary.machine.isa.Isa;

/// Remembers the records of commands seen lately: programs repeat the same few configurations, and
/// making a record takes longer than obeying it.
final class DecodeCache {
  private static final int ENTRIES = 256;

  private final int[] functs = new int[ENTRIES];
  private final long[] rs1s = new long[ENTRIES];
  private final long[] rs2s = new long[ENTRIES];
  private final @Nullable Instr[] instrs = new Instr[ENTRIES];

  Instr decode(int funct, long rs1, long rs2) {
    long mixed = (rs1 * 31 + rs2) * 31 + funct;
    int at = (int) ((mixed * 0x9E3779B97F4A7C15L) >>> 56);
    Instr found = instrs[at];
    if (found == null || functs[at] != funct || rs1s[at] != rs1 || rs2s[at] != rs2) {
      found = Isa.decode(funct, rs1, rs2);
      functs[at] = funct;
      rs1s[at] = rs1;
      rs2s[at] = rs2;
      instrs[at] = found;
    }
    return found;
  }
}
