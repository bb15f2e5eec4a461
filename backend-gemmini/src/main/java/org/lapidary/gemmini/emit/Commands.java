package org.lapidary.gemmini.emit;

import java.util.Arrays;
import org.lapidary.machine.isa.Instr;
import org.lapidary.machine.isa.Isa;
import org.lapidary.machine.isa.RoccCommand;
import org.lapidary.sim.Simulator;

/// A growing list of commands, packed as [Simulator#execute(long[], int, int)] takes them.
public final class Commands {
  private static final int LONGS = Simulator.PACKED_LONGS;

  private long[] packed = new long[64 * LONGS];
  private int count;

  /// Appends a command.
  public void add(Instr instr) {
    RoccCommand command = Isa.encode(instr);
    add(command.funct(), command.rs1(), command.rs2());
  }

  void add(long funct, long rs1, long rs2) {
    int at = count * LONGS;
    if (at == packed.length) {
      packed = Arrays.copyOf(packed, 2 * at);
    }
    packed[at] = funct;
    packed[at + 1] = rs1;
    packed[at + 2] = rs2;
    count++;
  }

  /// Appends commands of another list.
  void add(Commands other, int from, int to) {
    for (int i = from; i < to; i++) {
      add(other.packed[i * LONGS], other.packed[i * LONGS + 1], other.packed[i * LONGS + 2]);
    }
  }

  int funct(int index) {
    return (int) packed[index * LONGS];
  }

  /// Number of commands.
  public int count() {
    return count;
  }

  /// The commands, in an array of exactly their size.
  public long[] packed() {
    return Arrays.copyOf(packed, count * LONGS);
  }
}
