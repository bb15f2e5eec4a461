package org.lapidary.gemmini.program;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.lapidary.machine.isa.Instr;
import org.lapidary.machine.isa.Isa;
import org.lapidary.sim.Observer;
import org.lapidary.sim.timing.CycleModel;
import org.lapidary.sim.timing.MemoryTiming;
import org.lapidary.sim.timing.Timeline;

/// Predicts the cycles of a run, kernel by kernel.
final class KernelTimer implements Observer {
  private static final int FENCE = Isa.encode(new Instr.Fence()).funct();

  private final CycleModel model;
  private final List<Integer> kernels = new ArrayList<>();
  private final List<Integer> regions = new ArrayList<>();

  private final Optional<ProgramTimeline> timeline;

  KernelTimer(Program program, MemoryTiming timing, Optional<ProgramTimeline> timeline) {
    this.timeline = timeline;
    this.model =
        new CycleModel(
            program.machine(), timing, timeline.map(t -> named(t, kernels)).orElse(null));
  }

  /// Ranges of commands are numbered from 1 on, in the order in which kernels began.
  private static Timeline named(ProgramTimeline timeline, List<Integer> kernels) {
    return (unit, activity, range, funct, rs1, rs2, from, to) ->
        timeline.slice(
            unit, activity, kernels.get(Math.max(0, range - 1)), funct, rs1, rs2, from, to);
  }

  /// The host's turn; the accelerator has finished.
  void host(List<Integer> nodes) {
    timeline.ifPresent(t -> t.host(nodes, model.cycles()));
  }

  /// The commands that follow serve a kernel.
  void begin(int kernel) {
    kernels.add(kernel);
    regions.add(model.mark());
  }

  @Override
  public void command(long index, int funct, long rs1, long rs2) {
    if (funct == FENCE) {
      model.fence();
    } else {
      model.command(funct, rs1, rs2);
    }
  }

  long cycles() {
    return model.cycles();
  }

  List<ProgramRunner.KernelCycles> kernelCycles() {
    List<ProgramRunner.KernelCycles> list = new ArrayList<>();
    long before = 0;
    for (int i = 0; i < kernels.size(); i++) {
      long end = model.endOf(regions.get(i));
      list.add(new ProgramRunner.KernelCycles(kernels.get(i), end - before));
      before = end;
    }
    return list;
  }
}
