package org.lapidary.gemmini.emit;

import java.util.Arrays;
import org.lapidary.machine.isa.DramAddr;
import org.lapidary.machine.isa.Instr;
import org.lapidary.machine.isa.Isa;
import org.lapidary.machine.isa.LocalAddr;
import org.lapidary.machine.isa.RoccCommand;
import org.lapidary.sim.Simulator;

/// A growing list of commands, packed as [Simulator#execute(long[], int, int)] takes them.
public final class Commands {
  private static final int LONGS = Simulator.PACKED_LONGS;

  // Millions of these are written; the general encoder takes a microsecond for each.
  private static final int[] MVIN = {
    funct(new Instr.Mvin(DramAddr.NONE, LocalAddr.GARBAGE, 0, 0)),
    funct(new Instr.Mvin2(DramAddr.NONE, LocalAddr.GARBAGE, 0, 0)),
    funct(new Instr.Mvin3(DramAddr.NONE, LocalAddr.GARBAGE, 0, 0))
  };
  private static final int MVOUT = funct(new Instr.Mvout(DramAddr.NONE, LocalAddr.GARBAGE, 0, 0));
  private static final int CONFIG = funct(new Instr.ConfigLoad(false, 0, 1, 0, 1f, 0));
  private static final int PRELOAD =
      funct(new Instr.Preload(LocalAddr.GARBAGE, 0, 0, LocalAddr.GARBAGE, 0, 0));
  private static final int COMPUTE_PRELOADED =
      funct(new Instr.ComputePreloaded(LocalAddr.GARBAGE, 0, 0, LocalAddr.GARBAGE, 0, 0));
  private static final int COMPUTE_ACCUMULATED =
      funct(new Instr.ComputeAccumulated(LocalAddr.GARBAGE, 0, 0, LocalAddr.GARBAGE, 0, 0));

  private long[] packed = new long[64 * LONGS];
  private int count;

  private static int funct(Instr instr) {
    return Isa.encode(instr).funct();
  }

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

  /// Appends `mvin`, `mvin2` or `mvin3` (by load state 0, 1, 2).
  void mvin(int state, long from, LocalAddr to, int cols, int rows) {
    add(MVIN[state], from, block(to, cols, rows));
  }

  /// Appends `mvout`.
  void mvout(long to, LocalAddr from, int cols, int rows) {
    add(MVOUT, to, block(from, cols, rows));
  }

  /// Appends `preload`.
  void preload(LocalAddr b, int bCols, int bRows, LocalAddr c, int cCols, int cRows) {
    add(PRELOAD, block(b, bCols, bRows), block(c, cCols, cRows));
  }

  /// Appends `compute_preloaded` or `compute_accumulated`.
  void compute(boolean preloaded, LocalAddr a, int aCols, int aRows, int dim) {
    long nothing = block(LocalAddr.GARBAGE, dim, dim);
    add(preloaded ? COMPUTE_PRELOADED : COMPUTE_ACCUMULATED, block(a, aCols, aRows), nothing);
  }

  /// An address with the columns and rows it stands for, as all moving and computing commands have
  /// it. Source: gemmini.md §5.
  private static long block(LocalAddr address, int cols, int rows) {
    return (address.bits() & 0xFFFFFFFFL) | (long) cols << 32 | (long) rows << 48;
  }

  static boolean isCompute(int funct) {
    return funct == COMPUTE_PRELOADED || funct == COMPUTE_ACCUMULATED;
  }

  /// Whether a compute command loads a stationary tile.
  static boolean isFresh(int funct) {
    return funct == COMPUTE_PRELOADED;
  }

  static boolean isConfig(int funct) {
    return funct == CONFIG;
  }

  /// Whether a configuration of the array has it transpose the stationary operand. Source:
  /// gemmini.md §5.5.
  static boolean transposesB(long rs1) {
    return (rs1 >>> 9 & 1) != 0;
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

  long rs1(int index) {
    return packed[index * LONGS + 1];
  }

  long rs2(int index) {
    return packed[index * LONGS + 2];
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
