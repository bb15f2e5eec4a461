package org.lapidary.gemmini.search;

import java.util.List;
import org.lapidary.gemmini.emit.KernelStream;
import org.lapidary.machine.GemminiParams;
import org.lapidary.machine.isa.Instr;
import org.lapidary.machine.isa.Isa;
import org.lapidary.sim.Simulator;
import org.lapidary.sim.timing.CycleModel;
import org.lapidary.sim.timing.MemoryTiming;

/// Cycles of a kernel's stream on a machine at rest, by the cycle model.
final class Judge {
  private static final int FENCE = Isa.encode(new Instr.Fence()).funct();

  private Judge() {}

  /// Cycles of a stream.
  static long cycles(KernelStream stream, GemminiParams machine) {
    CycleModel model = new CycleModel(machine, MemoryTiming.of(machine));
    watch(model, stream.commands(), 0, stream.commands().length / Simulator.PACKED_LONGS);
    return model.cycles();
  }

  /// Cycles of a whole kernel, from the stream of its first pieces: what those take, and for the
  /// rest the pace from one of them to the last.
  ///
  /// @param area tiles of the whole sum
  /// @param from index of the piece after which the pace is taken
  static long extrapolated(KernelStream stream, GemminiParams machine, long area, int from) {
    List<KernelStream.Piece> pieces = stream.pieces();
    KernelStream.Piece last = pieces.getLast();
    if (last.area() == area) {
      return cycles(stream, machine);
    }
    KernelStream.Piece middle = pieces.get(from);
    CycleModel model = new CycleModel(machine, MemoryTiming.of(machine));
    watch(model, stream.commands(), 0, middle.commands());
    model.mark();
    watch(model, stream.commands(), middle.commands(), last.commands());
    model.mark();
    watch(
        model,
        stream.commands(),
        last.commands(),
        stream.commands().length / Simulator.PACKED_LONGS);
    long all = model.cycles();
    double pace =
        (double) (model.endOf(1) - model.endOf(0)) / Math.max(1, last.area() - middle.area());
    return all + Math.round((area - last.area()) * pace);
  }

  private static void watch(CycleModel model, long[] packed, int from, int to) {
    for (int i = from * Simulator.PACKED_LONGS;
        i < to * Simulator.PACKED_LONGS;
        i += Simulator.PACKED_LONGS) {
      if (packed[i] == FENCE) {
        model.fence();
      } else {
        model.command((int) packed[i], packed[i + 1], packed[i + 2]);
      }
    }
  }
}
