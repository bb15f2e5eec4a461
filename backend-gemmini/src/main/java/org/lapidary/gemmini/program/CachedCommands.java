package org.lapidary.gemmini.program;

import java.util.Set;
import java.util.stream.IntStream;
import org.lapidary.machine.isa.Instr;
import org.lapidary.machine.isa.Isa;
import org.lapidary.sim.Simulator;

/// The commands of a program with the addresses for a number of entries in its caches.
final class CachedCommands {
  private static final Set<Integer> TRANSFERS =
      Set.of(
          Isa.funct(Instr.Mvin.class),
          Isa.funct(Instr.Mvin2.class),
          Isa.funct(Instr.Mvin3.class),
          Isa.funct(Instr.Mvout.class));

  private final Program program;
  private final int[] moving;
  private final long[] packed;

  CachedCommands(Program program) {
    this.program = program;
    long[] original = program.commands();
    this.moving =
        program.caches().isEmpty()
            ? new int[0]
            : IntStream.iterate(0, at -> at < original.length, at -> at + Simulator.PACKED_LONGS)
                .filter(at -> TRANSFERS.contains((int) original[at]))
                .filter(at -> program.caches().stream().anyMatch(c -> c.holds(original[at + 1])))
                .toArray();
    this.packed = moving.length == 0 ? original : original.clone();
  }

  /// The commands, three longs each.
  long[] packed() {
    return packed;
  }

  /// By how many bytes an address moves when there are `entries` entries.
  long shift(long address, int entries) {
    for (CacheSlot slot : program.caches()) {
      if (slot.holds(address)) {
        return slot.shift(entries);
      }
    }
    return 0;
  }

  void moveTo(int entries) {
    long[] original = program.commands();
    for (int at : moving) {
      packed[at + 1] = original[at + 1] + shift(original[at + 1], entries);
    }
  }

  void moveBack() {
    for (int at : moving) {
      packed[at + 1] = program.commands()[at + 1];
    }
  }
}
